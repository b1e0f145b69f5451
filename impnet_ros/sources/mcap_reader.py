# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MCAP files that rosbags refuses: unfinished, of no profile, or without an index."""
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from rosbags.interfaces import (Connection, ConnectionExtRosbag2, MessageDefinition,
                                MessageDefinitionFormat)
from rosbags.rosbag2 import ReaderError
from rosbags.rosbag2.metadata import parse_qos
from rosbags.rosbag2.storage_mcap import McapReader

_FORMATS = {'ros2msg': MessageDefinitionFormat.MSG, 'ros2idl': MessageDefinitionFormat.IDL,
            'omgidl': MessageDefinitionFormat.IDL}
_LARGEST_RECORD = 1 << 30
_LAST_NS = (1 << 63) - 1


class TolerantMcapReader(McapReader):
    """
    Reads what rosbags reads, and the rest from its beginning, as far as it goes.

    Attributes
    ----------
    notes : list of str
        Why a file is read from its beginning.

    """

    notes: tuple[str, ...] = ()
    _is_scanned = False

    def open(self) -> None:  # noqa: A003 - the name that rosbags gives it
        """Open by the index; without one by reading the file once."""
        try:
            super().open()
            if sum(each.msgcount for each in self.connections) < self.metadata.message_count:
                raise ReaderError('the summary lacks topics')
            return
        except Exception as error:  # noqa: B902 - a file of strangers: struct, key, assertion ...
            if not self.path.is_file() or not self.path.stat().st_size:
                raise
            reason = error
        self.close()
        counts: Counter[int] = Counter()
        first, last = _LAST_NS, 0
        self.connections, self.notes, self._is_scanned = [], (), True
        for connection, time_ns, _ in self._scan():
            counts[connection.id] += 1
            first, last = min(first, time_ns), max(last, time_ns)
        if not self.connections:
            raise reason
        total = counts.total()
        self.connections = [each._replace(msgcount=counts[each.id]) for each in self.connections]
        self.metadata = self.metadata._replace(
            duration=last - first + 1 if total else 0, start_time=first,
            end_time=last + 1 if total else 0, message_count=total)
        text = ' '.join(str(reason).split()).rstrip('.')
        self.notes = (f'{self.path}: read from its beginning, {total} messages, as it has no '
                      f'usable index ({text}); `mcap recover` gives it one',)

    def close(self) -> None:
        """Close the file, where one is open."""
        if self.bio is not None:
            super().close()

    def messages(self, connections: Collection[Connection], start: int | None = None,
                 stop: int | None = None) -> Iterator[tuple[Connection, int, bytes]]:
        """Yield messages by the index, or by reading through the file where it misses some."""
        if self._is_scanned:
            known = {each.id: each for each in connections}
            for connection, time_ns, data in self._scan():
                if connection.id in known and (start is None or start <= time_ns) and (
                        stop is None or time_ns < stop):
                    yield known[connection.id], time_ns, data
            return
        indexed: Counter[int] = Counter()
        for chunk in self.chunks:
            indexed.update(chunk.channel_count)
        if any(indexed[each.id] < each.msgcount for each in connections):
            yield from self.messages_scan(connections, start, stop)
        else:
            yield from super().messages(connections, start, stop)

    def _scan(self) -> Iterator[tuple[Connection, int, bytes]]:
        from mcap.records import Channel, Message, Schema
        from mcap.stream_reader import StreamReader
        schemas: dict[int, Any] = {}
        known: dict[int, Connection] = {each.id: each for each in self.connections}
        with self.path.open('rb') as file:
            records = StreamReader(file, record_size_limit=_LARGEST_RECORD).records
            while True:
                try:
                    record = next(records)
                except Exception:  # noqa: B902 - StopIteration, or where the file breaks off
                    return
                if isinstance(record, Schema):
                    schemas[record.id] = record
                elif isinstance(record, Channel) and record.id not in known:
                    known[record.id] = self._connection(record, schemas.get(record.schema_id))
                    self.connections.append(known[record.id])
                elif isinstance(record, Message) and record.channel_id in known:
                    yield known[record.channel_id], record.log_time, record.data

    def _connection(self, channel: Any, schema: Any) -> Connection:
        name = schema.name if schema else '__schemaless__'
        kind = _FORMATS.get(schema.encoding) if schema else None
        definition = (MessageDefinition(MessageDefinitionFormat.NONE, '') if kind is None else
                      MessageDefinition(kind, schema.data.decode('utf-8', 'replace')))
        try:
            offered = parse_qos(channel.metadata.get('offered_qos_profiles', ''))
        except Exception:  # noqa: B902 - whatever was written there
            offered = []
        return Connection(channel.id, channel.topic, name, definition, '', 0,
                          ConnectionExtRosbag2(channel.message_encoding, offered), self)
