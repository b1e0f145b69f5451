# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A bag that is written never costs one that is there, nor its source."""
from pathlib import Path
import re
import resource

import cv2
from impnet_ros.ros.bags.write import main, write_bag
from impnet_ros.stopping import Stop
from impnet_ros.video import open_bag, open_video
import numpy as np
import pytest

COUNT = 6
START_NS = 1_700_000_000_123_456_789


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder of small pictures, each of one gray value."""
    made = tmp_path / 'pictures'
    made.mkdir()
    for index in range(COUNT):
        cv2.imwrite(str(made / f'{index}.png'), np.full((8, 12, 3), 10 * index, np.uint8))
    return made


@pytest.fixture
def bag(folder: Path, tmp_path: Path) -> Path:
    """Give a bag of them at 20 Hz, with stamps that no float has exactly."""
    made = tmp_path / 'bag'
    write_bag(folder, made, fps=20, start_ns=START_NS, quiet=True)
    return made


def times(bag: Path) -> list[int]:
    with open_bag(bag) as reader:
        return [time_ns for _, time_ns, _ in reader.messages()]


def error_of(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run the command, which fails with one line."""
    try:
        code = main([*map(str, arguments), '--quiet'])
    except SystemExit as end:
        code = int(end.code or 0)
        return capsys.readouterr().err.splitlines()[-1]
    said = capsys.readouterr().err
    assert code == 1 and said.count('\n') == 1
    return said


def test_a_bag_is_replaced_only_by_a_whole_one(bag: Path, folder: Path, tmp_path: Path,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    """Not by a source that is not there, holds nothing, or by a disk that is full."""
    before = times(bag)
    assert 'no such video' in error_of(capsys, 'typo.mp4', bag, '--overwrite')
    (tmp_path / 'none').mkdir()
    (tmp_path / 'none' / '1.png').touch()
    assert main([str(tmp_path / 'none'), str(bag), '--overwrite', '--quiet']) == 1
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, limits[1]))
    try:
        for storage in ('mcap', 'sqlite3'):
            capsys.readouterr()
            assert 'bag' in error_of(capsys, folder, bag, '--overwrite', '--storage', storage)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert times(bag) == before
    assert main([str(folder), str(bag), '--overwrite', '--quiet', '--limit', '2']) == 0
    assert len(times(bag)) == 2
    assert sorted(each.name for each in tmp_path.iterdir()) == ['bag', 'none', 'pictures']


