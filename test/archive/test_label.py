# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet label` in one process: outputs, resuming, faults."""
import json
import shutil

from archives import (COMPRESSED, contents, label, picture, stamps, TYPES, WEAK, write_bag,
                      write_pictures, write_ros1)
import fsspec
from impnet_ros.archive.writers.ros_messages import definition, DETECTIONS, STATUS
from impnet_ros.cli import main
from mcap.reader import make_reader
import pytest
from rosbags.highlevel import AnyReader
from rosbags.rosbag2 import StoragePlugin
from rosbags.typesys import get_types_from_msg

pq = pytest.importorskip('pyarrow.parquet')


@pytest.fixture(scope='module')
def archive(tmp_path_factory):
    """Bags of several kinds, and what label makes of them."""
    folder = tmp_path_factory.mktemp('archive')
    bags = folder / 'bags'
    bags.mkdir()
    write_bag(bags / 'two_cameras', topics=('/left', '/right'))
    write_bag(bags / 'sqlite', storage=StoragePlugin.SQLITE3, seed=2)
    write_bag(bags / 'spoilt', times=stamps(8), seed=3, spoil=(4,))
    write_ros1(bags / 'ros1.bag', seed=4)
    write_pictures(bags / 'shots', 4)
    whole = (write_bag(folder / 'whole') / 'whole.mcap').read_bytes()
    (bags / 'broken.mcap').write_bytes(whole[:200])
    long = (write_bag(folder / 'long', times=stamps(60)) / 'long.mcap').read_bytes()
    (bags / 'unfinished.mcap').write_bytes(long[:len(long) * 3 // 4])
    write_bag(bags / 'empty', times=())
    status = label(bags, '--out', folder / 'out', *WEAK)
    return folder, status, json.loads((folder / 'out' / 'summary.json').read_text())


def test_one_bad_bag_costs_a_line(archive):
    _, status, summary = archive
    assert status == 1
    assert (summary['pieces'], summary['done'], summary['failed'], summary['skipped']) == (
        8, 7, 1, 0)
    assert summary['frames'] == 6 * 4 + 7 + 4 + 29
    [failure] = summary['failures']
    assert failure['source'].endswith('broken.mcap') and 'cut off' in failure['reason']
    [cut] = summary['cut_short']
    assert cut['source'].endswith('unfinished.mcap /camera/image_raw') and cut['frames'] == 29
    assert cut['reason'].startswith('it is cut off')
    [left_out] = summary['images_left_out']
    assert left_out['images'] == 1 and 'image 4' in left_out['reason']
    [nothing] = summary['nothing_to_label']
    assert nothing['source'].endswith('empty') and 'holds no image' in nothing['reason']
    assert sum(summary['detections_by_label'].values()) > 0 and summary['frames_per_s'] > 0


def test_resume_skips_what_is_whole(archive, capsys):
    folder, _, before = archive
    files = contents(folder / 'out')
    assert label(folder / 'bags', '--out', folder / 'out', *WEAK) == 1
    summary = json.loads((folder / 'out' / 'summary.json').read_text())
    assert (summary['done'], summary['skipped'], summary['failed']) == (0, 7, 1)
    assert summary['detections_by_label'] == before['detections_by_label']
    assert contents(folder / 'out') == files
    assert summary['cut_short'] == before['cut_short']
    assert 'pieces      8: 0 done, 7 done before, 1 failed' in capsys.readouterr().out


def test_what_is_not_whole_is_done_again(archive):
    folder, _, _ = archive
    copy = shutil.copytree(folder / 'out', folder / 'copy')
    files = contents(copy)
    first, second, third = sorted((copy / 'mcap').iterdir())[:3]
    first.unlink()
    second.write_bytes(second.read_bytes()[:-1])
    (copy / '_state' / f'{third.stem}.json').write_text('{')
    assert label(folder / 'bags', '--out', copy, *WEAK) == 1
    assert json.loads((copy / 'summary.json').read_text())['done'] == 3
    assert contents(copy) == files


def test_other_settings_do_not_pass_for_done(archive):
    folder, _, _ = archive
    copy = shutil.copytree(folder / 'out', folder / 'other')
    one = folder / 'bags' / 'ros1.bag'
    for options, done in ((WEAK, 0), ((*WEAK, '--l', '3'), 1), ((*WEAK, '--l', '3'), 0),
                          (WEAK, 1), ((*WEAK, '--no-resume'), 1)):
        assert label(one, '--out', copy, *options) == 0
        assert json.loads((copy / 'summary.json').read_text())['done'] == done


def test_mcap_is_read_by_others(archive):
    """The mcap library finds the schemas, rosbags the messages, with the stamps of the bag."""
    folder, _, summary = archive
    [path] = (folder / 'out' / 'mcap').glob('two_cameras-left-*')
    with path.open('rb') as file:
        told = make_reader(file).get_summary()
    assert {schema.name: schema.data.decode() for schema in told.schemas.values()} == {
        name: definition(name) for name in (DETECTIONS, STATUS)}
    with AnyReader([path]) as reader:
        found = [(connection.topic, log_ns, reader.deserialize(raw, connection.msgtype))
                 for connection, log_ns, raw in reader.messages()]
    arrays = [(log_ns, message) for topic, log_ns, message in found
              if topic == '/left/detections']
    assert [log_ns for log_ns, _ in arrays] == stamps(6)
    assert all(message.header.stamp.sec * 10**9 + message.header.stamp.nanosec == log_ns
               and message.header.frame_id == 'camera' for log_ns, message in arrays)
    states = [message for topic, _, message in found if topic == '/left/status']
    assert [message.is_key for message in states] == [True] + [False] * 5
    assert states[0].reset_reason == 'start' and states[5].frames_processed == 6
    boxes = [detection for _, message in arrays for detection in message.detections]
    assert boxes and all(box.results[0].hypothesis.score >= 0.05 for box in boxes)


def test_the_three_formats_agree(archive):
    folder, _, _ = archive
    coco = pytest.importorskip('pycocotools.coco')
    for path in sorted((folder / 'out' / 'coco').iterdir()):
        rows = pq.read_table(folder / 'out' / 'parquet' / f'{path.stem}.parquet').to_pylist()
        truth = coco.COCO(str(path))
        annotations = truth.loadAnns(truth.getAnnIds())
        assert len(annotations) == len(rows)
        for annotation, row in zip(annotations, rows, strict=True):
            image = truth.imgs[annotation['image_id']]
            assert image['frame_id'] == row['frame']
            assert truth.cats[annotation['category_id']]['name'] == row['class']
            assert annotation['bbox'][0] == pytest.approx(row['box']['x1'], abs=0.01)
            assert annotation['score'] == pytest.approx(row['score'], abs=1e-5)
            assert annotation.get('track_id') == row['track']
        frames = [image['frame_id'] for image in truth.imgs.values()]
        assert frames == ([0, 1, 2, 3, 5, 6, 7] if 'spoilt' in path.name
                          else list(range(len(frames))))


def test_the_same_as_detect(archive, tmp_path):
    """What detect finds in the bag stands in the archive."""
    folder, _, _ = archive
    file = tmp_path / 'found.json'
    assert main(['detect', str(folder / 'bags' / 'sqlite'), '--json', str(file), '--quiet',
                 '--runtime', 'cpu', *WEAK]) == 0
    [path] = (folder / 'out' / 'parquet').glob('sqlite-*')
    rows = pq.read_table(path).to_pylist()
    entries = json.loads(file.read_text())
    told = [(entry['frame'], label, pytest.approx(score, abs=1e-4))
            for entry in entries for label, score in zip(entry['labels'], entry['scores'])]
    assert [(row['frame'], row['class'], row['score']) for row in rows] == told


def test_type_definitions_are_those_of_the_repository():
    """The texts inside the MCAP are vision_msgs and FrameStatus as ROS builds them here."""
    from pathlib import Path

    from impnet_ros.archive.writers.ros_messages import type_hash, types
    from rosbags.typesys import get_typestore, Stores
    root = Path(__file__).parents[2]
    store = get_typestore(Stores.ROS2_JAZZY)
    known = {}
    for package, files in (('vision_msgs', root.glob('interfaces/vision_msgs/msg/*.msg')),
                           ('impnet_ros', root.glob('msg/*.msg'))):
        for file in files:
            known.update(get_types_from_msg(file.read_text(), f'{package}/msg/{file.stem}'))
    store.register(known)
    for name in (DETECTIONS, STATUS):
        assert store.hash_rihs01(name) == type_hash(name) == types().hash_rihs01(name)
    assert type_hash(DETECTIONS) == (
        'RIHS01_214274120007f4a683866481336b70310268cfa107aebe9d594a6acf75bda968')


def test_cut_at_a_gap_or_not_is_the_same(tmp_path, monkeypatch):
    """Two parts find what one piece finds, reset reasons included."""
    from impnet_ros.archive import cutting, plan
    bag = write_bag(tmp_path / 'bag', times=[*stamps(8), *stamps(8, start_s=160)])
    assert label(bag, '--out', tmp_path / 'whole', *WEAK) == 0
    monkeypatch.setattr(plan, 'cut', lambda *given: cutting.cut(*given, long=5))
    assert label(bag, '--out', tmp_path / 'parts', *WEAK) == 0

    def rows(out):
        return [(row['frame'], row['stamp'], row['class'], row['score'], row['box'])
                for path in sorted((tmp_path / out / 'parquet').iterdir())
                for row in pq.read_table(path).to_pylist()]

    def reasons(out):
        found = []
        for path in sorted((tmp_path / out / 'mcap').iterdir()):
            with AnyReader([path]) as reader:
                wanted = [item for item in reader.connections if item.topic.endswith('status')]
                found += [reader.deserialize(raw, connection.msgtype).reset_reason
                          for connection, _, raw in reader.messages(wanted)]
        return found

    assert len(list((tmp_path / 'parts' / 'mcap').iterdir())) == 2
    assert rows('parts') == rows('whole') and rows('whole')
    assert reasons('parts') == reasons('whole') == ['start', *[''] * 7, 'gap', *[''] * 7]
    # Cut otherwise, the parts of before are no longer there.
    monkeypatch.undo()
    bag.joinpath('bag.mcap').touch()
    assert label(bag, '--out', tmp_path / 'parts', *WEAK) == 0
    assert len(list((tmp_path / 'parts' / 'mcap').iterdir())) == 1


def test_a_store_gets_the_same_bytes(tmp_path):
    """Source and destination in memory: as on disk, but for the names of the source."""
    fs = fsspec.filesystem('memory')
    fs.put(str(write_bag(tmp_path / 'bag', kind=COMPRESSED) / 'bag.mcap'), '/shelf/bag.mcap')
    for _ in range(2):
        assert label('memory://shelf/bag.mcap', '--out', 'memory://out', *WEAK) == 0
    summary = json.loads(fs.cat('/out/summary.json'))
    assert (summary['skipped'], summary['frames']) == (1, 6)
    assert label('memory://shelf/bag.mcap', '--out', tmp_path / 'out', *WEAK) == 0
    assert contents(tmp_path / 'out') == {
        path.removeprefix('/out/'): fs.cat(path) for path in fs.find('/out')
        if not path.endswith('summary.json')}


def test_a_video_that_is_cut_off(tmp_path):
    """Labelled as far as it goes, and told; nothing names the copy that was fetched for it."""
    import cv2
    code = cv2.VideoWriter_fourcc(*'MJPG')
    video = cv2.VideoWriter(str(tmp_path / 'a.avi'), code, 25, (128, 96))
    for number in range(20):
        video.write(picture(number))
    video.release()
    whole, fs = (tmp_path / 'a.avi').read_bytes(), fsspec.filesystem('memory')
    fs.pipe({'/cut/a.avi': whole[:len(whole) // 2], '/cut/b.avi': whole[:40]})
    assert label('memory://cut', '--out', tmp_path / 'out', *WEAK) == 1
    summary = json.loads((tmp_path / 'out' / 'summary.json').read_text())
    [cut] = summary['cut_short']
    assert 0 < cut['frames'] < 20
    assert cut['reason'] == f'ends after {cut["frames"]} frames, its header says 20'
    [failure] = summary['failures']
    assert failure['reason'].startswith('expected a video that OpenCV can read')


def test_a_damaged_frame_of_a_video(tmp_path):
    """It is left out and counted; frames behind it keep their numbers and times, as in detect."""
    import re

    import cv2
    code = cv2.VideoWriter_fourcc(*'MJPG')
    video = cv2.VideoWriter(str(tmp_path / 'a.avi'), code, 25, (128, 96))
    for number in range(8):
        video.write(picture(number))
    video.release()
    data = bytearray((tmp_path / 'a.avi').read_bytes())
    third = [match.start() for match in re.finditer(b'\xff\xd8\xff', data)][2]
    data[third:third + 900] = bytes(900)
    (tmp_path / 'a.avi').write_bytes(data)
    assert label(tmp_path / 'a.avi', '--out', tmp_path / 'out', *WEAK) == 0
    summary = json.loads((tmp_path / 'out' / 'summary.json').read_text())
    assert (summary['frames'], summary['cut_short']) == (7, [])
    [left_out] = summary['images_left_out']
    assert left_out['images'] == 1
    assert left_out['reason'] == 'frame 2: expected one that can be decoded, got none'
    [coco] = (tmp_path / 'out' / 'coco').iterdir()
    labelled = [image['frame_id'] for image in json.loads(coco.read_text())['images']]
    file = tmp_path / 'found.json'
    assert main(['detect', str(tmp_path / 'a.avi'), '--json', str(file), '--quiet', '--runtime',
                 'cpu', *WEAK]) == 0
    entries = json.loads(file.read_text())
    assert labelled == [entry['frame'] for entry in entries] == [0, 1, 3, 4, 5, 6, 7]
    assert [entry['stamp_s'] for entry in entries[1:3]] == pytest.approx([0.04, 0.12])


def test_what_is_no_picture_in_a_folder_of_pictures_is_left_out(tmp_path, monkeypatch):
    """A pipe, links to nothing or themselves, and a file too large for its pixels, unread."""
    import os
    from pathlib import Path
    folder = write_pictures(tmp_path / 'shots', 2)
    os.mkfifo(folder / '0001.jpg')
    (folder / '0002.jpg').symlink_to(tmp_path / 'absent')
    (folder / '0003.jpg').symlink_to('0003.jpg')
    (folder / '0004.jpg').symlink_to(tmp_path)
    with (folder / '0005.jpg').open('wb') as file:
        file.truncate(1 << 34)
    read = Path.read_bytes
    monkeypatch.setattr(Path, 'read_bytes', lambda path: read(path)
                        if path.stat().st_size < 1 << 30 else pytest.fail('it was read'))
    assert label(folder, '--out', tmp_path / 'out', *WEAK) == 0
    summary = json.loads((tmp_path / 'out' / 'summary.json').read_text())
    assert (summary['frames'], summary['broken_images']) == (2, 4)
    assert summary['images_left_out'][0]['reason'] == (
        '0001.jpg: expected a file with a picture, got none')


@pytest.mark.parametrize('damage', ['gone', 'no bag'])
def test_a_bag_of_which_a_file_is_lost(tmp_path, capsys, damage):
    """Both commands take what is left, and end with a sentence that names the file."""
    bag = write_bag(tmp_path / 'bag')
    metadata = bag / 'metadata.yaml'
    metadata.write_text(metadata.read_text().replace('- bag.mcap', '- bag.mcap\n  - more.mcap'))
    if damage == 'no bag':
        (bag / 'more.mcap').write_text('hello')
    words = 'more.mcap is missing' if damage == 'gone' else 'more.mcap: it cannot be read, '
    assert label(bag, '--out', tmp_path / 'out', *WEAK) == 1
    summary = json.loads((tmp_path / 'out' / 'summary.json').read_text())
    [cut] = summary['cut_short']
    assert (cut['frames'], summary['failed']) == (6, 0) and words in cut['reason']
    capsys.readouterr()
    assert main(['detect', str(bag), '--json', str(tmp_path / 'found.json'), '--quiet',
                 '--runtime', 'cpu', *WEAK]) == 2
    kept, said = capsys.readouterr().err.strip().splitlines()
    assert 'results are kept' in kept
    assert 'ends after 6 messages' in said and words in said
    assert len(json.loads((tmp_path / 'found.json').read_text())) == 6


@pytest.mark.parametrize(('arguments', 'words'), [
    (['absent.mcap', '--out', 'out'], 'absent.mcap: expected a bag'),
    (['.', '--out', 'out', '--model', 'absent', '--workers', '1'], 'model: expected one of'),
    (['.', '--out', 'out', '--l', '0'], 'an int in 1..'),
    (['.', '--out', 'memory://x', '--workers', '2'], 'expected 1 with memory://')])
def test_arguments_that_cannot_be(tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    write_bag(tmp_path / 'bag')
    assert main(['label', *arguments, '--log', 'none']) == 2
    assert words in capsys.readouterr().err


def test_no_ray_no_pyarrow(tmp_path, monkeypatch, capsys):
    """Without the extra one process writes MCAP and COCO, and Parquet says what is missing."""
    from impnet_ros.archive import command
    monkeypatch.setattr(command, 'find_spec', lambda name: None)
    bag = write_bag(tmp_path / 'bag')
    out = '--out', str(tmp_path / 'out'), '--log', 'none', *WEAK
    assert main(['label', str(bag), *out]) == 2
    assert "parquet needs pyarrow: pip install 'impnet_ros[archive]'" in capsys.readouterr().err
    assert main(['label', str(bag), *out, '--workers', '2', '--format', 'mcap']) == 2
    assert 'needs Ray' in capsys.readouterr().err
    assert main(['label', str(bag), *out, '--format', 'mcap', 'coco']) == 0


def test_a_full_disk_fails_the_piece_and_not_the_run(tmp_path, monkeypatch, capsys):
    from impnet_ros.archive import worker
    from impnet_ros.archive.store import Store
    monkeypatch.setattr(worker, '_PAUSE_S', 0.0)
    write_bag(tmp_path / 'bags' / 'a')
    write_bag(tmp_path / 'bags' / 'b')
    publish, given = Store.publish, {}

    def full(store, part, name):
        if '/a-' in name or name == given.get('full'):
            raise OSError(28, 'No space left on device')
        return publish(store, part, name)

    monkeypatch.setattr(Store, 'publish', full)
    assert label(tmp_path / 'bags', '--out', tmp_path / 'out', *WEAK) == 1
    summary = json.loads((tmp_path / 'out' / 'summary.json').read_text())
    assert (summary['done'], summary['failed']) == (1, 1)
    assert summary['failures'][0]['tries'] == 3
    assert 'No space left' in summary['failures'][0]['reason']
    assert not list((tmp_path / 'out').rglob('*.part'))
    given['full'] = 'summary.json'
    assert label(tmp_path / 'bags', '--out', tmp_path / 'out', *WEAK) == 1
    assert 'summary.json cannot be written: No space left on device' in capsys.readouterr().err
    monkeypatch.undo()
    assert label(tmp_path / 'bags', '--out', tmp_path / 'out', *WEAK) == 0


def test_what_a_dead_run_left_is_removed(tmp_path):
    """Its unfinished files go with the next run; those of a living one stay."""
    import os
    import subprocess
    import sys

    from impnet_ros.archive.store import run_name
    gone = subprocess.run([sys.executable, '-c', 'from impnet_ros.archive.store import run_name; '
                           'print(run_name())'], capture_output=True, text=True, check=True)
    (tmp_path / 'out' / 'mcap').mkdir(parents=True)
    dead = tmp_path / 'out' / 'mcap' / f'.a.mcap.{gone.stdout.strip()}-01234567.part'
    alive = dead.with_name(f'.a.mcap.{run_name()}-01234567.part')
    assert f'-{os.getpid()}-' in alive.name
    dead.touch()
    alive.touch()
    assert label(write_bag(tmp_path / 'bag'), '--out', tmp_path / 'out') == 0
    assert alive.exists() and not dead.exists()


def test_json_lines(tmp_path, capsys):
    bag = write_bag(tmp_path / 'bag')
    assert main(['label', str(bag), '--out', str(tmp_path / 'out'), '--log', 'jsonl',
                 '--workers', '1', *WEAK]) == 0
    lines = capsys.readouterr().out.splitlines()
    events = [event for event in map(json.loads, lines) if event['event'] != 'progress']
    assert [event['event'] for event in events] == ['plan', 'piece', 'summary']
    assert events[1]['status'] == 'done' and events[1]['frames'] == 6
    assert events[2]['pieces'] == 1


def test_ctrl_c_leaves_a_state_that_resumes(tmp_path, monkeypatch):
    """Asked to stop while a piece is far from its end, it is left; the next run does it."""
    import signal

    from impnet_ros.archive import worker
    write_bag(tmp_path / 'bags' / 'a')
    write_bag(tmp_path / 'bags' / 'b', times=stamps(30))
    monkeypatch.setattr(worker, '_TELL_S', 0.0)
    monkeypatch.setattr(worker, 'NEAR_END_S', 0.0)
    tell = worker.Labeller._report

    def interrupt(labeller, piece, frames, frame_s):
        if frames == 3:
            signal.raise_signal(signal.SIGINT)
        tell(labeller, piece, frames, frame_s)

    monkeypatch.setattr(worker.Labeller, '_report', interrupt)
    assert label(tmp_path / 'bags', '--out', tmp_path / 'out', *WEAK) == 130
    summary = json.loads((tmp_path / 'out' / 'summary.json').read_text())
    assert summary['stopped'] == 2 and not list((tmp_path / 'out').rglob('*.part'))
    monkeypatch.undo()
    assert label(tmp_path / 'bags', '--out', tmp_path / 'out', *WEAK) == 0
    assert TYPES is not None
