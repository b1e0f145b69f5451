# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Files that are written: never over an input, never over something whole before they are."""
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
import errno
import fcntl
import os
from pathlib import Path
import sys
from tempfile import TemporaryFile
from typing import BinaryIO

STDOUT = Path('/dev/stdout')
_STREAMS = {STDOUT: 1, Path('/dev/stderr'): 2}

_BLOCK = 4096
"""Bytes that a disk which is not full takes."""

RESULTS = frozenset({'.json', '.jsonl', '.mp4', '.m4v', '.mov', '.mkv', '.avi'})
"""Suffixes of what may lie in an input folder as an earlier run's results, to be written again."""


def require_distinct(outputs: Mapping[str, Path | None], inputs: Iterable[Path]) -> None:
    """
    Refuse outputs that are an input, a file of an input folder, or each other, or have no room.

    Every file that is anywhere inside an input folder is one of its files, but for results of an
    earlier run. Links and names that differ in case only are seen through; the names under which
    an output is written and an earlier one is kept count too. Folders that are missing are made.

    Parameters
    ----------
    outputs : Mapping
        What each is called (its option) and its path; None where it is not wanted.
    inputs : iterable of Path
        Files and folders; those that do not exist are no matter.

    Raises
    ------
    ValueError
        With the name of the output and of what it would destroy.
    OSError
        If one cannot be written.

    """
    wanted = {name: path for name, path in outputs.items() if path is not None}
    inputs = list(inputs)
    for name, path in wanted.items():
        for source in inputs:
            if any(is_same(each, source) for each in _names_of(path)):
                raise ValueError(f'{name}: expected another file than the input {source}, got '
                                 f'{path}')
            if (source.is_dir() and path.is_file() and path.suffix.lower() not in RESULTS
                    and _holds(source, path)):
                raise ValueError(f'{name}: expected another file than those in the input '
                                 f'{source}, got {path}')
    names = list(wanted)
    for number, name in enumerate(names):
        for other in names[:number]:
            if any(is_same(one, two) for one in _names_of(wanted[name])
                   for two in _names_of(wanted[other])):
                raise ValueError(f'{name}: expected another file than {other} writes, got '
                                 f'{wanted[name]}')
    for name, path in wanted.items():
        if path.is_dir():
            raise ValueError(f'{name}: {path}: expected a file to write, got a folder')
        _require_no_stream(name, path)
        _make_folder(name, path.parent)
        if is_plain(path):
            require_room(path)


def require_folder(name: str, folder: Path) -> None:
    """
    Make a folder to write to, where it is missing, and see that something can be written there.

    Raises
    ------
    ValueError
        If it, or a folder above it, is a file.
    OSError
        If nothing can be written there.

    """
    _make_folder(name, folder)
    require_room(folder)


def require_room(path: Path) -> None:
    """Try before the work what cannot be written: a file, there or not yet, or a folder."""
    folder = path if path.is_dir() else _resolved(path).parent
    try:
        if path.is_file():
            os.close(os.open(path, os.O_WRONLY | os.O_APPEND))
        with TemporaryFile(dir=folder, buffering=0) as file:
            file.write(bytes(_BLOCK))
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def is_plain(path: Path) -> bool:
    """Whether a path is a file or may become one: a device, pipe or stream is only written."""
    return path not in _STREAMS and (not path.exists() or path.is_file())


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """
    Give a place to write to, whose file takes the name of `path` in one move at the end.

    Whoever reads `path` finds the earlier file or all of the new one. What fails leaves nothing
    behind. A device, pipe or stream is itself the place.
    """
    plain = is_plain(path)
    part = unfinished(path) if plain else path
    try:
        yield part
        if plain:
            os.replace(part, _resolved(path))
    except OSError as error:
        if error.strerror and not error.filename:  # a full disk comes without a name
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        if plain:
            part.unlink(missing_ok=True)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file in one move, with its folder; see `written_whole`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as part, opened(part) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def opened(part: Path) -> BinaryIO:
    """Open a place that `written_whole` gave."""
    return open(part if is_plain(part) else end_of(part), 'wb')


def end_of(path: Path) -> int:
    """Open a device, pipe or stream to add to it: what stands in a log that it goes to stays."""
    if path in _STREAMS:
        return os.dup(_STREAMS[path])
    return os.open(path, os.O_WRONLY | os.O_APPEND)


