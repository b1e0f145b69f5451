# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Bags of every kind give the same images; broken ones a sentence."""
from archives import COMPRESSED, stamps, TYPES, write_bag, write_ros1
import fsspec
from impnet_ros.archive.bag_files import decode
from impnet_ros.archive.bags import open_bag
from mcap.writer import CompressionType, IndexType
from mcap.writer import Writer as McapWriter
import pytest
from rosbags.rosbag2 import CompressionMode, StoragePlugin

TIMES = stamps(6)


def read(url, name='/camera/image_raw'):
    with open_bag(str(url)) as bag:
        topic = bag.camera(name)
        return topic.count, [(log_ns, decode(raw, topic).header.stamp.nanosec)
                             for log_ns, raw in bag.messages(name)]


def expected():
    return 6, [(time_ns, time_ns % 10**9) for time_ns in TIMES]


@pytest.mark.parametrize('storage', list(StoragePlugin))
@pytest.mark.parametrize('mode', [CompressionMode.NONE, CompressionMode.FILE,
                                  CompressionMode.MESSAGE])
def test_rosbag2(tmp_path, storage, mode):
    assert read(write_bag(tmp_path / 'bag', storage=storage, mode=mode)) == expected()


def test_one_file_of_a_bag(tmp_path):
    mcap = write_bag(tmp_path / 'one') / 'one.mcap'
    sqlite = write_bag(tmp_path / 'two', storage=StoragePlugin.SQLITE3) / 'two.db3'
    assert read(mcap) == read(sqlite) == expected()


def test_ros1(tmp_path):
    assert read(write_ros1(tmp_path / 'old.bag')) == expected()


def test_a_bag_without_its_metadata_is_still_a_bag(tmp_path):
    bag = write_bag(tmp_path / 'bag')
    (bag / 'metadata.yaml').write_text('')
    assert read(bag) == expected()


def test_a_bag_in_several_files(tmp_path):
    first = write_bag(tmp_path / 'bag', times=TIMES[:3])
    second = write_bag(tmp_path / 'more', times=TIMES[3:])
    (second / 'more.mcap').rename(first / 'bag_1.mcap')
    text = (first / 'metadata.yaml').read_text()
    (first / 'metadata.yaml').write_text(
        text.replace('- bag.mcap', '- bag.mcap\n  - bag_1.mcap'))
    assert read(first) == expected()
    (first / 'bag_1.mcap').unlink()
    with pytest.raises(ValueError, match='bag_1.mcap is missing'):
        read(first)


def write_foreign(path, **options):
    """Write an MCAP that no ROS tool made: no profile, a JSON topic, images all the same."""
    with path.open('wb') as file:
        writer = McapWriter(file, **options)
        writer.start()
        json_schema = writer.register_schema('thing', 'jsonschema', b'{}')
        json_channel = writer.register_channel('/thing', 'json', json_schema)
        schema = writer.register_schema('sensor_msgs/msg/Image', 'ros2msg', b'')
        channel = writer.register_channel('/camera/image_raw', 'cdr', schema)
        from archives import message
        for number, time_ns in enumerate(TIMES):
            raw = bytes(TYPES.serialize_cdr(message(TYPES, number, time_ns),
                                            'sensor_msgs/msg/Image'))
            writer.add_message(json_channel, time_ns, b'{}', time_ns)
            writer.add_message(channel, time_ns, raw, time_ns)
        writer.finish()
    return path


@pytest.mark.parametrize('options', [
    {}, {'compression': CompressionType.NONE}, {'use_chunking': False},
    {'index_types': IndexType.NONE}, {'index_types': IndexType.CHUNK},
    {'use_statistics': False}, {'repeat_channels': False, 'repeat_schemas': False}],
    ids=['plain', 'uncompressed', 'no chunks', 'no index', 'no message index', 'no statistics',
         'no summary'])
def test_foreign_mcap(tmp_path, options):
    path = write_foreign(tmp_path / 'other.mcap', **options)
    assert read(path) == expected()
    with open_bag(str(path)) as bag:
        assert [topic.name for topic in bag.topics if topic.is_camera] == ['/camera/image_raw']


@pytest.mark.parametrize('name', ['a.mcap', 'b.db3', 'c.bag'])
def test_in_a_store(tmp_path, name):
    fs = fsspec.filesystem('memory')
    made = {'a.mcap': lambda: write_bag(tmp_path / 'a') / 'a.mcap',
            'b.db3': lambda: write_bag(tmp_path / 'b', storage=StoragePlugin.SQLITE3) / 'b.db3',
            'c.bag': lambda: write_ros1(tmp_path / 'c.bag')}[name]()
    fs.pipe(f'/bags/{name}', made.read_bytes())
    assert read(f'memory://bags/{name}') == expected()


def test_broken_bags_cost_a_sentence(tmp_path):
    whole = (write_bag(tmp_path / 'bag', kind=COMPRESSED) / 'bag.mcap').read_bytes()
    for name, raw, words in [
            ('cut.mcap', whole[:len(whole) // 2], 'cut off'), ('none.mcap', b'', 'empty file'),
            ('noise.mcap', bytes(range(256)) * 4, 'cut off'), ('noise.db3', b'x' * 900, ''),
            ('noise.bag', b'x' * 900, '')]:
        (tmp_path / name).write_bytes(raw)
        with pytest.raises(ValueError, match=f'{name}: .*{words}') as error:
            read(tmp_path / name, '/camera/image_raw')
        assert '\n' not in str(error.value)
