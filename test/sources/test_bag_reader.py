# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What can be read of a bag is read; what cannot is one sentence."""
from pathlib import Path

from bag_files import image_bytes, write_mcap
from impnet_ros.sources.bag_reader import BagError, BagReader
from impnet_ros.video import open_video
from mcap.writer import IndexType
import pytest
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import get_typestore, Stores

ALL = [0, 1, 2, 3, 4, 5]


def grays(path: Path, refused: list[str] | None = None) -> list[int]:
    """Read the number of each image."""
    tell = None if refused is None else lambda reason, frames: refused.append(reason)
    video = open_video(path, refused=tell)
    return [int(frame.image[0, 0, 0]) for frame in video.frames]


def write_folder(path: Path, count: int = 6, *, plugin: StoragePlugin = StoragePlugin.MCAP,
                 msgdef: str | None = None, compressed: bool = False) -> Path:
    writer = Writer(path, version=9, storage_plugin=plugin)
    if compressed:
        writer.set_compression(CompressionMode.MESSAGE, CompressionFormat.ZSTD)
    with writer:
        connection = writer.add_connection(
            '/image', 'sensor_msgs/msg/Image', typestore=get_typestore(Stores.ROS2_JAZZY),
            msgdef=msgdef, rihs01=None if msgdef is None else 'RIHS01_0')
        for number in range(count):
            time_ns = 10**9 + number * 10**8
            writer.write(connection, time_ns, image_bytes(number, time_ns))
    return path


@pytest.mark.parametrize('options', [
    {}, {'profile': ''}, {'profile': 'x-other'}, {'json_topic': True},
    {'use_chunking': False}, {'use_statistics': False}, {'index_types': IndexType.NONE},
    {'index_types': IndexType.CHUNK}, {'use_summary_offsets': False},
    {'repeat_channels': False}, {'repeat_schemas': False, 'repeat_channels': False},
    {'profile': '', 'json_topic': True, 'index_types': IndexType.CHUNK}])
def test_mcap_as_others_write_it(tmp_path: Path, options: dict[str, object]) -> None:
    """With or without profile, index, statistics, chunks, and with topics in JSON."""
    assert grays(write_mcap(tmp_path / 'a.mcap', **options)) == ALL  # type: ignore[arg-type]


