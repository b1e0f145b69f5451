# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Paths and URLs: files of this machine and of object stores through fsspec."""
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import io
import os
from pathlib import Path
import tempfile
from typing import Any, BinaryIO

import fsspec
from fsspec.implementations.local import LocalFileSystem
from impnet_ros.outputs import said

_STORES = frozenset({'adlfs', 'aiobotocore', 'aiohttp', 'azure', 'botocore', 'gcsfs', 'google',
                     'requests', 's3fs', 'urllib3'})
"""Libraries of stores, whose errors are of any class."""


@dataclass(frozen=True)
class Place:
    """
    A file or folder somewhere.

    It has what rosbags asks of a path, so that bags are read where they are, by ranges.

    Attributes
    ----------
    fs : fsspec.AbstractFileSystem
        Where it is.
    path : str
        Its path there.

    """

    fs: Any
    path: str

    @property
    def is_local(self) -> bool:
        """Whether the operating system can open it."""
        return isinstance(self.fs, LocalFileSystem)

    @property
    def url(self) -> str:
        """Absolute path of a local file, else a URL."""
        return self.path if self.is_local else str(self.fs.unstrip_protocol(self.path))

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rstrip('/').rpartition('/')[2]

    @property
    def suffix(self) -> str:
        """Last suffix with its dot, as in pathlib."""
        return Path(self.name).suffix

    @property
    def stem(self) -> str:
        """Name without the last suffix."""
        return Path(self.name).stem

    def __str__(self) -> str:
        return self.url

    def __truediv__(self, name: object) -> 'Place':
        """Go down one step."""
        return Place(self.fs, f'{self.path.rstrip("/")}/{name}')

    def exists(self) -> bool:
        """Whether something is there."""
        return bool(self.fs.exists(self.path))

    def is_dir(self) -> bool:
        """Whether it is a folder."""
        return bool(self.fs.isdir(self.path))

    def iterdir(self) -> Iterator['Place']:
        """Give what is in a folder."""
        for path in self.fs.ls(self.path, detail=False):
            yield Place(self.fs, path)

    def open(self, mode: str = 'rb') -> BinaryIO:  # noqa: A003 - as a path has it
        """Open it, to read."""
        if self.is_local:
            return io.open(self.path, mode)
        return self.fs.open(self.path, mode)

    def read_bytes(self) -> bytes:
        """Give all of it."""
        with self.open() as file:
            return file.read()

    def read_text(self, encoding: str | None = None) -> str:
        """Give all of it as text."""
        return self.read_bytes().decode(encoding or 'utf-8')

    def stat(self, *, follow_symlinks: bool = True) -> Any:
        """Give an object with `st_size`."""
        if self.is_local:
            return os.stat(self.path, follow_symlinks=follow_symlinks)
        return os.stat_result((0,) * 6 + (int(self.fs.info(self.path)['size']),) + (0,) * 3)

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """Give a file of this machine with its content, for libraries that need one."""
        if self.is_local:
            yield Path(self.path)
            return
        with tempfile.TemporaryDirectory(prefix='impnet_') as folder:
            copy = Path(folder, self.name)
            self.fs.get_file(self.path, str(copy))
            yield copy


def place(url: str) -> Place:
    """
    Find a path or URL.

    Raises
    ------
    ValueError
        If nothing here serves URLs of that kind.

    """
    try:
        fs, path = fsspec.url_to_fs(os.path.expanduser(url))
    except (ImportError, ValueError) as error:
        raise ValueError(f'{url}: {error}') from error
    if isinstance(fs, LocalFileSystem):
        path = os.path.abspath(path)
    return Place(fs, path)


@contextmanager
def answering(url: str) -> Iterator[None]:
    """
    Say in one sentence what the library of a store says.

    Raises
    ------
    ConnectionError
        In place of an error of such a library: without credentials, say.

    """
    try:
        yield
    except Exception as error:  # noqa: B902 - each library has classes of its own
        if type(error).__module__.partition('.')[0] not in _STORES:
            raise
        raise ConnectionError(f'{url}: the store does not answer: {said(error)}') from error


def stamp_of(info: dict[str, Any]) -> str:
    """Tell one version of a file from another by what its store says, without reading it."""
    for key in ('ETag', 'etag', 'md5Hash', 'mtime', 'LastModified', 'last_modified', 'created'):
        if info.get(key) is not None:
            return str(info[key]).strip('"')
    return ''
