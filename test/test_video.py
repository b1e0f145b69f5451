# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The same frames from a folder, a video file and a bag."""
import re
import subprocess
import sys

import cv2
from impnet_ros.images import ImageError
from impnet_ros.sources.pictures import read_picture
from impnet_ros.video import open_video
import numpy as np
from PIL import Image
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import get_typestore, Stores

TYPES = get_typestore(Stores.ROS2_JAZZY)


def picture(number):
    return np.full((24, 32, 3), (40 * number, 10, 200), np.uint8)


def write_folder(path, count):
    path.mkdir()
    for number in range(count):
        cv2.imwrite(str(path / f'frame{number}.png'), picture(number)[..., ::-1])
    return path


def image_message(number, stamp_ns):
    header = TYPES.types['std_msgs/msg/Header'](
        stamp=TYPES.types['builtin_interfaces/msg/Time'](
            sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9), frame_id='camera')
    return TYPES.types['sensor_msgs/msg/Image'](
        header=header, height=24, width=32, encoding='rgb8', is_bigendian=0, step=96,
        data=picture(number).reshape(-1))


def write_bag(path, topics, storage=StoragePlugin.MCAP, stamps=(10**9, 11 * 10**8)):
    with Writer(path, version=9, storage_plugin=storage) as writer:
        for topic in topics:
            connection = writer.add_connection(topic, 'sensor_msgs/msg/Image', typestore=TYPES)
            for number, stamp_ns in enumerate(stamps):
                message = image_message(number, stamp_ns)
                writer.write(connection, 5 * 10**9 + number * 10**8,
                             TYPES.serialize_cdr(message, 'sensor_msgs/msg/Image'))
    return path