def test_an_unfinished_mcap_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """Of chunks of two images, the last is cut; what is before it is read, and said."""
    file = write_mcap(tmp_path / 'a.mcap', chunk_size=4000, finish=False)
    whole = file.read_bytes()
    told: list[str] = []
    read = grays(file, told)
    assert read == ALL[:len(read)] and len(read) >= 4
    assert 'read from its beginning' in told[0] and 'mcap recover' in told[0]
    file.write_bytes(whole[:len(whole) // 2])
    half = grays(file)
    assert half == ALL[:len(half)] and 0 < len(half) < len(read)


def test_a_folder_whose_metadata_were_never_written(tmp_path: Path) -> None:
    """The recorder was killed: the one storage file in it is the bag."""
    (tmp_path / 'bag').mkdir()
    write_mcap(tmp_path / 'bag' / 'bag_0.mcap', finish=False, chunk_size=100)
    told: list[str] = []
    assert grays(tmp_path / 'bag', told) == ALL
    assert 'metadata.yaml is missing' in told[0]


def test_a_cut_message_costs_itself_only(tmp_path: Path) -> None:
    """Its neighbours are read; without anybody to tell, it is an error."""
    file = write_mcap(tmp_path / 'a.mcap', cut=2)
    told: list[str] = []
    assert grays(file, told) == [0, 1, 3, 4, 5]
    [said] = told
    assert 'image 2 of /image' in said and '\n' not in said
    with pytest.raises(ValueError, match='image 2 of /image'):
        grays(file)


@pytest.mark.parametrize('plugin', [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
def test_fewer_than_the_bag_says_is_an_error(tmp_path: Path, plugin: StoragePlugin) -> None:
    """After all that there is."""
    bag = write_folder(tmp_path / 'bag', plugin=plugin)
    file = bag / 'metadata.yaml'
    file.write_text(file.read_text().replace('message_count: 6', 'message_count: 9'))
    read = []
    with pytest.raises(BagError, match='expected 9 messages, as the bag says, got 6'):
        for frame in open_video(bag).frames:
            read.append(frame)
    assert len(read) == 6


@pytest.mark.parametrize('name', ['bag.mcap', 'bag.db3', 'metadata.yaml'])
@pytest.mark.parametrize('damage', ['empty', 'text', 'half', 'flipped', 'no header'])
@pytest.mark.parametrize('plugin', [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
def test_damage_is_read_around_or_one_sentence(tmp_path: Path, name: str, damage: str,
                                               plugin: StoragePlugin) -> None:
    """Whatever a library raises inside, ValueError or OSError comes out."""
    bag = write_folder(tmp_path / 'bag', plugin=plugin)
    file = bag / name
    if not file.exists():
        return
    data = file.read_bytes()
    middle = len(data) // 2
    file.write_bytes({
        'empty': b'', 'text': b'hello: [world', 'half': data[:middle],
        'flipped': data[:middle] + bytes(255 - b for b in data[middle:middle + 64])
        + data[middle + 64:],
        'no header': bytes(64) + data[64:]}[damage])
    for path in (bag, file):
        if path.name == 'metadata.yaml':
            continue
        try:
            with BagReader(path) as reader:
                for connection, _, raw in reader.messages():
                    reader.deserialize(raw, connection.msgtype)
        except (ValueError, OSError) as error:
            assert '\n' not in str(error) and 'bag' in str(error)


def test_a_definition_that_nobody_can_parse(tmp_path: Path) -> None:
    """The type is known here: the bag's own words on it are not needed."""
    bag = write_folder(tmp_path / 'bag', msgdef='this is } no definition')
    assert grays(bag) == ALL


def test_what_is_no_bag(tmp_path: Path) -> None:
    """Absent, or a folder with nothing in it."""
    with pytest.raises(FileNotFoundError):
        BagReader(tmp_path / 'absent')
    with pytest.raises(BagError, match='found neither'):
        BagReader(tmp_path)


def write_split(folder: Path) -> Path:
    """Write a folder of two files, six images each, without metadata."""
    folder.mkdir()
    for number in range(2):
        write_mcap(folder / f'bag_{number}.mcap', first_ns=10**9 * (1 + number))
    return folder


def test_a_split_bag_whose_metadata_were_never_written(tmp_path: Path) -> None:
    """The recorder was killed while it wrote the second file: both are the bag."""
    bag = write_split(tmp_path / 'bag')
    told: list[str] = []
    assert grays(bag, told) == ALL + ALL
    assert 'metadata.yaml is missing' in told[0]


@pytest.mark.parametrize('text', [
    '', ': : [', 'hello', 'rosbag2_bagfile_information: {version: 99}', '\x00\xff'])
def test_metadata_that_are_of_no_use(tmp_path: Path, text: str) -> None:
    """The files know as much, and the reader says so."""
    bag = write_split(tmp_path / 'bag')
    (bag / 'metadata.yaml').write_bytes(text.encode('latin-1'))
    told: list[str] = []
    assert grays(bag, told) == ALL + ALL
    assert 'metadata.yaml is missing or broken' in told[0]
    assert 'what lies beside it is read: bag_0.mcap, bag_1.mcap' in told[0]


def test_metadata_of_a_version_to_come(tmp_path: Path) -> None:
    """They name the files, and still are of no use."""
    bag = write_folder(tmp_path / 'bag')
    file = bag / 'metadata.yaml'
    file.write_text(file.read_text().replace('version: 9', 'version: 99'))
    told: list[str] = []
    assert grays(bag, told) == ALL
    assert 'version 99 not supported' in told[0] and 'is read: bag.mcap' in told[0]


@pytest.mark.parametrize('plugin', [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
@pytest.mark.parametrize('compressed', [False, True])
def test_a_folder_with_a_topic_in_json(tmp_path: Path, plugin: StoragePlugin,
                                       compressed: bool) -> None:
    """Only that topic is left out."""
    writer = Writer(tmp_path / 'bag', version=9, storage_plugin=plugin)
    if compressed:
        writer.set_compression(CompressionMode.MESSAGE, CompressionFormat.ZSTD)
    with writer:
        store = get_typestore(Stores.ROS2_JAZZY)
        images = writer.add_connection('/image', 'sensor_msgs/msg/Image', typestore=store)
        things = writer.add_connection('/thing', 'std_msgs/msg/String', typestore=store,
                                       serialization_format='json')
        for number in ALL:
            writer.write(things, 10**9 + number, b'{}')
            writer.write(images, 10**9 + number, image_bytes(number, 10**9 + number))
    told: list[str] = []
    assert grays(tmp_path / 'bag', told) == ALL
    assert '/thing is left out, expected messages in cdr, got json' in told[0]


@pytest.mark.parametrize('damage', ['gone', 'no bag', 'empty'])
def test_one_file_of_several_is_lost(tmp_path: Path, damage: str) -> None:
    """The others are read, and the end is an error that names it; without use of metadata."""
    bag = write_split(tmp_path / 'bag')
    if damage == 'gone':
        (bag / 'bag_1.mcap').unlink()
        (bag / 'metadata.yaml').write_text(
            'rosbag2_bagfile_information:\n  relative_file_paths: [bag_0.mcap, bag_1.mcap]\n')
    else:
        (bag / 'bag_1.mcap').write_text('hello' if damage == 'no bag' else '')
    assert read_until_error(bag, 'ends after 6 messages.*bag_1.mcap') == ALL


@pytest.mark.parametrize('plugin', [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
@pytest.mark.parametrize('compressed', [False, True])
@pytest.mark.parametrize('damage', ['gone', 'no bag'])
@pytest.mark.parametrize('number', [0, 1])
def test_one_file_that_metadata_name_is_lost(tmp_path: Path, plugin: StoragePlugin,
                                             compressed: bool, damage: str, number: int) -> None:
    """The first or the last: what is in the other is read, compressed or not."""
    bag = write_folder(tmp_path / 'bag', plugin=plugin, compressed=compressed)
    [whole] = (file for file in bag.iterdir() if file.suffix in ('.mcap', '.db3'))
    lost = whole.with_name(f'other{whole.suffix}')
    file = bag / 'metadata.yaml'
    named = [lost.name, whole.name] if number == 0 else [whole.name, lost.name]
    file.write_text(file.read_text().replace('message_count: 6', 'message_count: 12')
                    .replace(f'- {whole.name}', '\n  '.join(f'- {name}' for name in named)))
    if damage == 'no bag':
        lost.write_text('hello')
    words = f'ends after 6 messages, .*{lost.name}' + (
        ' is missing' if damage == 'gone' else ': it cannot be read')
    assert read_until_error(bag, words) == ALL


def test_nothing_of_several_can_be_read(tmp_path: Path) -> None:
    """Neither where they are lost, nor where they are no bags."""
    bag = write_split(tmp_path / 'bag')
    for file in bag.iterdir():
        file.write_text('hello')
    with pytest.raises(BagError, match='bag_0.mcap: it cannot be read'):
        grays(bag)
    bag = write_folder(tmp_path / 'other')
    (bag / 'other.mcap').unlink()
    with pytest.raises(BagError, match=r'files are missing: .*other\.mcap'):
        grays(bag)


def read_until_error(bag: Path, words: str) -> list[int]:
    read: list[int] = []
    with pytest.raises(BagError, match=words) as error:
        for frame in open_video(bag, refused=lambda reason, frames: None).frames:
            read.append(int(frame.image[0, 0, 0]))
    assert '\n' not in str(error.value)
    return read
