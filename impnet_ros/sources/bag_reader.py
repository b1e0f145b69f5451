# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Read a rosbag2: what can be read of it is read, what cannot is said. Needs no ROS, no torch."""
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
import re
from typing import Any

from impnet_ros.sources.mcap_reader import TolerantMcapReader
from rosbags.highlevel import AnyReader
from rosbags.interfaces import Connection, MessageDefinitionFormat
from rosbags.rosbag2 import Reader
from rosbags.rosbag2.reader import DirectoryReader
from rosbags.typesys import get_types_from_idl, get_types_from_msg, get_typestore, Stores
from rosbags.typesys.store import Typestore

BAG_SUFFIXES = frozenset({'.mcap', '.db3'})
_ADVICE = {'.mcap': ' (`mcap recover` may save more of it)',
           '.db3': ' (`sqlite3 FILE .recover` may save more of it)'}
_STORAGE_NAME = re.compile(r'[^][\s/\'",]+\.(?:mcap|db3)\b')
Message = tuple[Connection, int, bytes]


class BagError(ValueError):
    """A bag that cannot be read, or not to its end; says which and why in one sentence."""


class _Directory(DirectoryReader):
    STORAGE_PLUGINS = {**DirectoryReader.STORAGE_PLUGINS, 'mcap': TolerantMcapReader}


class _Reader(Reader):
    STORAGE_PLUGINS = {**Reader.STORAGE_PLUGINS, 'dir': _Directory, '.mcap': TolerantMcapReader}


def is_bag(path: Path) -> bool:
    """Whether a path looks like a rosbag2: a storage file, or a folder with one."""
    return path.suffix in BAG_SUFFIXES or (path / 'metadata.yaml').is_file() or (
        path.is_dir() and bool(_storages(path)))


class BagReader(AnyReader):
    """
    A rosbag2: its folder, or its .mcap or .db3 file.

    Topics that are not in CDR (JSON, say) are left out; types come from the bag, and from ROS 2
    Jazzy where the bag has none.

    Attributes
    ----------
    notes : list of str
        What is left out or not as it should be, a sentence each; complete once it is open.

    Raises
    ------
    BagError
        If it cannot be read at all, or, in `messages`, not to its end.
    FileNotFoundError
        If there is no such path.

    """

    def __init__(self, path: Path) -> None:
        self.path = path = Path(path)
        self.notes: list[str] = []
        self._unread: list[str] = []
        if not path.exists():
            raise FileNotFoundError(f'no such bag: {path}')
        self._files = _storages(path)
        self._whole = path.is_file() or (path / 'metadata.yaml').is_file()
        if not (self._whole or self._files):
            raise BagError(f'{path}: expected the folder of a rosbag2, with metadata.yaml or '
                           f'.mcap or .db3 files, found none of these')
        with _one_sentence(path):
            super().__init__([path] if self._whole else self._files)
            self.readers = []

    def _open(self) -> None:
        assert self.stack
        self.readers = self._opened_whole() or self._opened_alone()
        found = [each for reader in self.readers for each in reader.connections]
        self.connections = [each for each in found if _encoding(each) == 'cdr']
        for each in found:
            if _encoding(each) != 'cdr':
                self.notes.append(f'{self.path}: {each.topic} is left out, expected messages in '
                                  f'cdr, got {_encoding(each) or "no encoding"}')
        self.typestore = self._types()
        for file in _storages(self.path):
            log = file.with_name(f'{file.name}-wal')
            if log.is_file() and log.stat().st_size:
                self.notes.append(f'{file}: what its write-ahead log holds is left out; `sqlite3 '
                                  f'{file.name} "PRAGMA wal_checkpoint"` merges it')
        self.notes += [note for reader in self.readers for storage in _mcaps(reader)
                       for note in storage.notes]

    def _opened_whole(self) -> list[Any]:
        """Open the file, or the folder by its metadata; nothing where these are of no use."""
        assert self.stack
        if not self._whole:
            self.notes.append(f'{self.path}: metadata.yaml is missing, its files are read alone')
            return []
        try:
            what = '' if self.path.is_file() else 'the bag by its metadata.yaml'
            with _one_sentence(self.path, what):
                return [self.stack.enter_context(_Reader(self.path))]
        except BagError as error:
            if self.path.is_file() or not self._files:
                raise
            self.notes.append(f'{error}; its files are read alone')
        text = (self.path / 'metadata.yaml').read_text('utf-8', 'replace')
        gone = {name for name in _STORAGE_NAME.findall(text)
                if not (self.path / name).exists()}
        self._unread += [f'{self.path / name} is missing' for name in sorted(gone)]
        return []

    def _opened_alone(self) -> list[Any]:
        """Open each storage file that can be."""
        assert self.stack
        opened, first = [], None
        for file in self._files:
            try:
                with _one_sentence(file):
                    opened.append(self.stack.enter_context(_Reader(file)))
            except BagError as error:
                first = first or error
                self._unread.append(str(error))
        if first and not opened:
            raise first
        return opened

    def _types(self) -> Typestore:
        store = get_typestore(Stores.EMPTY)
        lacking = False
        for each in self.connections:
            try:
                store.register(_definitions(each))
                lacking |= each.msgtype not in store.fielddefs
            except Exception as error:  # noqa: B902 - whatever rosbags' parsers raise
                lacking = True
                self.notes.append(f'{self.path}: the definition of {each.msgtype} in the bag is '
                                  f'not used, {_told(error)}')
        if lacking:
            known = default_types().fielddefs
            store.register({name: fields for name, fields in known.items()
                            if name not in store.fielddefs})
        return store

    def messages(self, connections: Collection[Connection] = (), start: int | None = None,
                 stop: int | None = None) -> Iterator[Message]:
        """
        Yield (connection, time in nanoseconds, bytes) in order of time.

        Raises
        ------
        BagError
            After the last one that can be read, if there are more, or the bag says so.

        """
        chosen = list(connections) or self.connections
        if not chosen:
            return
        count = 0
        with _one_sentence(self.path):
            for message in super().messages(chosen, start, stop):
                yield message
                count += 1
        expected = sum(each.msgcount for each in chosen)
        whole = (start is None or start <= self.start_time) and stop is None
        if whole and count < expected:
            raise BagError(f'{self.path}: expected {expected} messages, as the bag says, got '
                           f'{count}{_ADVICE.get(self.path.suffix, "")}')
        if self._unread:
            raise BagError(f'{self.path}: ends after {count} messages, {self._unread[0]}')

    def deserialize(self, rawdata: bytes, typ: str) -> Any:
        """Read a message; BagError if its bytes are cut or of another type."""
        with _one_sentence(self.path, f'a message of {typ}'):
            return super().deserialize(rawdata, typ)


