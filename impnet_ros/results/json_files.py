# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Detections in a file, one entry a frame, written as they come.

Whenever the process ends, by whatever ends it, the file holds every entry that was written and
can be read: JSON Lines have one a line, and the JSON list is closed again behind every entry.
"""
from collections.abc import Iterator
import errno
from itertools import islice
import json
import os
from pathlib import Path
import shutil
from time import monotonic
from typing import Any

from impnet_ros.outputs import (end_of, hold, is_at, is_plain, keep_previous, let_go, previous,
                                put_in_place, require_room, unfinished)

Entry = dict[str, Any]
_SYNC_S = 5.0


class JsonLines:
    """
    A file of JSON Lines, under its own name from the first entry on.

    Nothing is changed before the first entry is written. No other run may write it meanwhile.

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
    is_file : bool
        Whether it is a file, and not a pipe or device.

    Raises
    ------
    OSError
        If it cannot be written; what was written before stays readable.
    ValueError
        If it is to be gone on with and does not hold such entries, or another run writes it.

    """

    _opening, _first, _next, _tail = b'', b'', b'', b''

    def __init__(self, path: Path, resume: bool) -> None:
        self.count, self._end, self._synced_s = 0, 0, monotonic()
        self._file = self._held = -1
        self.is_file = is_plain(path)
        self.path = path.resolve() if self.is_file else path
        if not self.is_file:
            self._file = end_of(path)
            return
        require_room(self.written)
        self._base = self.written
        self._held = hold(self.path)
        try:
            if resume:
                self._find()
        except BaseException:
            let_go(self.path, self._held)
            raise

    @property
    def written(self) -> Path:
        """Where the entries are until `close`."""
        return self.path

    def _find(self) -> None:
        """
        Count the entries of an earlier run: those not yet in their place come first.

        Frames at its end that the network failed at are to be tried again.
        """
        for self._base in (self.written, self.path):
            number = 0
            for number, (entry, end) in enumerate(self._stored(), 1):
                if 'error' not in entry:
                    self.count, self._end = number, end
            if number:
                return
        held = self.path.stat().st_size if self.path.exists() else 0
        if held > len(self._opening + self._tail):
            raise ValueError(f'{self.path}: expected results to resume, got {held} bytes of '
                             f'something else')

    def _begin(self) -> None:
        """Open the file; what is not gone on with is kept beside until this one is whole."""
        if not self.count and self.written.exists() and self.written.stat().st_size:
            self._keep_earlier()
        if self.count and self._base != self.written:
            shutil.copyfile(self._base, self.written)
        self._base = self.written
        self._file = os.open(self.written, os.O_RDWR | os.O_CREAT, 0o666)
        self._cut()

    def _keep_earlier(self) -> None:
        keep_previous(self.path)

    def _finish(self, whole: bool) -> None:
        if whole:
            previous(self.written).unlink(missing_ok=True)

    def stored(self) -> Iterator[Entry]:
        """Read the entries, one at a time."""
        for entry, _ in islice(self._stored(), self.count):
            yield entry

    def write(self, entry: Entry) -> None:
        """Append an entry; when this returns it outlives the process."""
        try:
            self._append(_text(entry))
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from error

    def _append(self, line: bytes) -> None:
        if not self.is_file:
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
            self._sync()

    def close(self, *, whole: bool) -> None:
        """Bring it to the disk; `whole` says whether it holds every frame."""
        try:
            if whole and self._file < 0:
                self._begin()
            if self._file >= 0:
                self._end_file(whole)
        finally:
            if self._held >= 0:
                let_go(self.path, self._held)

    def _sync(self) -> None:
        """Bring it to the disk, where it is still under its name."""
        if not is_at(self._file, self.written):
            raise FileNotFoundError(errno.ENOENT, 'was removed while it was written',
                                    str(self.written))
        os.fsync(self._file)
        self._synced_s = monotonic()

    def _end_file(self, whole: bool) -> None:
        try:
            if self.is_file:
                self._sync()
        finally:
            os.close(self._file)
        if self.is_file:
            self._finish(whole)

    def _cut(self) -> None:
        """End the file behind the last whole entry: all these bytes had their place before."""
        if not self._end:
            self._end = len(self._opening)
            _write_all(self._file, self._opening, 0)
        _write_all(self._file, self._tail, self._end)
        os.ftruncate(self._file, self._end + len(self._tail))

    def _stored(self) -> Iterator[tuple[Entry, int]]:
        """
        Yield each entry, and where the file ends behind it, up to the first that is broken.

        An entry that is whole but written otherwise is an error: others made something of it.
        """
        if not self._base.exists():
            return
        opening = self._opening + self._first
        with self._base.open('rb') as file:
            if file.read(len(opening)) != opening:
                return
            at = len(opening)
            for line in file:
                text = line.removesuffix(b'\n').removesuffix(self._next[:1])
                try:
                    entry = json.loads(text)
                except ValueError:
                    return
                if not isinstance(entry, dict) or not line.endswith(b'\n'):
                    return
                if _text(entry) != text:
                    raise ValueError(f'{self._base}: expected results to resume as they were '
                                     f'written, got {str(line[:60])[1:]}')
                yield entry, at + (len(text) if self._tail else len(line))
                at += len(line)


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
        if not is_plain(path):
            raise ValueError(f'{path}: expected a file for the list, got a device or pipe; '
                             f'JSON Lines can go there')
        super().__init__(path, resume)

    @property
    def written(self) -> Path:
        """Where the entries are until `close`."""
        return unfinished(self.path)

    def _keep_earlier(self) -> None:
        """Copy what a killed run left: its name is held for this one."""
        if not previous(self.written).exists():
            shutil.copyfile(self.written, previous(self.written))

    def _finish(self, whole: bool) -> None:
        super()._finish(whole)
        put_in_place(self.written, self.path, whole=whole)


def _text(entry: Entry) -> bytes:
    return json.dumps(entry).encode()


def _write_all(file: int, data: bytes, at: int | None) -> None:
    while data:
        done = os.write(file, data) if at is None else os.pwrite(file, data, at)
        data, at = data[done:], None if at is None else at + done
