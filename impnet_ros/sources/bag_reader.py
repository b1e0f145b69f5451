# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Read a bag: what can be read of it is read, what cannot is said. Needs no ROS, no torch."""
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from impnet_ros.sources.mcap_file import McapFile, Stretch
from impnet_ros.sources.natural import natural
from impnet_ros.sources.places import Place
from impnet_ros.sources.storages import lost_files, METADATA, metadata_of, Ros2Bag, Ros2Part, told
from rosbags.highlevel import AnyReader
from rosbags.interfaces import Connection, MessageDefinitionFormat
from rosbags.typesys import get_types_from_idl, get_types_from_msg, get_typestore, Stores
from rosbags.typesys.store import Typestore

BAG_SUFFIXES = frozenset({'.mcap', '.db3', '.bag'})
_ADVICE = {'.mcap': ' (`mcap recover` may save more of it)',
           '.db3': ' (`sqlite3 FILE .recover` may save more of it)',
           '.bag': ' (`rosbag reindex` may save more of it)'}
Message = tuple[Connection, int, bytes]


class BagError(ValueError):
    """A bag that cannot be read, or not to its end; says which and why in one sentence."""


def is_bag(path: Path) -> bool:
    """Whether a path looks like a bag: a storage file, or a folder with one."""
    return path.suffix in BAG_SUFFIXES or (path / METADATA).is_file() or (
        path.is_dir() and bool(_storages(path)))