def test_the_source_is_no_place_for_the_bag(bag: Path, tmp_path: Path,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    """By none of its names, and not around it."""
    before = times(bag)
    (tmp_path / 'link').symlink_to(bag)
    for source in (bag, tmp_path / 'link', bag / 'bag.mcap', bag / '..' / 'bag'):
        assert 'expected another place than the input' in error_of(capsys, source, bag,
                                                                   '--overwrite')
    assert times(bag) == before


def test_only_a_bag_is_replaced(folder: Path, tmp_path: Path, bag: Path,
                                capsys: pytest.CaptureFixture[str]) -> None:
    """Neither another folder, nor a bag that somebody keeps notes in, nor a file."""
    other = tmp_path / 'home'
    other.mkdir()
    (other / 'thesis.tex').write_text('years of work')
    (bag / 'notes.txt').write_text('why')
    (tmp_path / 'file').write_text('a')
    assert 'is no bag' in error_of(capsys, folder, other, '--overwrite')
    assert 'notes.txt' in error_of(capsys, folder, bag, '--overwrite')
    assert 'is no bag' in error_of(capsys, folder, tmp_path / 'file', '--overwrite')
    assert (other / 'thesis.tex').exists() and (bag / 'notes.txt').exists()


def test_a_bag_of_a_bag_keeps_its_times(bag: Path, tmp_path: Path) -> None:
    """To the nanosecond; with --start they begin there, at the same distances."""
    copy, moved = tmp_path / 'copy', tmp_path / 'moved'
    assert main([str(bag), str(copy), '--quiet']) == 0
    assert times(copy) == times(bag) == [START_NS + number * 50_000_000 for number in range(COUNT)]
    assert main([str(bag), str(moved), '--quiet', '--start', '10']) == 0
    assert times(moved) == [10_000_000_000 + number * 50_000_000 for number in range(COUNT)]
    assert [f.stamp_s for f in open_video(moved).frames] == pytest.approx(
        [10 + number / 20 for number in range(COUNT)])


@pytest.mark.parametrize('start', ['-1', '2147483648', '1e300', 'nan', 'inf', 'now'])
def test_a_start_that_no_stamp_can_hold(folder: Path, tmp_path: Path, start: str,
                                        capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused by its value, before anything is written."""
    said = error_of(capsys, folder, tmp_path / 'new', f'--start={start}')
    assert f'expected seconds from 0 to 2147483648, got {start!r}' in said
    said = error_of(capsys, folder, tmp_path / 'new', '--start', '2147483647.9', '--fps', '1')
    assert 'stamp: expected 0 to 2147483648 s, got 2147483648.9' in said
    assert not (tmp_path / 'new').exists()


@pytest.mark.parametrize('topic', ['my camera', '1st', 'cam/2', 'cam//image', 'kamera/größe', '~x',
                                   'a' * 300, ''])
def test_names_that_ros_does_not_know(folder: Path, tmp_path: Path, topic: str,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    """No bag gets them, so no replay stumbles over them."""
    assert 'expected a topic name' in error_of(capsys, folder, tmp_path / 'new', '--topic', topic)
    assert not (tmp_path / 'new').exists()


def test_a_bad_picture_costs_a_line(folder: Path, tmp_path: Path,
                                    capsys: pytest.CaptureFixture[str]) -> None:
    """Its time stays empty."""
    (folder / '2.png').write_bytes(b'no picture')
    options = ['--quiet', '--start', '0', '--fps', '10']
    assert main([str(folder), str(tmp_path / 'new'), *options]) == 0
    said = capsys.readouterr()
    assert '2.png' in said.err and '5 frames written' in said.out and '1 could not' in said.out
    assert times(tmp_path / 'new') == [0, 10**8, 3 * 10**8, 4 * 10**8, 5 * 10**8]


def test_interrupted(folder: Path, bag: Path, tmp_path: Path) -> None:
    """The bag ends there and is whole; one that was there before stays."""
    stop = Stop()
    stop.signal = 2
    assert write_bag(folder, tmp_path / 'new', quiet=True, stop=stop) == 1
    assert len(list(open_video(tmp_path / 'new').frames)) == 1
    write_bag(folder, bag, quiet=True, stop=stop, overwrite=True)
    assert len(times(bag)) == COUNT


def test_the_rate_is_that_of_the_images(bag: Path, tmp_path: Path) -> None:
    """Not of everything that was recorded, hours before and after."""
    from rosbags.rosbag2 import StoragePlugin, Writer
    from rosbags.typesys import get_typestore, Stores
    store = get_typestore(Stores.ROS2_JAZZY)
    text = store.types['std_msgs/msg/String']
    mixed = tmp_path / 'mixed'
    with open_bag(bag) as reader, Writer(mixed, version=9,
                                         storage_plugin=StoragePlugin.MCAP) as writer:
        notes = writer.add_connection('/notes', text.__msgtype__, typestore=store)
        images = writer.add_connection('/image', 'sensor_msgs/msg/Image', typestore=store)
        said = store.serialize_cdr(text('hello'), text.__msgtype__)
        writer.write(notes, 0, said)
        for _, time_ns, data in reader.messages():
            writer.write(images, time_ns, data)
        writer.write(notes, START_NS + 10**13, said)
    assert open_video(mixed).fps == pytest.approx(20)


@pytest.mark.parametrize('fps', ['1e-300', '1e300', 'nan', '0', 'fast'])
def test_rates_that_no_stamp_can_follow(folder: Path, tmp_path: Path, fps: str,
                                        capsys: pytest.CaptureFixture[str]) -> None:
    """They are refused by their option."""
    said = error_of(capsys, folder, tmp_path / 'new', '--fps', fps)
    assert 'argument --fps: expected' in said and repr(fps) in said
    assert not (tmp_path / 'new').exists()


def test_a_picture_that_is_too_wide_for_its_encoding(tmp_path: Path,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    """It is named in one line, and no bag is left."""
    wide = tmp_path / 'wide.png'
    cv2.imwrite(str(wide), np.zeros((4, 65_600, 3), np.uint8))
    said = error_of(capsys, wide, tmp_path / 'new', '--encoding', 'jpeg')
    assert f'{wide}: frame 0: expected a picture that jpeg has room for, got 65600 x 4' in said
    assert [each.name for each in tmp_path.iterdir()] == ['wide.png']


def test_a_video_with_a_damaged_frame(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It costs a line; the frames behind it keep their times."""
    file = tmp_path / 'video.avi'
    video = cv2.VideoWriter(str(file), cv2.VideoWriter_fourcc(*'MJPG'), 10, (64, 48))
    for _ in range(COUNT):
        video.write(np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8))
    video.release()
    data = file.read_bytes()
    start = [found.start() for found in re.finditer(b'\xff\xd8\xff', data)][2]
    file.write_bytes(data[:start] + bytes(400) + data[start + 400:])
    assert main([str(file), str(tmp_path / 'new'), '--quiet', '--start', '0']) == 0
    said = capsys.readouterr()
    assert f'{file}: frame 2: expected one that can be decoded' in said.err
    assert '5 frames written' in said.out and '1 could not be read' in said.out
    assert times(tmp_path / 'new') == [0, 10**8, 3 * 10**8, 4 * 10**8, 5 * 10**8]
