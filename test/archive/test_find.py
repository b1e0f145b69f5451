# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet find` over a small archive whose content is known."""
import json

from archives import picture, stamps, write_bag
import cv2
from impnet_ros.cli import main
import pytest

pyarrow = pytest.importorskip('pyarrow')


@pytest.fixture(scope='module')
def dest(tmp_path_factory):
    """Two objects in a bag: a person in four images, and a dog in one, without a number."""
    from impnet_ros.archive.job import Job
    from impnet_ros.archive.labelled import About, Labelled
    from impnet_ros.archive.pieces import Piece
    from impnet_ros.archive.reading import Seen
    from impnet_ros.archive.writers.parquet import ParquetFile
    from impnet_ros.stream.types import Frame
    folder = tmp_path_factory.mktemp('found')
    bag = write_bag(folder / 'ride')
    (folder / 'out' / 'parquet').mkdir(parents=True)
    piece = Piece(str(bag), 'bag', '', '/camera/image_raw')
    about = About(piece, Job('out', 'run'), ('person', 'dog'), 'impression', 'cpu')
    file = ParquetFile(folder / 'out' / 'parquet' / f'{piece.name}.parquet', about)
    for index, time_ns in enumerate(stamps(4)):
        seen = Seen(Frame(picture(index), 0.0), index, time_ns, time_ns, '', str(index))
        file.write(Labelled(seen, True, False, 0, 1.0, '', [[5.0, 10.0, 30.0, 50.0]],
                            [0.5 + 0.1 * index], [0], [7]))
    file.write(Labelled(seen, True, False, 0, 1.0, '', [[50.0, 20.0, 90.0, 60.0]], [0.4], [1],
                        None))
    file.close()
    return folder / 'out'


@pytest.mark.parametrize(('text', 'number'), [
    ('', 5), ('class == "person"', 4), ("class != 'person'", 1), ('score > 0.65', 2),
    ('class == "person" and score > 0.65', 2), ('class == "dog" or frame == 0', 2),
    ('not (class == "dog")', 4), ('class in ("dog", "cat")', 1), ('class not in ["dog"]', 4),
    ('x1 > 10 and y2 <= 60', 1), ('0.45 < score <= 0.7', 3), ('source == "class"', 0),
    ('x2 - x1 > 30 and (y2 - y1) * 2 <= 80', 1), ('score > 1 - 0.35', 2)])
def test_conditions(dest, tmp_path, text, number, capsys):
    file = tmp_path / 'found.jsonl'
    assert main(['find', str(dest), text, '--json', str(file)]) == (0 if number else 1)
    assert len(file.read_text().splitlines()) == number
    assert f'{number} detections found' in capsys.readouterr().out


def test_each_object_once_in_its_best_image(dest, capsys):
    assert main(['find', str(dest)]) == 0
    first, second, _ = capsys.readouterr().out.splitlines()
    assert first.startswith('0.80 person') and 'frame 3' in first and 'track 7' in first
    assert second.startswith('0.40 dog') and 'track' not in second


def test_contact_sheet(dest, tmp_path, capsys):
    """The picture of the row is found again in the bag, and its box is drawn."""
    sheet = tmp_path / 'sheet.png'
    assert main(['find', str(dest), 'class == "person"', '--sheet', str(sheet)]) == 0
    assert '1 pictures drawn' in capsys.readouterr().out
    image = cv2.imread(str(sheet))[..., ::-1]
    assert image.shape == (262, 4 * 320, 3)
    inside = image[100, 300].tolist()
    assert inside == picture(3)[40, 120].tolist() and (255, 200, 0) in map(tuple, image[25, :90])


@pytest.mark.parametrize('place', ['out/summary.json', 'out/coco/a.json', 'ride/ride.mcap',
                                   'quiet.mp4'])
@pytest.mark.parametrize('option', ['--json', '--sheet'])
def test_nothing_of_an_archive_is_written_over(dest, capsys, place, option):
    """Of its files and its sources, though no row of theirs is shown."""
    (dest / '_state').mkdir(exist_ok=True)
    (dest / '_state' / 'plan.json').write_text(json.dumps({str(dest.parent / 'quiet.mp4'): {}}))
    file = dest.parent / place
    file.parent.mkdir(exist_ok=True)
    if not file.exists():
        file.write_bytes(b'kept')
    before = file.read_bytes()
    assert main(['find', str(dest), 'score > 0.99', option, str(file)]) == 2
    assert f'{option}: expected another file than' in capsys.readouterr().err
    assert file.read_bytes() == before


@pytest.mark.parametrize(('text', 'words'), [
    ('colour == "red"', 'there is no column colour'), ('score >', 'expected such as'),
    ('__import__("os")', 'expected a comparison'), ('score > "a"', 'cannot be compared'),
    ('score > class', 'cannot be compared'), ('score > 1 / 0', 'division by zero')])
def test_conditions_that_are_not_understood(dest, capsys, text, words):
    assert main(['find', str(dest), text]) == 2
    assert words in capsys.readouterr().err


def test_no_archive(tmp_path, capsys):
    assert main(['find', str(tmp_path)]) == 2
    assert 'found no parquet' in capsys.readouterr().err


def test_the_examples_of_the_document(dest):
    """Search with DuckDB and pyarrow, as docs/archives.md shows them."""
    duckdb = pytest.importorskip('duckdb')
    found = duckdb.sql(f"""SELECT source, topic, count(*) AS people FROM '{dest}/parquet/*.parquet'
        WHERE class = 'person' AND score > 0.55 GROUP BY ALL ORDER BY people DESC""").fetchall()
    assert [row[2] for row in found] == [3]
    from pyarrow import dataset
    import pyarrow.compute as pc
    wide = dataset.dataset(dest / 'parquet').to_table(
        filter=pc.field('box', 'x2') - pc.field('box', 'x1') > 30)
    assert wide['class'].to_pylist() == ['dog'] and json.dumps(wide['frame'].to_pylist()) == '[3]'
