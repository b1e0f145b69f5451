# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Detections in a file, one entry a frame, written as they come.

Whenever the process ends, by whatever ends it, the file holds every entry that was written and
can be read: JSON Lines have one a line, and the JSON list is closed again behind every entry.
"""
from collections.abc import Iterator
from itertools import islice
import json
import os
from pathlib import Path
import shutil
from time import monotonic
from typing import Any

from impnet_ros.outputs import keep_previous, previous, put_in_place, require_room, unfinished

Entry = dict[str, Any]
STDOUT = Path('/dev/stdout')
_SYNC_S = 5.0


class JsonLines:
    """
    A file of JSON Lines, under its own name from the first entry on.

    Parameters
    ----------
    path : Path
        A file, or a pipe or device, which is written only.
    resume : bool
        Go on behind what a file holds; else an earlier file is kept beside until this is whole.

    Attributes
    ----------
    count : int
        Entries in the file.

    Raises
    ------
    OSError
        If it cannot be written; what was written before stays readable.
    ValueError
        If it is to be gone on with and does not hold such entries.

    """

    _opening, _first, _next, _tail = b'', b'', b'', b''

    def __init__(self, path: Path, resume: bool) -> None:
        self.count, self._end, self._synced_s = 0, 0, monotonic()
        self._resumed, self._file = resume, -1
        self._is_file = path != STDOUT and (not path.exists() or path.is_file())
        self.path = path.resolve() if self._is_file else path
        if not self._is_file:
            self._file = os.dup(1) if path == STDOUT else os.open(path, os.O_WRONLY | os.O_APPEND)
            return
        require_room(self.written)
        if not resume:
            return
        self._find()
        self._file = os.open(self.written, os.O_RDWR | os.O_CREAT, 0o666)
        for _, self._end in self._stored():
            self.count += 1
        held = os.fstat(self._file).st_size
        if held > len(self._opening + self._tail) and not self.count:
            raise ValueError(f'{path}: expected results to resume, got {held} bytes of something '
                             f'else')
        self._cut()

    @property
    def written(self) -> Path:
        """Where the entries are until `close`."""
        return self.path

    def _find(self) -> None:
        """Bring what an earlier run wrote to where it goes on."""

    def _begin(self) -> None:
        """Make the file; what an earlier run left there is kept beside until this one is whole."""
        if self.written.exists() and self.written.stat().st_size:
            keep_previous(self.written)
        self._file = os.open(self.written, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
        self._cut()

    def _finish(self, whole: bool) -> None:
        if whole:
            previous(self.written).unlink(missing_ok=True)

    def keep(self, count: int) -> None:
        """Forget the entries behind the first `count`."""
        if self.count > count:
            self._end, self.count = len(self._opening), count
            for _, self._end in islice(self._stored(), count):
                pass
            self._cut()

    def stored(self) -> Iterator[Entry]:
        """Read the entries, one at a time."""
        for entry, _ in islice(self._stored(), self.count):
            yield entry

    def write(self, entry: Entry) -> None:
        """Append an entry; when this returns it outlives the process."""
        line = json.dumps(entry).encode()
        try:
            self._append(line)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from error

    def _append(self, line: bytes) -> None:
        if not self._is_file:
            _write_all(self._file, line + b'\n', None)
            self.count += 1
            return
        if self._file < 0:
            self._begin()
        body = (self._next if self.count else self._first) + line
        body += b'' if self._tail else b'\n'
        try:
            _write_all(self._file, body + self._tail, self._end)
        except OSError:
            self._cut()
            raise
        self._end, self.count = self._end + len(body), self.count + 1
        if monotonic() - self._synced_s > _SYNC_S:
            os.fsync(self._file)
            self._synced_s = monotonic()

    def close(self, *, whole: bool) -> None:
        """Bring it to the disk; `whole` says whether it holds every frame."""
        if self._file < 0:
            return
        if self._is_file:
            os.fsync(self._file)
        os.close(self._file)
        if self._is_file:
            self._finish(whole)

    def _cut(self) -> None:
        """End the file behind the last whole entry: all these bytes had their place before."""
        if not self._end:
            self._end = len(self._opening)
            _write_all(self._file, self._opening, 0)
        _write_all(self._file, self._tail, self._end)
        os.ftruncate(self._file, self._end + len(self._tail))

    def _stored(self) -> Iterator[tuple[Entry, int]]:
        """Yield each entry, and where the file ends behind it, up to the first that is broken."""
        at = 0
        with self.written.open('rb') as file:
            for line in file:
                text = line.strip().rstrip(b',')
                at += len(line)
                if text == b'[':
                    continue
                try:
                    entry = json.loads(text)
                except ValueError:
                    return
                if not isinstance(entry, dict) or not line.endswith(b'\n'):
                    return
                yield entry, at if not self._tail else at - len(line) + len(text)


class JsonList(JsonLines):
    """
    A list in JSON, in a file beside its place until `close` moves it there.

    Parameters
    ----------
    path : Path
        A file.
    resume : bool
        Go on behind what was written beside its place, or is in it.

    """

    _opening, _first, _next, _tail = b'[', b'\n', b',\n', b'\n]\n'

    def __init__(self, path: Path, resume: bool) -> None:
        if path.exists() and not path.is_file():
            raise ValueError(f'{path}: expected a file for the list, got a device or pipe; '
                             f'JSON Lines can go there')
        super().__init__(path, resume)

    @property
    def written(self) -> Path:
        """Where the entries are until `close`."""
        return unfinished(self.path)

    def _find(self) -> None:
        if self.path.exists() and not self.written.exists():
            shutil.copyfile(self.path, self.written)

    def _finish(self, whole: bool) -> None:
        super()._finish(whole)
        put_in_place(self.written, self.path, whole=whole or self._resumed)


def _write_all(file: int, data: bytes, at: int | None) -> None:
    while data:
        done = os.write(file, data) if at is None else os.pwrite(file, data, at)
        data, at = data[done:], None if at is None else at + done
