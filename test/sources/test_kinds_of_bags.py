# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Bags of every kind give the same images; broken ones a sentence."""
from contextlib import closing
import sqlite3
import struct

from archives import (COMPRESSED, IMAGE, message, picture, ROS1_TYPES, stamps, TYPES, write_bag,
                      write_ros1)
import fsspec
from impnet_ros.sources.bag_images import camera_of, cameras, image_message
from impnet_ros.sources.bag_reader import BagError, BagReader
from impnet_ros.sources.places import place
from impnet_ros.sources.unpacking import lz4_size, zstd_size
from impnet_ros.video import open_video
from lz4.frame import compress as lz4_frame, LZ4FrameCompressor
from mcap.writer import CompressionType, IndexType
from mcap.writer import Writer as McapWriter
import pytest
from rosbags.rosbag2 import CompressionMode, StoragePlugin
from zstandard import ZstdCompressor

TIMES = stamps(6)


def read(url, name='/camera/image_raw'):
    with BagReader(place(str(url))) as bag:
        camera = camera_of(bag, name)
        return camera.count, [(log_ns, image_message(connection, raw).header.stamp.nanosec)
                              for connection, log_ns, raw in bag.messages(camera.connections)]


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
    """Its images are frames as any other bag's."""
    bag = write_ros1(tmp_path / 'old.bag')
    assert read(bag) == expected()
    frames = list(open_video(bag).frames)
    assert [(frame.stamp_ns, frame.log_ns, frame.number) for frame in frames] == [
        (time_ns, time_ns, number) for number, time_ns in enumerate(TIMES)]
    assert (frames[3].image == picture(3)).all()
    assert open_video(bag).fps == pytest.approx(10.0)


def test_mcap_made_of_a_ros1_bag(tmp_path):
    """`mcap convert` keeps messages and type names as they were."""
    path = tmp_path / 'old.mcap'
    with path.open('wb') as file:
        writer = McapWriter(file)
        writer.start('ros1')
        text, _ = ROS1_TYPES.generate_msgdef(IMAGE, ros_version=1)
        schema = writer.register_schema('sensor_msgs/Image', 'ros1msg', text.encode())
        channel = writer.register_channel('/camera/image_raw', 'ros1', schema)
        for number, time_ns in enumerate(TIMES):
            raw = ROS1_TYPES.serialize_ros1(message(ROS1_TYPES, number, time_ns), IMAGE)
            writer.add_message(channel, time_ns, bytes(raw), time_ns)
        writer.finish()
    assert read(path) == expected()
    assert (next(open_video(path).frames).image == picture(0)).all()


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
        text.replace('- bag.mcap', '- bag.mcap\n  - bag_1.mcap')
        .replace('message_count: 3', 'message_count: 6'))
    assert read(first) == expected()
    (first / 'bag_1.mcap').write_bytes(b'')
    assert read_without_the_second(first) == (3, 'it cannot be read, ')
    (first / 'bag_1.mcap').unlink()
    assert read_without_the_second(first) == (3, 'is missing')


def read_without_the_second(folder):
    """Give how many messages come before the error that names the file, and what is said of it."""
    with BagReader(folder) as bag:
        found = []
        with pytest.raises(BagError, match='ends after 3 messages, .*bag_1.mcap'):
            found += bag.messages()
        [said] = [words for words in ('it cannot be read, ', 'is missing') if words in bag.cut]
        assert 'bag_1.mcap' in bag.cut
    return len(found), said


def test_files_without_metadata_are_one_bag(tmp_path):
    """The recorder of a bag in several files was killed."""
    for number, times in enumerate((TIMES[:3], TIMES[3:])):
        bag = write_bag(tmp_path / f'part_{number}', times=times)
        (tmp_path / 'bag').mkdir(exist_ok=True)
        (bag / f'part_{number}.mcap').rename(tmp_path / 'bag' / f'bag_{number}.mcap')
    assert read(tmp_path / 'bag') == expected()


@pytest.mark.parametrize('storage', list(StoragePlugin))
def test_names_that_an_address_would_take_apart(tmp_path, storage):
    bag = write_bag(tmp_path / 'bag', storage=storage)
    [file] = (path for path in bag.iterdir() if path.suffix in ('.mcap', '.db3'))
    assert read(file.rename(bag / f'a b?c#d%20e{file.suffix}')) == expected()