def write_video(path, count=12, damaged=()):
    """Write an .avi of which each frame is a JPEG; `damaged` ones are none."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 20.0, (32, 24))
    for number in range(count):
        writer.write(picture(number % 6))
    writer.release()
    data = bytearray(path.read_bytes())
    begins = [match.start() for match in re.finditer(b'\xff\xd8\xff', data)]
    for number in damaged:
        data[begins[number]:begins[number] + 200] = bytes(200)
    path.write_bytes(data)
    return path


def test_folder_in_natural_order_of_names(tmp_path):
    folder = write_folder(tmp_path / 'pictures', 12)
    (folder / '._frame3.png').write_bytes(b'of another program')
    video = open_video(folder, fps=10.0)
    frames = list(video.frames)
    assert (video.count, video.fps, len(frames)) == (12, 10.0, 12)
    assert frames[11].stamp_s == pytest.approx(1.1)
    np.testing.assert_array_equal(frames[3].image, picture(3))


def test_a_folder_that_goes_ends_its_pictures(tmp_path):
    """It is not that each of them cannot be read."""
    frames = open_video(write_folder(tmp_path / 'pictures', 5)).frames
    next(frames)
    (tmp_path / 'pictures').rename(tmp_path / 'unplugged')
    with pytest.raises(OSError, match='No such file or directory.*pictures'):
        next(frames)


@pytest.mark.parametrize('storage', [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
def test_bag_gives_rgb_and_header_stamps(tmp_path, storage):
    video = open_video(write_bag(tmp_path / 'bag', ['image'], storage))
    frames = list(video.frames)
    assert video.count == 2 and video.fps == pytest.approx(10.0)
    assert [frame.stamp_s for frame in frames] == pytest.approx([1.0, 1.1])
    np.testing.assert_array_equal(frames[1].image, picture(1))


def test_bag_without_header_stamps_uses_the_recording_time(tmp_path):
    told = []
    video = open_video(write_bag(tmp_path / 'bag', ['image'], stamps=(0, 0, 0)),
                       refused=lambda reason, frames: told.append((reason, frames)))
    assert [frame.stamp_s for frame in video.frames] == pytest.approx([0.0, 0.1, 0.2])
    assert video.fps == pytest.approx(10.0)
    [(reason, frames)] = told
    assert 'image 1 of image: its stamp is that of the one before' in reason and frames == 0


def test_simulated_time_begins_at_0(tmp_path):
    video = open_video(write_bag(tmp_path / 'bag', ['image'], stamps=(0, 10**8, 2 * 10**8)))
    frames = list(video.frames)
    assert [frame.stamp_ns for frame in frames] == [0, 10**8, 2 * 10**8]
    assert video.fps == pytest.approx(10.0)


def test_bag_with_two_cameras_needs_a_topic(tmp_path):
    bag = write_bag(tmp_path / 'bag', ['left', 'right'])
    with pytest.raises(ValueError, match='exactly one image topic.*left, right'):
        open_video(bag)
    assert len(list(open_video(bag, topic='right').frames)) == 2
    with pytest.raises(ValueError, match='expected up, the bag has .*left, right'):
        open_video(bag, topic='up')


def test_video_file_stamps_follow_its_frame_rate(tmp_path):
    path = tmp_path / 'clip.mp4'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 20.0, (32, 24))
    for number in range(6):
        writer.write(picture(number))
    writer.release()
    video = open_video(path)
    stamps = [frame.stamp_s for frame in video.frames]
    assert video.fps == pytest.approx(20.0)
    assert stamps == pytest.approx([0, .05, .1, .15, .2, .25])


def test_what_is_no_video_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match='no such video'):
        open_video(tmp_path / 'absent.mp4')
    with pytest.raises(ValueError, match='expected images .* found neither'):
        open_video(tmp_path)
    text = tmp_path / 'notes.txt'
    text.write_text('hello')
    with pytest.raises(ValueError, match='expected a video that OpenCV can read'):
        open_video(text)
    (tmp_path / 'broken.png').write_bytes(b'no picture')
    with pytest.raises(ImageError, match='broken.png'):
        list(open_video(tmp_path, refused=None).frames)


def test_a_damaged_frame_does_not_end_a_video(tmp_path, capfd):
    """It is told and leaves its place in time empty; those behind it are read."""
    told, bad = [], (0, 4, 5)
    path = write_video(tmp_path / 'clip.avi', damaged=bad)
    frames = list(open_video(path, refused=lambda *what: told.append(what)).frames)
    assert [frame.stamp_s for frame in frames] == pytest.approx(
        [number / 20 for number in range(12) if number not in bad])
    assert told == [(f'{path}: frame {number}: expected one that can be decoded, got none', 1)
                    for number in bad]
    assert len(list(open_video(path).frames)) == 9
    assert f'{path}: frame 4: expected one that' in capfd.readouterr().err
    with pytest.raises(ImageError, match='frame 0: expected one that can be decoded'):
        next(open_video(path, refused=None).frames)


def test_what_ffmpeg_makes_of_a_file_is_said_once(tmp_path):
    path = tmp_path / 'clip.mp4'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 20.0, (32, 24))
    for number in range(5):
        writer.write(picture(number))
    writer.release()
    path.write_bytes(path.read_bytes()[:-500])
    done = subprocess.run([sys.executable, '-m', 'impnet_ros.cli', 'detect', str(path)],
                          capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr == (
        f'impnet detect: {path}: expected a video that OpenCV can read, a folder of images or a '
        f'bag\n')


def test_a_video_that_is_cut_off_is_told_without_being_asked(tmp_path, capfd):
    path = write_video(tmp_path / 'clip.avi', 40)
    path.write_bytes(path.read_bytes()[:-8000])
    count = len(list(open_video(path).frames))
    assert 0 < count < 38
    assert f'ends after {count} frames, its header says 40' in capfd.readouterr().err


@pytest.mark.parametrize(('suffix', 'write'), [
    ('.tif', lambda name, images: cv2.imwritemulti(name, images)),
    ('.webp', lambda name, images: _write_animation(name, images)),
    ('.png', lambda name, images: _write_animation(name, images))])
def test_pictures_of_which_only_the_first_would_be_seen_are_refused(tmp_path, suffix, write):
    file = tmp_path / f'moving{suffix}'
    write(str(file), [picture(0), picture(3)])
    with pytest.raises(ImageError, match='one picture in a file, got 2: convert it to a video'):
        read_picture(file)
    cv2.imwrite(str(file), picture(0))
    assert read_picture(file).shape == (24, 32, 3)


def _write_animation(name, images):
    first, *others = [Image.fromarray(image) for image in images]
    first.save(name, save_all=True, append_images=others)


@pytest.mark.parametrize('channels', [1, 3])
def test_what_of_tiff_is_not_taken_is_said(tmp_path, channels):
    file = tmp_path / 'deep.tif'
    cv2.imwrite(str(file), picture(1)[..., :channels].astype(np.float32))
    with pytest.raises(ImageError, match='of 8 or 16 bits a channel, got'):
        read_picture(file)
