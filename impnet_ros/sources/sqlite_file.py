# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Read a .db3 file of a rosbag2, as far as it goes where it is cut off."""
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw
from rosbags.interfaces import (Connection, ConnectionExtRosbag2, MessageDefinition,
                                MessageDefinitionFormat)
from rosbags.rosbag2 import ReaderError
from rosbags.rosbag2.metadata import parse_qos, ReaderMetadata
from rosbags.rosbag2.storage_sqlite3 import make_vfs, Sqlite3Reader

_FORMATS = {'ros2msg': MessageDefinitionFormat.MSG, 'ros2idl': MessageDefinitionFormat.IDL}


class SqliteFile(Sqlite3Reader):
    """
    A storage file of rosbags; where it is cut off or damaged, what lies before that is read.

    Attributes
    ----------
    cut : str
        Why not all can be read that was recorded; empty where all can.
    notes : tuple of str
        What is not as it should be, a sentence each.

    """

    def __init__(self, path: Any) -> None:
        # rosbags makes a URI of it as it stands.
        super().__init__(Path(quote(str(path))) if isinstance(path, Path) else path)
        self.cut, self.notes = '', ()
        self._rows: list[tuple[int, int, int]] | None = None

    def open(self) -> None:  # noqa: A003 - the name that rosbags gives it
        """Open it; where that fails, open what is left of it."""
        try:
            super().open()
        except ReaderError as error:
            if not isinstance(error.__cause__, (apsw.CorruptError, apsw.IOError)):
                raise
            with suppress(apsw.Error):
                self._open_rest()
            if not self._rows:
                raise

    def messages(self, connections: Collection[Connection], start: int | None = None,
                 stop: int | None = None) -> Iterator[tuple[Connection, int, bytes]]:
        """Yield (connection, time in nanoseconds, bytes) in order of time."""
        if self._rows is None:
            yield from super().messages(connections, start, stop)
            return
        chosen = {each.id: each for each in connections}
        for time_ns, number, topic in self._rows:
            if topic in chosen and (start is None or time_ns >= start) and (
                    stop is None or time_ns < stop):
                data = self._data(number)
                if data is not None:
                    yield chosen[topic], time_ns, data

    def _open_rest(self) -> None:
        vfs = None if isinstance(self.path, Path) else make_vfs(self.path)
        self.dbconn = apsw.Connection(
            f'file:{self.path}?immutable=1', vfs=vfs and 'rpathvfs',
            flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
        # With this SQLite also reads a file that is shorter than its head says.
        self.dbconn.execute('PRAGMA writable_schema=ON')
        topics, definitions = self._table('topics'), []
        with suppress(apsw.SQLError):  # older bags have none
            definitions = self._table('message_definitions')
        rows: list[tuple[int, int, int]] = []
        with _until_it_ends():
            # In the order of the file; the index lies scattered, and may be gone.
            rows.extend(self.dbconn.execute(
                'SELECT timestamp, id, topic_id FROM messages NOT INDEXED ORDER BY id'))
        while rows and self._data(rows[-1][1]) is None:
            rows.pop()
        if not rows:
            return
        counts = Counter(topic for _, _, topic in rows)
        known = {each['topic_type']: MessageDefinition(
            _FORMATS[each['encoding']], each['encoded_message_definition'])
            for each in definitions if each['encoding'] in _FORMATS}
        nothing = MessageDefinition(MessageDefinitionFormat.NONE, '')
        self.connections = [Connection(
            each['id'], each['name'], each['type'], known.get(each['type'], nothing),
            each.get('type_description_hash', ''), counts[each['id']],
            ConnectionExtRosbag2(each['serialization_format'],
                                 parse_qos(each.get('offered_qos_profiles', ''))), self)
            for each in topics]
        self._rows = sorted(rows)
        first, last = self._rows[0][0], self._rows[-1][0] + 1
        self.metadata = ReaderMetadata(last - first, first, last, len(rows),
                                       None, None, None, None)
        self.cut = f'it is cut off or damaged, {len(rows)} messages can be read'
        self.notes = (f'{self.path}: {self.cut}; `sqlite3 FILE .recover` may save more of it',)

    def _table(self, name: str) -> list[dict[str, Any]]:
        assert self.dbconn
        rows = self.dbconn.execute(f'SELECT * FROM {name}')
        return [dict(zip((column[0] for column in rows.getdescription()), row, strict=True))
                for row in rows]

    def _data(self, number: int) -> bytes | None:
        """Read the bytes of a message; None where they are beyond the end."""
        assert self.dbconn
        with _until_it_ends():
            for (data,) in self.dbconn.execute('SELECT data FROM messages WHERE id = ?',
                                               (number,)):
                return bytes(data)
        return None


@contextmanager
def _until_it_ends() -> Iterator[None]:
    """Pass over what SQLite says of pages that are not there, or not what they should be."""
    try:
        yield
    except apsw.CorruptError:
        pass
    except apsw.IOError as error:
        if error.extendedresult != apsw.SQLITE_IOERR_SHORT_READ:
            raise