def read_as_far_as_it_goes(path):
    """Give times and why they are not all; the sentence at the end too where there is one."""
    times, said = [], ''
    with BagReader(path) as bag:
        try:
            for _, log_ns, _ in bag.messages():
                times.append(log_ns)
        except BagError as error:
            said = str(error)
        assert said in ('', bag.cut)
        return times, bag.cut


@pytest.mark.parametrize('compression', list(CompressionType))
def test_a_file_that_is_cut_off(tmp_path, compression):
    """At any place: a beginning of the messages is read, the same each time, and it is said."""
    path = write_foreign(tmp_path / 'a.mcap', chunk_size=30_000, compression=compression)
    whole = path.read_bytes()
    lengths = set()
    for size in range(200, len(whole), len(whole) // 40):
        path.write_bytes(whole[:size])
        try:
            times, cut = read_as_far_as_it_goes(path)
        except BagError as error:
            assert 'cut off before its first message' in str(error)
            continue
        assert times == TIMES[:len(times)] and 'cut off' in cut
        lengths.add(len(times))
    assert len(lengths) > 3
    path.write_bytes(whole[:-1])
    assert read_as_far_as_it_goes(path)[0] == TIMES
    assert 'in its index, no message is missing' in read_as_far_as_it_goes(path)[1]


def test_a_database_that_is_cut_off(tmp_path):
    """A copy that was not finished: a beginning of the messages is read, or it is one sentence."""
    bag = write_bag(tmp_path / 'bag', storage=StoragePlugin.SQLITE3)
    path = tmp_path / 'cut.db3'
    whole = (bag / 'bag.db3').read_bytes()
    lengths = set()
    for size in range(200, len(whole), len(whole) // 40):
        path.write_bytes(whole[:size])
        try:
            times, cut = read_as_far_as_it_goes(path)
        except BagError as error:
            assert 'cannot be read' in str(error) and '.recover' in str(error)
            continue
        assert times == TIMES[:len(times)] and cut
        lengths.add(len(times))
    assert len(lengths) > 3
    with BagReader(bag) as reader:
        definition = reader.connections[0].msgdef
    path.write_bytes(whole[:int(len(whole) * 0.8)])
    with BagReader(path) as reader:
        assert reader.connections[0].msgdef == definition
        assert reader.message_count == reader.connections[0].msgcount > 0
        assert 'is cut off or damaged' in reader.notes[0]


@pytest.mark.parametrize('options', [{}, {'index_types': IndexType.NONE}], ids=['index', 'none'])
def test_a_damaged_chunk_costs_itself_only(tmp_path, options):
    path = write_foreign(tmp_path / 'a.mcap', chunk_size=30_000,
                         compression=CompressionType.NONE, **options)
    raw = bytearray(path.read_bytes())
    middle = len(raw) * 5 // 12
    raw[middle:middle + 64] = bytes(255 - byte for byte in raw[middle:middle + 64])
    path.write_bytes(raw)
    times, cut = read_as_far_as_it_goes(path)
    assert 1 < len(times) < 6 and times[0] == TIMES[0] and times[-1] == TIMES[-1]
    assert 'damaged parts are left out' in cut


FRAME = bytes.fromhex('28b52ffde0') + (1 << 40).to_bytes(8, 'little')
"""The head of what zstd would unpack to a terabyte."""


@pytest.mark.parametrize(('compression', 'says', 'data'), [
    ('', 1 << 40, b''), ('zstd', 9, FRAME),
    ('lz4', 9, LZ4FrameCompressor().begin(source_size=1 << 40))])
def test_a_chunk_that_would_fill_the_memory(tmp_path, compression, says, data):
    """It is not unpacked, whatever it says of itself."""
    def record(code, content):
        return struct.pack('<BQ', code, len(content)) + content

    chunk = struct.pack('<QQQII', 0, 0, says, 0, len(compression)) + compression.encode()
    path = tmp_path / 'a.mcap'
    path.write_bytes(b'\x89MCAP0\r\n' + record(1, bytes(8))
                     + record(6, chunk + struct.pack('<Q', len(data)) + data)
                     + record(15, bytes(4)) + record(2, bytes(20)) + b'\x89MCAP0\r\n')
    with pytest.raises(BagError, match=f'expected at most .* bytes in a chunk, got {1 << 40}'):
        BagReader(path).open()


def test_a_message_that_would_fill_the_memory(tmp_path):
    bag = write_bag(tmp_path / 'bag', storage=StoragePlugin.SQLITE3, mode=CompressionMode.MESSAGE)
    with closing(sqlite3.connect(bag / 'bag.db3')) as base:
        base.execute('UPDATE messages SET data = ? WHERE id = 3', (FRAME,))
        base.commit()
    with BagReader(bag) as reader, pytest.raises(
            BagError, match=f'expected at most .* bytes in a message, got {1 << 40}'):
        list(reader.messages())


def unsized_lz4(content):
    packer = LZ4FrameCompressor()
    return packer.begin() + packer.compress(content) + packer.flush()


@pytest.mark.parametrize(('size', 'data'), [
    (lz4_size, unsized_lz4(bytes(5 << 20))), (lz4_size, lz4_frame(bytes(5 << 20))),
    (zstd_size, ZstdCompressor().compress(bytes(5 << 20))),
    (zstd_size, ZstdCompressor(write_content_size=False).compress(bytes(5 << 20))),
    (zstd_size, ZstdCompressor().compress(bytes(1)) + ZstdCompressor().compress(bytes(5 << 20)))])
def test_the_size_of_what_does_not_tell_it(size, data):
    """It is known before more than a block of it is unpacked."""
    assert size(data, 10 << 20) in (5 << 20, (5 << 20) + 1)
    assert 1 << 20 < size(data, 1 << 20) <= (5 << 20) + 1
    assert size(data[:len(data) // 2], 10 << 20) <= (5 << 20) + 1


def test_messages_out_of_order_come_in_order(tmp_path):
    """The index says which chunk may hold an earlier one; ties stay as they were written."""
    path = tmp_path / 'a.mcap'
    with path.open('wb') as file:
        writer = McapWriter(file, chunk_size=30)
        writer.start()
        channel = writer.register_channel('/a', 'cdr', writer.register_schema('a/b', '', b''))
        for number, time_ns in enumerate([5, 1, 4, 3, 3, 2, 6]):
            writer.add_message(channel, time_ns, bytes([number]), time_ns)
        writer.finish()
    with BagReader(path) as bag:
        found = [(log_ns, data[0]) for _, log_ns, data in bag.messages()]
    assert found == [(1, 1), (2, 5), (3, 3), (3, 4), (4, 2), (5, 0), (6, 6)]


def test_a_store_that_fails_is_no_verdict_on_the_bag(tmp_path, monkeypatch):
    """What a disk or network says stays an OSError, which is worth another try."""
    def failing(place, mode='rb'):
        raise TimeoutError('the store does not answer')

    fs = fsspec.filesystem('memory')
    for name, made in [('a.mcap', write_bag(tmp_path / 'a') / 'a.mcap'),
                       ('c.bag', write_ros1(tmp_path / 'c.bag'))]:
        fs.pipe(f'/failing/{name}', made.read_bytes())
        monkeypatch.setattr('impnet_ros.sources.places.Place.open', failing)
        with pytest.raises(TimeoutError):
            read(f'memory://failing/{name}')
        monkeypatch.undo()


def write_foreign(path, **options):
    """Write an MCAP that no ROS tool made: no profile, a JSON topic, images all the same."""
    with path.open('wb') as file:
        writer = McapWriter(file, **options)
        writer.start()
        json_schema = writer.register_schema('thing', 'jsonschema', b'{}')
        json_channel = writer.register_channel('/thing', 'json', json_schema)
        schema = writer.register_schema('sensor_msgs/msg/Image', 'ros2msg', b'')
        channel = writer.register_channel('/camera/image_raw', 'cdr', schema)
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
    with BagReader(path) as bag:
        assert [camera.topic for camera in cameras(bag)] == ['/camera/image_raw']


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
            ('cut.mcap', whole[:len(whole) // 2], 'cut off before its first message'),
            ('none.mcap', b'', 'empty file'), ('none.db3', b'', 'empty file'),
            ('noise.mcap', bytes(range(256)) * 4, 'cut off'), ('noise.db3', b'x' * 900, ''),
            ('noise.bag', b'x' * 900, '')]:
        (tmp_path / name).write_bytes(raw)
        with pytest.raises(ValueError, match=f'{name}: .*{words}') as error:
            read(tmp_path / name, '/camera/image_raw')
        assert '\n' not in str(error.value)
