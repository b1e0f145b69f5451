# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames from a video file, a folder of images or a rosbag2; needs no ROS."""
from collections.abc import Iterator
from dataclasses import dataclass
import math
import os
from pathlib import Path
import re
from typing import Any

import cv2
from impnet_ros.images import (COMPRESSED_TYPE, decode_compressed, decode_image, IMAGE_SUFFIXES,
                               IMAGE_TYPE, ImageError)
from impnet_ros.stream.types import Frame
from rosbags.highlevel import AnyReader
from rosbags.interfaces import Connection
from rosbags.typesys import get_typestore, Stores

BAG_SUFFIXES = frozenset({'.mcap', '.db3'})


@dataclass(frozen=True)
class Video:
    """
    A source of frames.

    Attributes
    ----------
    frames : iterator of Frame
        In recorded order, read one at a time.
    count : int
        How many frames there are; for a video file what its header says, 0 if it says nothing.
    fps : float
        Frames a second.

    """

    frames: Iterator[Frame]
    count: int
    fps: float


def clips_folder() -> Path:
    """Where the clips are that `make setup` fetches: IMPNET_CLIPS, or data/clips."""
    return Path(os.environ.get('IMPNET_CLIPS', 'data/clips'))


def open_video(path: str | Path, topic: str = '', fps: float = 30.0) -> Video:
    """
    Open a video file, an image folder or a bag.

    Parameters
    ----------
    path : str or Path
        A video that OpenCV reads; a folder of pictures, taken in natural order of their names;
        or a rosbag2 (its folder, or the .mcap or .db3 file) with images on a topic.
    topic : str
        Image topic of a bag; empty takes the only one there is.
    fps : float
        Frames a second for a folder, and for a video file that does not say.

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
    if (path / 'metadata.yaml').is_file() or path.suffix in BAG_SUFFIXES:
        return _open_bag(path, topic)
    if path.is_dir():
        return _open_folder(path, fps)
    return _open_file(path, fps)


def _open_file(path: Path, default_fps: float) -> Video:
    capture = cv2.VideoCapture(str(path))
    if not capture.isOpened():
        raise ValueError(f'{path}: expected a video that OpenCV can read, a folder of images or '
                         f'a bag')
    fps = capture.get(cv2.CAP_PROP_FPS)
    fps = fps if 0.1 < fps < 1000 else default_fps
    return Video(_file_frames(capture, fps), max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT))),
                 fps)


def _file_frames(capture: cv2.VideoCapture, fps: float) -> Iterator[Frame]:
    stamp_s = -1.0 / fps
    while True:
        known, image = capture.read()
        if not known:
            return
        # The container's time stamp where it advances, else the frame rate.
        shown_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3
        stamp_s = shown_s if shown_s > stamp_s else stamp_s + 1.0 / fps
        yield Frame(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), stamp_s)


def natural_order(path: Path) -> list[Any]:
    """Give the key that sorts 2.jpg before 10.jpg."""
    return [int(part) if part.isdecimal() else part for part in re.split(r'(\d+)', path.name)]


def _open_folder(path: Path, fps: float) -> Video:
    files = sorted((file for file in path.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES),
                   key=natural_order)
    if not files:
        raise ValueError(f'{path}: expected images ({", ".join(sorted(IMAGE_SUFFIXES))}) or a '
                         f'bag with its metadata.yaml, found neither')
    if not 0 < fps < math.inf:
        raise ValueError(f'fps: expected frames a second > 0, got {fps}')
    return Video(_folder_frames(files, fps), len(files), fps)


def _folder_frames(files: list[Path], fps: float) -> Iterator[Frame]:
    for index, file in enumerate(files):
        try:
            yield Frame(decode_compressed(file.read_bytes()), index / fps)
        except ImageError as error:
            raise ImageError(f'{file}: {error}') from error


def open_bag(path: Path) -> AnyReader:
    """Open a rosbag2 folder or storage file whose types are in the bag or in ROS 2 Jazzy."""
    return AnyReader([path], default_typestore=get_typestore(Stores.ROS2_JAZZY))


def _open_bag(path: Path, topic: str) -> Video:
    with open_bag(path) as reader:
        images = [connection for connection in reader.connections
                  if connection.msgtype in (IMAGE_TYPE, COMPRESSED_TYPE)]
        chosen = [connection for connection in images if connection.topic == topic or not topic]
        topics = sorted({connection.topic for connection in chosen})
        if len(topics) != 1:
            found = ', '.join(sorted({c.topic for c in images})) or 'none'
            raise ValueError(f'{path}: expected {topic or "exactly one image topic"}, the bag '
                             f'has these image topics: {found}')
        count = sum(connection.msgcount for connection in chosen)
        duration_s = reader.duration / 1e9
    fps = (count - 1) / duration_s if count > 1 and duration_s > 0 else 30.0
    return Video(_bag_frames(path, topics[0]), count, fps)


def _bag_frames(path: Path, topic: str) -> Iterator[Frame]:
    with open_bag(path) as reader:
        wanted = [connection for connection in reader.connections if connection.topic == topic]
        for connection, log_ns, raw in reader.messages(wanted):
            yield _bag_frame(reader, connection, log_ns, raw)


def _bag_frame(reader: AnyReader, connection: Connection, log_ns: int, raw: bytes) -> Frame:
    message: Any = reader.deserialize(raw, connection.msgtype)
    stamp = message.header.stamp
    stamp_s = stamp.sec + stamp.nanosec * 1e-9 if stamp.sec or stamp.nanosec else log_ns * 1e-9
    if connection.msgtype == COMPRESSED_TYPE:
        return Frame(decode_compressed(message.data), stamp_s)
    image = decode_image(message.data, message.height, message.width, message.encoding,
                         message.step, bool(message.is_bigendian))
    return Frame(image, stamp_s)
