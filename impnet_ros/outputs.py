# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Files that are written: never over an input, never over something whole before they are."""
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
import errno
import os
from pathlib import Path
import shutil

_INPUT_SUFFIXES = frozenset({'.mcap', '.db3', '.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff',
                             '.webp'})


def require_distinct(outputs: Mapping[str, Path | None], inputs: Iterable[Path]) -> None:
    """
    Refuse outputs that are an input, a file of an input folder, or each other, or have no room.

    Links and names that differ in case only are seen through; the names under which an output is
    written and an earlier one is kept count too. Folders that are missing are made.

    Parameters
    ----------
    outputs : Mapping
        What each is called (its option) and its path; None where it is not wanted.
    inputs : iterable of Path
        Files, and folders of pictures or bags; those that do not exist are no matter.

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
            for file in (source, *_files_in(source, path)):
                if any(is_same(each, file) for each in _names_of(path)):
                    raise ValueError(f'{name}: expected another file than the input {file}, got '
                                     f'{path}')
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
    """Notice before the work what cannot be written: a file, there or not yet, or a folder."""
    folder = path if path.is_dir() else path.resolve().parent
    for place in (folder, path):
        if place.exists() and not os.access(place, os.W_OK):
            raise PermissionError(errno.EACCES, 'cannot be written', str(path))
    if not shutil.disk_usage(folder).free:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def is_plain(path: Path) -> bool:
    """Whether a path is a file or may become one: no device, no pipe, which are only written."""
    return not path.exists() or path.is_file()


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """
    Give a place to write to, whose file takes the name of `path` in one move at the end.

    Whoever reads `path` finds the earlier file or all of the new one. What fails leaves nothing
    behind. A device or pipe is itself the place.
    """
    plain = is_plain(path)
    part = unfinished(path) if plain else path
    try:
        yield part
        if plain:
            os.replace(part, path.resolve())
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
    with written_whole(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)


def said(error: BaseException) -> str:
    """Say an error in one line, without the system's number for it."""
    if isinstance(error, OSError) and error.strerror:
        return f'{error.filename}: {error.strerror}' if error.filename else error.strerror
    return ' '.join(str(error).split()) or type(error).__name__


def is_same(one: Path, other: Path) -> bool:
    """Whether two paths are one file, or would be one on a disk that does not know case."""
    if one.exists() and other.exists():
        return one.samefile(other)
    return str(one.resolve()).casefold() == str(other.resolve()).casefold()


def unfinished(path: Path) -> Path:
    """Where a file is written until it is whole: in its place, under a name of its own."""
    path = path.resolve()
    return path.with_name(f'{path.stem}.part{path.suffix}')


def previous(path: Path) -> Path:
    """Where an earlier file is kept while the one that takes its name is not whole."""
    path = path.resolve()
    return path.with_name(f'{path.stem}.previous{path.suffix}')


def keep_previous(path: Path) -> None:
    """Keep an earlier file of that name, where there is one; the first that was kept stays."""
    if path.exists() and not previous(path).exists():
        os.replace(path.resolve(), previous(path))


def put_in_place(part: Path, path: Path, *, whole: bool) -> None:
    """Give a file its name; an earlier one of that name goes, or is kept if this is not whole."""
    if not whole:
        keep_previous(path)
    os.replace(part, path.resolve())
    if whole:
        previous(path).unlink(missing_ok=True)


def _make_folder(name: str, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ValueError(f'{name}: expected a folder to write to, got a file on the way to '
                         f'{folder}') from error


def _names_of(output: Path) -> tuple[Path, ...]:
    return output, unfinished(output), previous(output)


def _files_in(source: Path, output: Path) -> list[Path]:
    """Give the files of an input folder, where the output exists and so may be one of them."""
    if not (source.is_dir() and any(each.exists() for each in _names_of(output))):
        return []
    return [file for file in source.iterdir()
            if file.suffix.lower() in _INPUT_SUFFIXES or file.name == 'metadata.yaml']
