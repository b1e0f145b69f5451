# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One file of a bag: MCAP through its own library, sqlite3 and ROS 1 through rosbags."""
from collections.abc import Iterator
from contextlib import contextmanager, ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from impnet_ros.archive.places import Place
from impnet_ros.images import COMPRESSED_TYPE, IMAGE_TYPE
from mcap.data_stream import ReadDataStream
from mcap.reader import make_reader, McapReader, NonSeekingReader
from mcap.records import ChunkIndex, MessageIndex
from rosbags.rosbag1 import Reader as Ros1Reader
from rosbags.rosbag2 import Reader as Ros2Reader
from rosbags.typesys import get_typestore, Stores

IMAGE_TYPES = (IMAGE_TYPE, COMPRESSED_TYPE)
_MAGIC = b'\x89MCAP0\r\n'
_RECORD_HEAD, _INDEX_HEAD, _INDEX_ITEM = 9, 15, 16  # bytes, of MCAP's message index too


@dataclass(frozen=True)
class Topic:
    """
    A topic of a bag.

    Attributes
    ----------
    name, kind : str
        Such as '/camera/image_raw' and 'sensor_msgs/msg/Image'.
    encoding : str
        Of its messages: 'cdr' or 'ros1'; others are not read.
    count : int
        Messages.

    """

    name: str
    kind: str
    encoding: str
    count: int

    @property
    def is_camera(self) -> bool:
        """Whether its messages are images that can be read here."""
        return self.kind in IMAGE_TYPES and self.encoding in ('cdr', 'ros1')


@dataclass(frozen=True)
class Stretch:
    """Messages of one topic that lie together in a file: first and last time, and how many."""

    first_ns: int
    last_ns: int
    count: int


class BagFile(Protocol):
    """What a bag is made of."""

    topics: list[Topic]

    def messages(self, topic: str, start_ns: int | None,
                 stop_ns: int | None) -> Iterator[tuple[int, bytes]]:
        """Give time and content of the messages in the order of their times, stop excluded."""

    def stretches(self, topic: str, gap_ns: int) -> list[Stretch] | None:
        """Give what the index knows of a topic, nothing longer than `gap_ns` inside a stretch."""