@cache
def default_types() -> Typestore:
    """Types of ROS 2 Jazzy."""
    return get_typestore(Stores.ROS2_JAZZY)


def _storages(path: Path) -> list[Path]:
    folder = path if path.is_dir() else path.parent
    files = [path] if path.is_file() else sorted(folder.iterdir())
    return [file for file in files if file.suffix in BAG_SUFFIXES]


def _mcaps(reader: Any) -> list[TolerantMcapReader]:
    storages = getattr(reader.storage, 'storages', [reader.storage])
    return [each for each in storages if isinstance(each, TolerantMcapReader)]


def _encoding(connection: Connection) -> str:
    return str(getattr(connection.ext, 'serialization_format', 'cdr'))


def _definitions(connection: Connection) -> dict[str, Any]:
    kind, text = connection.msgdef.format, connection.msgdef.data
    if kind == MessageDefinitionFormat.MSG:
        return get_types_from_msg(text, connection.msgtype)
    if kind == MessageDefinitionFormat.NONE:
        return {}
    types: dict[str, Any] = {}
    line = '=' * 80 + '\n'
    for part in text.split(line) if text.startswith(f'{line}IDL: ') else [text]:
        idl = part.split('\n', 1)[1] if part.startswith('IDL: ') else part
        if idl.strip():
            types.update(get_types_from_idl(idl))
    return types


@contextmanager
def _one_sentence(path: Path, what: str = '') -> Iterator[None]:
    """Say what any library makes of a bag in one sentence; the system's own errors stay."""
    try:
        yield
    except (BagError, OSError):
        raise
    except GeneratorExit:
        raise
    except Exception as error:  # noqa: B902 - zstd, lz4, sqlite, yaml, struct: each has its own
        advice = '' if what else _ADVICE.get(path.suffix, '')
        raise BagError(f'{path}: {what or "the bag"} cannot be read, {_told(error)}{advice}'
                       ) from error


def _told(error: Exception) -> str:
    text = ' '.join(str(error).split()).rstrip('.')
    return f'{type(error).__name__}{f" ({text})" if text else ""}'
