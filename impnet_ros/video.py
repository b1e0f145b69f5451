# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames from a video file, a picture, a folder of pictures or a rosbag2; needs no ROS."""
from collections.abc import Iterator
import os
from pathlib import Path

import cv2
from impnet_ros.images import ImageError, MAX_PIXELS, Pixels, require_few
from impnet_ros.sources.bag_images import open_bag_video
from impnet_ros.sources.bag_reader import BagReader, is_bag
from impnet_ros.sources.frames import DEFAULT_FPS, Refused, sane_fps, say, Video
from impnet_ros.sources.pictures import IMAGE_SUFFIXES, open_folder, open_pictures, size_of
from impnet_ros.stream.types import Frame

_HEAD_BYTES = 1 << 20
_FEWEST_TRIES, _MOST_TRIES = 100, 100_000
"""Bounds of the reads behind the last good frame; at the end of a file one takes 15 us."""


def clips_folder() -> Path:
    """Where the clips are that `make setup` fetches: IMPNET_CLIPS, or data/clips."""
    return Path(os.environ.get('IMPNET_CLIPS', 'data/clips'))


def open_video(path: str | Path, topic: str = '', fps: float = DEFAULT_FPS,
               refused: Refused | None = say, max_pixels: int = MAX_PIXELS) -> Video:
    """
    Open a video file, an image folder or a bag.

    Parameters
    ----------
    path : str or Path
        A video that OpenCV reads; a picture, or a folder of pictures, taken in natural order of
        their names, upright as their orientation tags say; or a rosbag2 (its folder, or the .mcap
        or .db3 file) with images on a topic.
    topic : str
        Image topic of a bag; empty takes the only one there is.
    fps : float
        Frames a second for pictures, and for a video file that does not say.
    refused : callable, optional
        Is told of each picture that cannot be read, which is then left out; its place in time
        stays empty. By default it is said on stderr. With None the first such picture raises an
        ImageError.
    max_pixels : int
        Largest width times height taken.

    Raises
    ------
    ValueError
        If the path holds nothing of these, or the topic is not clear.
    FileNotFoundError
        If there is no such path.

    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f'no such video, folder or bag: {path}')
    if is_bag(path):
        return open_bag_video(path, topic, refused, max_pixels)
    if path.is_dir():
        return open_folder(path, fps, refused, max_pixels)
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return open_pictures([path], fps, refused, max_pixels)
    return _open_file(path, fps, refused, max_pixels)


def open_bag(path: Path) -> BagReader:
    """Open a rosbag2 folder or storage file whose types are in the bag or in ROS 2 Jazzy."""
    return BagReader(path)


def _open_file(path: Path, default_fps: float, refused: Refused | None, max_pixels: int) -> Video:
    if not path.is_file():
        raise ValueError(f'{path}: expected a video, a folder of images or a bag, got a device')
    _require_small_picture(path, max_pixels)
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')  # we say ourselves what cannot be read
    # An absolute path: what stands before a colon would be a protocol to FFmpeg.
    capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise ValueError(f'{path}: expected a video that OpenCV can read, a folder of images or '
                         f'a bag')
    try:
        require_few(int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
                    int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)), max_pixels)
    except ImageError as error:
        raise ValueError(f'{path}: {error}') from error
    fps = sane_fps(capture.get(cv2.CAP_PROP_FPS), default_fps)
    count = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
    return Video(_frames(path, capture, fps, count, refused, max_pixels), count, fps)


def _require_small_picture(path: Path, max_pixels: int) -> None:
    """Refuse a picture that is too large, whatever its name: FFmpeg unpacks it on opening."""
    with path.open('rb') as file:
        head = file.read(_HEAD_BYTES)
    try:
        size = size_of(head)
    except ImageError:
        return  # no picture
    try:
        require_few(*size, max_pixels)
    except ImageError as error:
        raise ValueError(f'{path}: {error}') from error


def _frames(path: Path, capture: cv2.VideoCapture, fps: float, count: int,
            refused: Refused | None, max_pixels: int) -> Iterator[Frame]:
    stamp_s, read = -1.0 / fps, 0
    for number, image in _decoded(capture, count):
        for lost in range(read, number):
            _refuse(f'{path}: frame {lost}: expected one that can be decoded, got none', refused)
        # The container's time stamp where it advances, else the frame rate.
        shown_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3
        stamp_s = shown_s if shown_s > stamp_s else stamp_s + (number + 1 - read) / fps
        read = number + 1
        try:
            require_few(image.shape[1], image.shape[0], max_pixels)
        except ImageError as error:
            _refuse(f'{path}: frame {number}: {error}', refused)
            continue
        yield Frame(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), stamp_s)
    # What a header says is exact in some containers, and in others a guess from the duration.
    if refused and max(read, (stamp_s + 1 / fps) * fps) < 0.98 * count - 1:
        refused(f'{path}: ends after {read} frames, its header says {count}', 0)


def _decoded(capture: cv2.VideoCapture, count: int) -> Iterator[tuple[int, Pixels]]:
    """Give the frames that can be decoded, with their numbers; a damaged one is not the end."""
    number = failed = 0
    while failed < min(max(count - number + failed, _FEWEST_TRIES), _MOST_TRIES):
        known, image = capture.read()
        failed = 0 if known else failed + 1
        if known:
            yield number, image
        number += 1


def _refuse(reason: str, refused: Refused | None) -> None:
    if refused is None:
        raise ImageError(reason)
    refused(reason, 1)