def said(error: BaseException) -> str:
    """Say an error in one line, without the system's number for it."""
    if isinstance(error, OSError) and error.strerror:
        return f'{error.filename}: {error.strerror}' if error.filename else error.strerror
    return ' '.join(str(error).split()) or type(error).__name__


def is_same(one: Path, other: Path) -> bool:
    """Whether two paths are one file, or would be one on a disk that does not know case."""
    if one.exists() and other.exists():
        return one.samefile(other)
    return str(_resolved(one)).casefold() == str(_resolved(other)).casefold()


def is_at(file: int, path: Path) -> bool:
    """Whether what an open file writes to has that name."""
    return path.exists() and os.path.samestat(os.fstat(file), path.stat())


def unfinished(path: Path) -> Path:
    """Where a file is written until it is whole: beside, under a name that only we give."""
    path = _resolved(path)
    return path.with_name(f'{path.stem}.impnet_part{path.suffix}')


def previous(path: Path) -> Path:
    """Where an earlier file is kept while the one that takes its name is not whole."""
    path = _resolved(path)
    return path.with_name(f'{path.stem}.impnet_previous{path.suffix}')


def hold(path: Path) -> int:
    """
    Keep `unfinished(path)` for this run, an empty file where there is none.

    Returns
    -------
    int
        For `let_go`; whatever ends the process lets go too.

    Raises
    ------
    ValueError
        If another run has it.

    """
    part = unfinished(path)
    file = os.open(part, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_ours = is_at(file, part)
    except BlockingIOError:
        is_ours = False
    except OSError:  # a disk that has no locks
        is_ours = True
    if not is_ours:
        os.close(file)
        raise ValueError(f'{path}: expected a file that no other run writes, got one that is '
                         f'being written')
    return file


def let_go(path: Path, held: int) -> None:
    """End what `hold` began; a file that is still empty goes."""
    part = unfinished(path)
    if is_at(held, part) and not part.stat().st_size:
        part.unlink()
    os.close(held)


def keep_previous(path: Path) -> None:
    """Keep an earlier file of that name, where there is one; the first that was kept stays."""
    if path.exists() and not previous(path).exists():
        os.replace(_resolved(path), previous(path))


def put_in_place(part: Path, path: Path, *, whole: bool) -> None:
    """Give a file its name; an earlier one of that name goes, or is kept if this is not whole."""
    if not whole:
        keep_previous(path)
    os.replace(part, _resolved(path))
    if whole:
        previous(path).unlink(missing_ok=True)


def _make_folder(name: str, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ValueError(f'{name}: expected a folder to write to, got a file on the way to '
                         f'{folder}') from error


def _require_no_stream(name: str, path: Path) -> None:
    """Refuse a stream that is closed, and a file that a stream goes to: both would write there."""
    if path in _STREAMS:
        if (sys.__stdout__, sys.__stderr__)[_STREAMS[path] - 1] is None:
            raise ValueError(f'{name}: {path}: expected a stream that is open, got a closed one')
        return
    for stream, number in _STREAMS.items():
        if path.is_file() and is_at(number, path):
            raise ValueError(f'{name}: expected another file than {stream} goes to, got {path}')


def _names_of(output: Path) -> tuple[Path, ...]:
    return output, unfinished(output), previous(output)


def _holds(folder: Path, file: Path) -> bool:
    """Whether a file is anywhere inside a folder, by its name or through links."""
    inside = {os.path.abspath(folder), str(_resolved(folder))}
    if any(str(parent) in inside for name in (os.path.abspath(file), _resolved(file))
           for parent in Path(name).parents):
        return True
    return any(each.exists() and each.samefile(file) for each in _files_in(folder))


def _files_in(folder: Path) -> Iterator[Path]:
    """Yield all files inside a folder, through links too, those of each folder once."""
    seen = set()
    for here, folders, files in os.walk(folder, followlinks=True):
        if os.path.realpath(here) in seen:
            folders.clear()
            continue
        seen.add(os.path.realpath(here))
        yield from (Path(here, name) for name in files)


def _resolved(path: Path) -> Path:
    """See through links; an OSError where they lead in a circle."""
    try:
        return path.resolve()
    except RuntimeError as error:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path)) from error
