# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MCAP files as they are found: unfinished, damaged, of any profile, with an index or without."""
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from io import BytesIO
from itertools import count
from typing import Any

from impnet_ros.sources.mcap_index import FileIndex, index_of, UNFINISHED
from impnet_ros.sources.unpacking import lz4_size, zstd_size
from mcap.data_stream import ReadDataStream
from mcap.records import Channel, Chunk, ChunkIndex, DataEnd, Message, MessageIndex, Schema
from mcap.stream_reader import breakup_chunk, StreamReader
from rosbags.interfaces import (Connection, ConnectionExtRosbag2, MessageDefinition,
                                MessageDefinitionFormat)
from rosbags.rosbag2 import ReaderError
from rosbags.rosbag2.metadata import parse_qos, ReaderMetadata

_FORMATS = {'ros2msg': MessageDefinitionFormat.MSG, 'ros2idl': MessageDefinitionFormat.IDL,
            'omgidl': MessageDefinitionFormat.IDL, 'ros1msg': MessageDefinitionFormat.MSG}
_RECORD_HEAD = 9  # bytes: what a record is, and how long
LARGEST_RECORD = 1 << 30
"""Bytes of a record or chunk, also unpacked: a few can be made to hold any number."""

_CUT_OFF = 'it is cut off'
_LAST_NS = (1 << 63) - 1


@dataclass(frozen=True)
class Stretch:
    """Messages of one topic that lie together in a file: first and last time, and how many."""

    first_ns: int
    last_ns: int
    count: int


