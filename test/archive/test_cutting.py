# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pieces: a camera each, long ones cut only where the engine forgets anyway."""
from archives import COMPRESSED, stamps, write_bag
from impnet_ros.archive.cutting import cut
from impnet_ros.archive.pieces import Nothing, Piece
from impnet_ros.archive.sources import find_sources, Source
from impnet_ros.config import StreamConfig
from impnet_ros.sources.bag_reader import BagReader
import pytest


def pieces(path, topics=(), long=3000, **config):
    [source] = find_sources([str(path)])
    return cut(source, topics, StreamConfig(**config), long)


def test_a_piece_a_camera(tmp_path):
    bag = write_bag(tmp_path / 'bag', topics=('/left', '/right'))
    left, right = pieces(bag)
    assert (left.topic, left.frames, left.first, left.begins) == ('/left', 6, 0, 'start')
    assert right.topic == '/right' and left.name != right.name
    assert left.name.startswith('bag-left-') and left.name.endswith('-000')
    assert [piece.topic for piece in pieces(bag, ['right'])] == ['/right']


def two_rides():
    """Thirty images, a minute of nothing, thirty more."""
    return [*stamps(30), *stamps(30, start_s=163)]


def test_a_long_one_is_cut_at_a_gap(tmp_path):
    bag = write_bag(tmp_path / 'bag', times=two_rides())
    first, second = pieces(bag, long=20)
    assert (first.frames, first.stop_ns, first.begins) == (30, 163 * 10**9, 'start')
    assert (second.first, second.frames, second.start_ns) == (30, 30, 163 * 10**9)
    assert second.begins == 'gap' and second.name.endswith('-001')
    [whole] = pieces(bag, long=31)
    assert whole.frames == 60
    [bridged] = pieces(bag, long=20, max_gap=120.0)
    assert bridged.frames == 60


def test_no_cut_where_the_stamps_go_on(tmp_path):
    """The bag's times have a gap, the images' own have not: the engine would not forget."""
    from archives import IMAGE, message, TYPES
    from rosbags.rosbag2 import StoragePlugin, Writer
    with Writer(tmp_path / 'bag', version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection('/camera', IMAGE, typestore=TYPES)
        for number, (own_ns, log_ns) in enumerate(zip(stamps(60), two_rides())):
            raw = TYPES.serialize_cdr(message(TYPES, number, own_ns), IMAGE)
            writer.write(connection, log_ns, raw)
    assert [piece.frames for piece in pieces(tmp_path / 'bag', long=20)] == [60]


def test_stretches_count_the_images_of_each_chunk(tmp_path):
    bag = write_bag(tmp_path / 'bag', topics=('/left', '/right'), times=stamps(40))
    with BagReader(bag) as opened:
        found = opened.stretches('/left', 10**10)
        assert sum(part.count for part in found) == 40 and len(found) > 1
        alone = opened.stretches('/left', 10**7)
        assert [part.first_ns for part in alone] == stamps(40)


@pytest.mark.parametrize(('options', 'words'), [
    ({'times': ()}, 'holds no image'),
    ({'encoding': '16UC1'}, "/camera/image_raw: '16UC1' images are not for a detector")])
def test_nothing_to_label(tmp_path, options, words):
    [found] = pieces(write_bag(tmp_path / 'bag', **options))
    assert isinstance(found, Nothing) and not found.broken and words in found.reason


def test_a_topic_that_is_not_there(tmp_path):
    [found] = pieces(write_bag(tmp_path / 'bag', kind=COMPRESSED), ['/rear'])
    assert isinstance(found, Nothing) and not found.broken
    assert found.reason == ('no images on /rear in it; it holds /camera/image_raw '
                            '(sensor_msgs/msg/CompressedImage)')


def test_broken_and_missing_sources(tmp_path):
    (tmp_path / 'bad.mcap').write_bytes(b'x' * 100)
    [found] = pieces(tmp_path / 'bad.mcap')
    assert isinstance(found, Nothing) and found.broken and 'cut off' in found.reason
    [found] = cut(Source('/absent', 'missing'), (), StreamConfig())
    assert found == Nothing('/absent', 'no such bag, video or folder', True)


def test_names_are_safe_and_their_own():
    first = Piece('/a/b c/ride?.mcap', 'bag', '', '/camera/image_raw')
    second = Piece('/other/ride?.mcap', 'bag', '', '/camera/image_raw')
    assert first.name.startswith('ride_-camera_image_raw-') or first.name.startswith('ride')
    assert not set(first.name) & set('/? ') and first.name != second.name