class BagReader(AnyReader):
    """
    A rosbag2, its folder or its .mcap or .db3 file, or the .bag file of ROS 1.

    Topics that are neither in CDR nor in ROS 1's encoding (JSON, say) are left out; types come
    from the bag, and from ROS 2 Jazzy or ROS 1 Noetic where the bag has none.

    Parameters
    ----------
    path : Path or Place
        Where it is; in a store it is read by ranges.
    beside : Path or Place
        Other bags, whose messages are read along in the order of time.

    Attributes
    ----------
    notes : list of str
        What is left out or not as it should be, a sentence each; complete once it is open.
    cut : str
        Why not all can be read that was recorded, in a sentence; as far as is known so far.

    Raises
    ------
    BagError
        If it cannot be read at all, or, in `messages`, not to its end.
    FileNotFoundError
        If there is no such path.

    """

    def __init__(self, path: Path | Place, *beside: Path | Place) -> None:
        self.notes: list[str] = []
        self.cut = ''
        self._lost: list[str] = []
        self._alone: list[Any] = []
        files = [file for each in (path, *beside) for file in self._files_of(each)]
        self.path: Any = files[0] if len(files) == 1 else path
        with _one_sentence(self.path):
            super().__init__(files)
            if self.is2:
                self.readers = [Ros2Part(file) if file in self._alone else Ros2Bag(file)
                                for file in files]

    def _files_of(self, path: Any) -> list[Any]:
        if isinstance(path, Place) and path.is_local:
            path = Path(path.path)
        if not path.exists():
            raise FileNotFoundError(f'no such bag: {path}')
        if not path.is_dir() and not path.stat().st_size:
            raise BagError(f'{path}: expected a bag, got an empty file')
        if not path.is_dir():
            return [path]
        metadata = metadata_of(path)
        if metadata:
            self._lost += [f'{file} is missing' for file in lost_files(path, metadata)]
            return [path]
        files = _storages(path)
        if not files:
            raise BagError(f'{path}: expected the folder of a rosbag2, with {METADATA} or .mcap '
                           f'or .db3 files, found neither')
        self.notes.append(f'{path}: {METADATA} is missing or broken, what lies beside it is '
                          f'read: {_names(files)}')
        self._alone += files
        return files

    def _open(self) -> None:
        assert self.stack
        self.readers = [each for reader in self.readers for each in self._opened(reader)]
        self._lost += [self._why_cut(file) for file in self._files()
                       if getattr(file, 'is_lost', False)]
        found = [each for reader in self.readers for each in reader.connections]
        if self._lost and not found:
            raise BagError(self._lost[0])
        self.connections = [each for each in found if encoding_of(each) in ('cdr', 'ros1')]
        for each in found:
            if encoding_of(each) not in ('cdr', 'ros1'):
                self.notes.append(f'{self.path}: {each.topic} is left out, expected messages in '
                                  f'cdr, got {encoding_of(each) or "no encoding"}')
        self.typestore = self._types()
        for file in _logs(self.path):
            note = (f'{file}: what its write-ahead log holds is left out; `sqlite3 {file.name} '
                    f'"PRAGMA wal_checkpoint"` merges it')
            self.notes.append(note)
            self.cut = note
        self.notes += [note for file in self._files() for note in getattr(file, 'notes', ())]
        self._look_for_cuts()

    def _opened(self, reader: Any) -> list[Any]:
        """Open a bag; file by file where its metadata are of no use."""
        assert self.stack
        folder = reader.path
        is_folder = self.is2 and folder.is_dir()
        try:
            with _one_sentence(folder, f'the bag by its {METADATA}' if is_folder else ''):
                return [self.stack.enter_context(reader)]
        except BagError as error:
            files = _storages(folder) if is_folder else []
            mode = (metadata_of(folder) or {}).get('compression_mode') if files else None
            if not files or str(mode or 'none').lower() != 'none':
                raise
            self.notes.append(f'{error}; what lies beside it is read: {_names(files)}')
        return [self.stack.enter_context(Ros2Part(file)) for file in files]

    def _files(self) -> list[Any]:
        storages = [reader.storage for reader in self.readers] if self.is2 else []
        return [file for storage in storages for file in getattr(storage, 'storages', [storage])]

    def _look_for_cuts(self) -> None:
        cuts = (self._why_cut(file) for file in self._files() if getattr(file, 'cut', ''))
        self.cut = self.cut or next(cuts, '') or next(iter(self._lost), '')

    def _why_cut(self, file: Any) -> str:
        return f'{file.path}: {file.cut}{_ADVICE.get(file.path.suffix, "")}'

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
                                  f'not used, {told(error)}')
        if lacking:
            known = default_types('cdr' if self.is2 else 'ros1').fielddefs
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
            After the last one that can be read, if the bag says that there are more, or a file
            of it is lost.

        """
        chosen = list(connections) or self.connections
        if not chosen:
            return
        count, known = 0, self.cut
        with _one_sentence(self.path):
            for message in super().messages(chosen, start, stop):
                yield message
                count += 1
        self._look_for_cuts()
        if self._lost:
            raise BagError(f'{self.path}: ends after {count} messages, {self._lost[0]}')
        if self.cut != known:
            raise BagError(self.cut)
        expected = sum(each.msgcount for each in chosen)
        whole = (start is None or start <= self.start_time) and stop is None
        if whole and count < expected:
            raise BagError(f'{self.path}: expected {expected} messages, as the bag says, got '
                           f'{count}{_ADVICE.get(self.path.suffix, "")}')

    def stretches(self, topic: str, gap_ns: int) -> list[Stretch] | None:
        """
        Give what the indices know of a topic, file after file.

        Parameters
        ----------
        topic : str
            Its name.
        gap_ns : int
            Between two messages of a stretch there is no more than that.

        Returns
        -------
        list of Stretch, optional
            None where a file has no index.

        """
        files = self._files()
        if not files or not all(isinstance(file, McapFile) for file in files):
            return None
        parts = [file.stretches(topic, gap_ns) for file in files]
        if any(part is None for part in parts):
            return None
        return [stretch for part in parts for stretch in part or ()]

    def deserialize(self, rawdata: bytes, typ: str) -> Any:
        """Read a message; BagError if its bytes are cut or of another type."""
        with _one_sentence(self.path, f'a message of {typ}'):
            return super().deserialize(rawdata, typ)


@cache
def default_types(encoding: str = 'cdr') -> Typestore:
    """Types of ROS 2 Jazzy, or for 'ros1' of ROS 1 Noetic."""
    return get_typestore(Stores.ROS1_NOETIC if encoding == 'ros1' else Stores.ROS2_JAZZY)


def encoding_of(connection: Connection) -> str:
    """Give the encoding of a topic's messages: 'cdr', 'ros1', 'json' or another."""
    return str(getattr(connection.ext, 'serialization_format', 'ros1'))


def _storages(folder: Any) -> list[Any]:
    """Find the files of a rosbag2 in a folder."""
    return sorted((file for file in folder.iterdir() if file.suffix in ('.mcap', '.db3')),
                  key=lambda file: natural(file.name))


def _names(files: list[Any]) -> str:
    return ', '.join(file.name for file in files)


def _logs(path: Any) -> list[Path]:
    """Find the files of sqlite beside which messages wait that are not in them yet."""
    if not isinstance(path, Path):
        return []
    files = _storages(path) if path.is_dir() else [path]
    logs = {file: file.with_name(f'{file.name}-wal') for file in files}
    return [file for file, log in logs.items() if log.is_file() and log.stat().st_size]


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
def _one_sentence(path: Any, what: str = '') -> Iterator[None]:
    """Say what any library makes of a bag in one sentence; the system's own errors stay."""
    try:
        yield
    except (BagError, OSError):
        raise
    except GeneratorExit:
        raise
    except Exception as error:  # noqa: B902 - zstd, lz4, sqlite, yaml, struct: each has its own
        if isinstance(error.__context__, OSError):  # as rosbags tells it, a store's failure too
            raise error.__context__ from None
        advice = '' if what else _ADVICE.get(path.suffix, '')
        raise BagError(f'{path}: {what or "the bag"} cannot be read, {told(error)}{advice}'
                       ) from error
