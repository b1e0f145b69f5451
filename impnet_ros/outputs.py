# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Files that are written: never over an input, never over something whole before they are."""
from collections.abc import Iterable, Mapping
import os
from pathlib import Path

_INPUT_SUFFIXES = frozenset({'.mcap', '.db3', '.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff',
                             '.webp'})


def require_distinct(outputs: Mapping[str, Path | None], inputs: Iterable[Path]) -> None:
    """
    Refuse outputs that are an input, a file of an input folder, or each other.

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
        path.parent.mkdir(parents=True, exist_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write a text file in one move: whoever reads it finds the earlier one or all of this."""
    part = unfinished(path)
    part.write_text(text, encoding='utf-8')
    os.replace(part, path.resolve())


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


def _names_of(output: Path) -> tuple[Path, ...]:
    return output, unfinished(output), previous(output)


def _files_in(source: Path, output: Path) -> list[Path]:
    """Give the files of an input folder, where the output exists and so may be one of them."""
    if not (source.is_dir() and any(each.exists() for each in _names_of(output))):
        return []
    return [file for file in source.iterdir()
            if file.suffix.lower() in _INPUT_SUFFIXES or file.name == 'metadata.yaml']
