# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a new bag goes: beside its place first, so that nothing is lost if it fails."""
from collections.abc import Iterator
from contextlib import contextmanager, suppress
import os
from pathlib import Path
import shutil
import sqlite3
from tempfile import mkdtemp
from typing import Protocol

from impnet_ros.outputs import is_same
from rosbags.rosbag2 import WriterError

_OF_A_BAG = ('.mcap', '.db3', '.db3-wal', '.db3-shm', '.zstd')


class Keep(Protocol):
    """Moves what was written to its place; what is not whole replaces nothing."""

    def __call__(self, *, whole: bool) -> None:
        """Move it."""


def require_place(bag: Path, source: Path, *, overwrite: bool) -> None:
    """
    Refuse a place for a new bag where something else would be destroyed.

    Parameters
    ----------
    bag : Path
        Folder of the new bag.
    source : Path
        What it is made from.
    overwrite : bool
        Whether a bag that is there may be replaced.

    Raises
    ------
    ValueError
        If the bag is the source, or around it.
    FileExistsError
        If it is there and may not be replaced, is no bag, or holds more than one.

    """
    place, origin = bag.resolve(), source.resolve()
    if is_same(bag, source) or place in origin.parents:
        raise ValueError(f'bag: expected another place than the input {source}, got {bag}')
    if not os.path.lexists(bag):
        return
    if not overwrite:
        raise FileExistsError(f'{bag} exists already; --overwrite replaces it')
    if not (bag / 'metadata.yaml').is_file():
        raise FileExistsError(f'{bag} exists and is no bag: expected a folder with metadata.yaml')
    others = [file.name for file in bag.iterdir()
              if file.name != 'metadata.yaml' and not file.name.endswith(_OF_A_BAG)]
    if others:
        raise FileExistsError(f'{bag} holds more than a bag, and is not replaced: {others[0]}')


@contextmanager
def new_bag(bag: Path) -> Iterator[tuple[Path, Keep]]:
    """
    Give a folder to write a bag to, and the function that moves it to its place.

    What is not kept is removed. What the libraries raise when they cannot write becomes OSError.
    """
    place = bag.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    around = Path(mkdtemp(prefix=f'.{place.name}.', dir=place.parent))
    part = around / place.name  # the name of the folder is that of the file in it

    def keep(*, whole: bool) -> None:
        old = around / 'replaced'
        if place.exists():
            if not whole:
                return
            os.rename(place, old)
        try:
            os.rename(part, place)
        except OSError:
            if old.exists():
                os.rename(old, place)
            raise

    try:
        yield part, keep
    except (WriterError, sqlite3.Error) as error:
        raise OSError(f'{bag}: the bag cannot be written, {error}') from error
    except OSError as error:
        if error.strerror and not error.filename:
            raise OSError(error.errno, error.strerror, str(bag)) from error
        raise
    finally:
        with suppress(OSError):
            shutil.rmtree(around)