class McapFile:
    """An MCAP file, with or without index, of any profile."""

    def __init__(self, where: Place | Path, stack: ExitStack) -> None:
        self._stream = stack.enter_context(where.open('rb'))
        self._stream.seek(-len(_MAGIC), 2)
        if self._stream.read() != _MAGIC:
            raise ValueError('expected a whole MCAP file, this one is cut off or none; `mcap '
                             'recover` may save what is there')
        self._stream.seek(0)
        self._summary = make_reader(self._stream).get_summary()
        self._indexed = (self._summary is not None and bool(self._summary.channels)
                         and bool(self._summary.chunk_indexes))
        self.topics = self._told() or self._scanned()

    def _told(self) -> list[Topic]:
        summary = self._summary
        if summary is None or summary.statistics is None or not summary.channels:
            return []
        counts = summary.statistics.channel_message_counts
        return _united((channel.topic, _schema_name(summary.schemas.get(channel.schema_id)),
                        channel.message_encoding, counts.get(number, 0))
                       for number, channel in summary.channels.items())

    def _scanned(self) -> list[Topic]:
        return _united((channel.topic, _schema_name(schema), channel.message_encoding, 1)
                       for schema, channel, _ in self._all())

    def _all(self, **which: Any) -> Iterator[Any]:
        self._stream.seek(0)
        if self._indexed:
            reader: McapReader = make_reader(self._stream, validate_crcs=True)
        else:
            reader = NonSeekingReader(self._stream, validate_crcs=True)
        # Without an index the library would hold everything in memory to bring it into order.
        yield from reader.iter_messages(log_time_order=self._indexed, **which)

    def messages(self, topic: str, start_ns: int | None,
                 stop_ns: int | None) -> Iterator[tuple[int, bytes]]:
        for _, _, message in self._all(topics=[topic], starting_at=start_ns,
                                       ending_before=stop_ns):
            yield message.log_time, message.data

    def stretches(self, topic: str, gap_ns: int) -> list[Stretch] | None:
        summary = self._summary
        if summary is None or not self._indexed:
            return None
        channels = {key for key, channel in summary.channels.items() if channel.topic == topic}
        return [stretch for chunk in summary.chunk_indexes
                for stretch in self._stretches_of(chunk, channels, gap_ns)]

    def _stretches_of(self, chunk: ChunkIndex, channels: set[int],
                      gap_ns: int) -> list[Stretch]:
        """Ask the chunk's index alone, and where there is room for a gap the messages' own."""
        starts = sorted((at, key) for key, at in chunk.message_index_offsets.items())
        end = chunk.chunk_start_offset + chunk.chunk_length + chunk.message_index_length
        ends = [*(at for at, _ in starts[1:]), end]
        own = [(at, (stop - at - _INDEX_HEAD) // _INDEX_ITEM)
               for (at, key), stop in zip(starts, ends) if key in channels]
        count = sum(number for _, number in own)
        if not count:
            return []
        if chunk.message_end_time - chunk.message_start_time <= gap_ns:
            return [Stretch(chunk.message_start_time, chunk.message_end_time, count)]
        times: list[int] = []
        for at, _ in own:
            self._stream.seek(at + _RECORD_HEAD)
            index = MessageIndex.read(ReadDataStream(self._stream))
            times += [time_ns for time_ns, _ in index.records]
        return _split(sorted(times), gap_ns)


def _split(times: list[int], gap_ns: int) -> list[Stretch]:
    """Make stretches of sorted times between which there are gaps."""
    begins = [0, *(place for place in range(1, len(times))
                   if times[place] - times[place - 1] > gap_ns)]
    return [Stretch(times[begin], times[end - 1], end - begin)
            for begin, end in zip(begins, [*begins[1:], len(times)])]


class RosbagsFile:
    """A .db3 file of rosbag2, or a .bag file of ROS 1."""

    def __init__(self, where: Place | Path, stack: ExitStack) -> None:
        path = Path(where.path) if isinstance(where, Place) and where.is_local else where
        ros1 = path.suffix == '.bag'
        self._reader: Any = (Ros1Reader if ros1 else Ros2Reader)(path)
        self._reader.open()
        stack.callback(self._reader.close)
        self.topics = _united(
            (connection.topic, connection.msgtype,
             'ros1' if ros1 else connection.ext.serialization_format, connection.msgcount)
            for connection in self._reader.connections)

    def messages(self, topic: str, start_ns: int | None,
                 stop_ns: int | None) -> Iterator[tuple[int, bytes]]:
        wanted = [connection for connection in self._reader.connections
                  if connection.topic == topic]
        for _, log_ns, raw in self._reader.messages(wanted, start_ns, stop_ns):
            yield log_ns, bytes(raw)

    def stretches(self, topic: str, gap_ns: int) -> list[Stretch] | None:
        return None


def _schema_name(schema: Any) -> str:
    name = schema.name if schema is not None else ''
    return name if name.count('/') != 1 else name.replace('/', '/msg/')


def _united(rows: Any) -> list[Topic]:
    """Make one topic of several publishers."""
    found: dict[tuple[str, str, str], int] = {}
    for name, kind, encoding, count in rows:
        found[name, kind, encoding] = found.get((name, kind, encoding), 0) + count
    return [Topic(*key, count) for key, count in found.items()]


@cache
def _types(encoding: str) -> Any:
    return get_typestore(Stores.ROS1_NOETIC if encoding == 'ros1' else Stores.ROS2_JAZZY)


def decode(raw: bytes, topic: Topic) -> Any:
    """Give the message in some bytes; image messages are the same in every distribution."""
    types = _types(topic.encoding)
    if topic.encoding == 'ros1':
        return types.deserialize_ros1(raw, topic.kind)
    return types.deserialize_cdr(raw, topic.kind)


def stamp_of(message: Any, log_ns: int) -> int:
    """Give the time of an image in nanoseconds; one without a stamp has the bag's time."""
    stamp = message.header.stamp
    return int(stamp.sec * 10**9 + stamp.nanosec) or log_ns


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turn whatever a broken file does to a library into one sentence with its name."""
    try:
        yield
    except (OSError, MemoryError):
        raise
    except ValueError as error:
        raise error if str(error).startswith(url) else ValueError(f'{url}: {error}') from error
    except Exception as error:  # noqa: B902 - any of four libraries
        hint = '; `mcap recover` may save what is whole' if url.endswith('.mcap') else ''
        text = str(error) or 'it ends too early'
        raise ValueError(
            f'{url}: cannot be read ({type(error).__name__}: {text}){hint}') from error
