# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames from the image topic of a rosbag2; needs no ROS."""
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
import struct
from typing import Any

from impnet_ros.config import StreamConfig
from impnet_ros.images import (COMPRESSED_TYPE, decode_compressed, decode_image, IMAGE_TYPE,
                               ImageError, RgbImage)
from impnet_ros.sources.bag_reader import BagError, BagReader, default_types
from impnet_ros.sources.frames import rate_of, RecordedFrame, Refused, Video
from impnet_ros.stamps import Stamps

_RATE_SAMPLES = 60
_STAMP_END = 12
_MAX_GAP_S = StreamConfig().max_gap
_PROBLEMS = {'still': 'that of the one before', 'absurd': 'absurd'}


def open_bag_video(path: Path, topic: str, refused: Refused | None, max_pixels: int) -> Video:
    """Open the image topic of a bag; an empty `topic` takes the only one there is."""
    with BagReader(path) as reader:
        images = [connection for connection in reader.connections
                  if connection.msgtype in (IMAGE_TYPE, COMPRESSED_TYPE)]
        wanted = f'/{topic.strip("/")}'
        chosen = [connection for connection in images
                  if not topic or f'/{connection.topic.strip("/")}' == wanted]
        topics = sorted({connection.topic for connection in chosen})
        if len(topics) != 1:
            found = ', '.join(sorted({c.topic for c in images})) or 'none'
            raise ValueError(f'{path}: expected {topic or "exactly one image topic"}, the bag '
                             f'has these image topics: {found}')
        notes = list(reader.notes)
        stamps = Stamps()
        times_s: list[float] = []
        with suppress(BagError):  # told where the frames are read
            for _, log_ns, raw in islice(reader.messages(chosen), _RATE_SAMPLES):
                if len(raw) >= _STAMP_END:
                    sec, nanosec = _stamp(raw)
                    time_s, _ = stamps.time_of(sec, nanosec, log_ns / 1e9, _MAX_GAP_S)
                    times_s.append(time_s)
    if refused:
        for note in notes:
            refused(note, 0)
    return Video(_frames(path, topics[0], refused, max_pixels),
                 sum(connection.msgcount for connection in chosen), rate_of(times_s))


def _frames(path: Path, topic: str, refused: Refused | None, max_pixels: int
            ) -> Iterator[RecordedFrame]:
    stamps, told = Stamps(), {''}
    with BagReader(path) as reader:
        wanted = [connection for connection in reader.connections if connection.topic == topic
                  and connection.msgtype in (IMAGE_TYPE, COMPRESSED_TYPE)]
        for number, (connection, log_ns, raw) in enumerate(reader.messages(wanted)):
            where = f'{path}: image {number} of {topic}'
            try:
                image, message = _decode(connection.msgtype, raw, max_pixels)
            except ImageError as error:
                if refused is None:
                    raise ImageError(f'{where}: {error}') from error
                refused(f'{where}: {error}', 1)
                continue
            stamp = message.header.stamp
            time_s, problem = stamps.time_of(stamp.sec, stamp.nanosec, log_ns / 1e9, _MAX_GAP_S)
            if refused and problem not in told:
                told.add(problem)
                refused(f'{where}: its stamp is {_PROBLEMS[problem]}, the times of recording '
                        f'take its place', 0)
            stamp_ns = round(time_s * 1e9) if problem else stamp.sec * 10**9 + stamp.nanosec
            encoding = message.format if connection.msgtype == COMPRESSED_TYPE else (
                message.encoding)
            yield RecordedFrame(image, time_s, encoding, message.header.frame_id, stamp_ns)


def _decode(type_name: str, raw: bytes, max_pixels: int) -> tuple[RgbImage, Any]:
    try:
        # These two types are the same in every ROS 2; what a bag says of them need not be right.
        message: Any = default_types().deserialize_cdr(raw, type_name)
    except Exception as error:  # noqa: B902 - whatever rosbags makes of bytes that are cut
        raise ImageError(f'expected a whole {type_name}, got {len(raw)} bytes that are none '
                         f'({type(error).__name__})') from error
    if type_name == COMPRESSED_TYPE:
        return decode_compressed(message.data, max_pixels), message
    return decode_image(message.data, message.height, message.width, message.encoding,
                        message.step, bool(message.is_bigendian), max_pixels), message


def _stamp(raw: bytes) -> tuple[int, int]:
    """Read the stamp at the head of an image message."""
    sec, nanosec = struct.unpack_from('<iI' if raw[1] & 1 else '>iI', raw, 4)
    return sec, nanosec
