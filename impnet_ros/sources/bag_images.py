# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames from the image topic of a bag; needs no ROS."""
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
import struct
from typing import Any

from impnet_ros.config import StreamConfig
from impnet_ros.images import (COMPRESSED_TYPE, decode_compressed, decode_image, IMAGE_TYPE,
                               ImageError, RgbImage)
from impnet_ros.sources.bag_reader import BagError, BagReader, default_types, encoding_of, Message
from impnet_ros.sources.frames import rate_of, RecordedFrame, Refused, Video
from impnet_ros.stamps import Stamps
from rosbags.interfaces import Connection

_RATE_SAMPLES = 60
_STAMP_END = 12
_MAX_GAP_S = StreamConfig().max_gap
_PROBLEMS = {'still': 'that of the one before', 'absurd': 'absurd'}


@dataclass(frozen=True)
class Camera:
    """
    An image topic.

    Attributes
    ----------
    topic : str
    connections : list of Connection
        All its publishers.

    """

    topic: str
    connections: list[Connection]

    @property
    def count(self) -> int:
        """How many images it has."""
        return sum(each.msgcount for each in self.connections)


def cameras(reader: BagReader) -> list[Camera]:
    """Find the image topics of a bag, by name."""
    images = [each for each in reader.connections
              if each.msgtype in (IMAGE_TYPE, COMPRESSED_TYPE)]
    return [Camera(topic, [each for each in images if each.topic == topic])
            for topic in sorted({each.topic for each in images})]


def camera_of(reader: BagReader, topic: str) -> Camera:
    """Find the image topic of a name; an empty one takes the only one there is."""
    there = cameras(reader)
    wanted = f'/{topic.strip("/")}'
    chosen = [each for each in there if not topic or f'/{each.topic.strip("/")}' == wanted]
    if len(chosen) != 1:
        found = ', '.join(each.topic for each in there) or 'none'
        raise ValueError(f'{reader.path}: expected {topic or "exactly one image topic"}, the bag '
                         f'has these image topics: {found}')
    return chosen[0]


def open_bag_video(path: Path, topic: str, refused: Refused | None, max_pixels: int) -> Video:
    """Open the image topic of a bag; an empty `topic` takes the only one there is."""
    with BagReader(path) as reader:
        camera = camera_of(reader, topic)
        notes = list(reader.notes)
        stamps = Stamps()
        times_s: list[float] = []
        with suppress(BagError):  # told where the frames are read
            for connection, log_ns, raw in islice(reader.messages(camera.connections),
                                                  _RATE_SAMPLES):
                if len(raw) >= _STAMP_END:
                    sec, nanosec = _stamp(connection, raw)
                    time_s, _ = stamps.time_of(sec, nanosec, log_ns / 1e9, _MAX_GAP_S)
                    times_s.append(time_s)
    if refused:
        for note in notes:
            refused(note, 0)
    return Video(_frames(path, camera.topic, refused, max_pixels), camera.count,
                 rate_of(times_s))


def _frames(path: Path, topic: str, refused: Refused | None, max_pixels: int
            ) -> Iterator[RecordedFrame]:
    with BagReader(path) as reader:
        messages = reader.messages(camera_of(reader, topic).connections)
        yield from frames_of(messages, str(path), refused, max_pixels)


def frames_of(messages: Iterable[Message], bag: str, refused: Refused | None, max_pixels: int,
              first: int = 0) -> Iterator[RecordedFrame]:
    """
    Decode the messages of an image topic.

    Parameters
    ----------
    messages : iterable of (Connection, int, bytes)
        As `BagReader.messages` gives them.
    bag : str
        Its name, for what is refused.
    refused : callable, optional
        As of `open_video`.
    max_pixels : int
        Largest width times height taken.
    first : int
        Number of the first image.

    """
    stamps, told = Stamps(), {''}
    for number, (connection, log_ns, raw) in enumerate(messages, first):
        where = f'{bag}: image {number} of {connection.topic}'
        try:
            image, message = _decode(connection, raw, max_pixels)
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
        header_ns = stamp.sec * 10**9 + stamp.nanosec
        encoding = message.format if connection.msgtype == COMPRESSED_TYPE else message.encoding
        yield RecordedFrame(image, time_s, encoding, message.header.frame_id,
                            round(time_s * 1e9) if problem else header_ns, header_ns, log_ns,
                            number)


def image_message(connection: Connection, raw: bytes) -> Any:
    """
    Give the image message in some bytes.

    Raises
    ------
    ImageError
        If they are none.

    """
    kind, encoding = connection.msgtype, encoding_of(connection)
    types: Any = default_types(encoding)
    try:
        # These two types are the same in every ROS 2; what a bag says of them need not be right.
        return (types.deserialize_ros1 if encoding == 'ros1' else types.deserialize_cdr)(raw, kind)
    except Exception as error:  # noqa: B902 - whatever rosbags makes of bytes that are cut
        raise ImageError(f'expected a whole {kind}, got {len(raw)} bytes that are none '
                         f'({type(error).__name__})') from error


def _decode(connection: Connection, raw: bytes, max_pixels: int) -> tuple[RgbImage, Any]:
    message = image_message(connection, raw)
    if connection.msgtype == COMPRESSED_TYPE:
        return decode_compressed(message.data, max_pixels), message
    return decode_image(message.data, message.height, message.width, message.encoding,
                        message.step, bool(message.is_bigendian), max_pixels), message


def _stamp(connection: Connection, raw: bytes) -> tuple[int, int]:
    """Read the stamp at the head of an image message."""
    is_little = encoding_of(connection) == 'ros1' or raw[1] & 1
    sec, nanosec = struct.unpack_from('<iI' if is_little else '>iI', raw, 4)
    return sec, nanosec