class McapFile:
    """
    A storage for rosbags' readers.

    With an index only the chunks that are wanted are read, else the file from its beginning. A
    chunk that cannot be read is left out.

    Attributes
    ----------
    cut : str
        Why not all is read that there should be, in a few words; complete after `messages`.
    notes : tuple of str
        Why a file is read from its beginning.

    """

    def __init__(self, path: Any) -> None:
        self.path = path
        self.connections: list[Connection] = []
        self.metadata = ReaderMetadata(0, _LAST_NS, 0, 0, None, None, None, None)
        self.cut, self.notes = '', ()
        self._index: FileIndex | None = None
        self._stream: Any = None

    def open(self) -> None:  # noqa: A003 - the name that rosbags gives it
        """Open by the index; without one by reading the file once."""
        self._stream = self.path.open('rb')
        try:
            self._index, reason = index_of(self._stream)
            if self._index is None:
                self._scan(reason)
            else:
                self.connections = [self._connection(channel, self._index.schemas, number)
                                    for channel, number in self._index.channels]
                self._tell(self._index.first_ns, self._index.last_ns)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def messages(self, connections: Collection[Connection], start: int | None = None,
                 stop: int | None = None) -> Iterator[tuple[Connection, int, bytes]]:
        """Yield messages in the order of time by the index, else as they come."""
        known = {each.id: each for each in connections}
        found = (self._by_index(known, start, stop) if self._index and self._index.chunks
                 else self._through())
        for record in found:
            if isinstance(record, Message) and record.channel_id in known and (
                    start is None or start <= record.log_time) and (
                    stop is None or record.log_time < stop):
                yield known[record.channel_id], record.log_time, record.data

    def stretches(self, topic: str, gap_ns: int) -> list[Stretch] | None:
        """Give what the index knows of a topic, nothing longer than `gap_ns` in a stretch."""
        if self._index is None or not self._index.has_messages:
            return None
        numbers = {each.id for each in self.connections if each.topic == topic}
        return [stretch for chunk in self._index.chunks
                for stretch in self._stretches_of(chunk, numbers, gap_ns)]

    def _stretches_of(self, chunk: ChunkIndex, numbers: set[int], gap_ns: int) -> list[Stretch]:
        """Ask the chunk's index alone, and where there is room for a gap the messages' own."""
        assert self._index
        own = self._index.counts(chunk)
        total = sum(own.get(number, 0) for number in numbers)
        if not total:
            return []
        if chunk.message_end_time - chunk.message_start_time <= gap_ns:
            return [Stretch(chunk.message_start_time, chunk.message_end_time, total)]
        times: list[int] = []
        for number in numbers & own.keys():
            self._stream.seek(chunk.message_index_offsets[number] + _RECORD_HEAD)
            records = MessageIndex.read(ReadDataStream(self._stream)).records
            times += [time_ns for time_ns, _ in records]
        return _split(sorted(times), gap_ns)

    def _by_index(self, known: Collection[int], start: int | None, stop: int | None
                  ) -> Iterator[Message]:
        """Read chunk after chunk; messages wait while a later chunk may hold an earlier one."""
        assert self._index
        waiting: list[tuple[int, int, Message]] = []
        order = count()
        for chunk in self._index.with_messages(known, start, stop):
            while waiting and waiting[0][0] < chunk.message_start_time:
                yield heappop(waiting)[2]
            self._stream.seek(chunk.chunk_start_offset)
            raw = self._stream.read(chunk.chunk_length)
            for record in self._opened(lambda: next(StreamReader(
                    BytesIO(raw), skip_magic=True, emit_chunks=True).records)):
                if isinstance(record, Message) and record.channel_id in known:
                    heappush(waiting, (record.log_time, next(order), record))
        while waiting:
            yield heappop(waiting)[2]

    def _through(self) -> Iterator[Any]:
        """Read the file from its beginning, to where it ends or breaks off."""
        with self.path.open('rb') as stream:
            records = StreamReader(stream, emit_chunks=True,
                                   record_size_limit=LARGEST_RECORD).records
            while True:
                try:
                    record = next(records)
                except OSError:
                    raise
                except Exception:  # noqa: B902 - StopIteration, or where the file breaks off
                    self.cut = self.cut or _CUT_OFF
                    return
                if isinstance(record, DataEnd):
                    return
                if isinstance(record, Chunk):
                    yield from self._opened(lambda: record)
                else:
                    yield record

    def _opened(self, chunk: Any) -> list[Any]:
        """Give what is in a chunk; nothing, and say so, if it is damaged."""
        try:
            return list(breakup_chunk(_small(chunk()), validate_crc=True))
        except OSError:
            raise
        except Exception as error:  # noqa: B902 - zstd, lz4, struct: each has its own
            text = ' '.join(str(error).split()) or type(error).__name__
            self.cut = self.cut or f'damaged parts are left out ({text})'
            return []

    def _scan(self, reason: str) -> None:
        schemas: dict[int, Schema] = {}
        channels: dict[int, Channel] = {}
        counts: Counter[int] = Counter()
        first_ns, last_ns = _LAST_NS, 0
        for record in self._through():
            if isinstance(record, Schema):
                schemas[record.id] = record
            elif isinstance(record, Channel):
                channels.setdefault(record.id, record)
            elif isinstance(record, Message):
                counts[record.channel_id] += 1
                first_ns = min(first_ns, record.log_time)
                last_ns = max(last_ns, record.log_time)
        if self.cut and not channels:
            raise ReaderError('expected an MCAP file, this one is none, or cut off before its '
                              'first message' if self.cut == _CUT_OFF else
                              f'it holds no message that can be read, {self.cut}')
        if reason == UNFINISHED and not self.cut:
            self.cut = 'it is cut off in its index, no message is missing'
        self.connections = [self._connection(channel, schemas, counts[number])
                            for number, channel in channels.items()]
        self._tell(first_ns, last_ns)
        self.notes = (f'{self.path}: read from its beginning, {counts.total()} messages, as it '
                      f'has no usable index ({reason}); `mcap recover` gives it one',)

    def _tell(self, first_ns: int, last_ns: int) -> None:
        total = sum(each.msgcount for each in self.connections)
        self.metadata = self.metadata._replace(
            duration=last_ns - first_ns + 1 if total else 0, message_count=total,
            start_time=first_ns if total else _LAST_NS, end_time=last_ns + 1 if total else 0)

    def _connection(self, channel: Channel, schemas: dict[int, Schema], number: int
                    ) -> Connection:
        schema = schemas.get(channel.schema_id)
        kind = _FORMATS.get(schema.encoding) if schema else None
        definition = (MessageDefinition(MessageDefinitionFormat.NONE, '') if kind is None else
                      MessageDefinition(kind, schema.data.decode('utf-8', 'replace')))
        try:
            offered = parse_qos(channel.metadata.get('offered_qos_profiles', ''))
        except Exception:  # noqa: B902 - whatever was written there
            offered = []
        name = schema.name if schema else '__schemaless__'
        return Connection(channel.id, channel.topic, _type_name(name), definition, '', number,
                          ConnectionExtRosbag2(channel.message_encoding, offered), self)


def _small(chunk: Chunk) -> Chunk:
    """Refuse a chunk that would fill the memory."""
    size = chunk.uncompressed_size
    if chunk.compression == 'zstd':
        size = max(size, zstd_size(chunk.data, LARGEST_RECORD))
    elif chunk.compression == 'lz4':
        size = max(size, lz4_size(chunk.data, LARGEST_RECORD))
    if size > LARGEST_RECORD:
        raise ValueError(f'expected at most {LARGEST_RECORD} bytes in a chunk, got {size} or more')
    return chunk


def _type_name(name: str) -> str:
    """Give a type's name as ROS 2 has it; ROS 1's is without `msg`."""
    return name if name.count('/') != 1 else name.replace('/', '/msg/')


def _split(times: list[int], gap_ns: int) -> list[Stretch]:
    """Make stretches of sorted times between which there are gaps."""
    begins = [0, *(place for place in range(1, len(times))
                   if times[place] - times[place - 1] > gap_ns)]
    return [Stretch(times[begin], times[end - 1], end - begin)
            for begin, end in zip(begins, [*begins[1:], len(times)])]
