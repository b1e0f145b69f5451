# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What rosbags' reader of ROS 2 reads files with."""
from pathlib import Path
from typing import Any
from urllib.parse import quote

from impnet_ros.sources.mcap_file import McapFile
from rosbags.interfaces import Connection
from rosbags.rosbag1 import ReaderError as Ros1Error
from rosbags.rosbag2 import Reader, ReaderError
from rosbags.rosbag2.reader import DirectoryReader
from rosbags.rosbag2.storage_sqlite3 import Sqlite3Reader


class _SqliteFile(Sqlite3Reader):

    def __init__(self, path: Any) -> None:
        # rosbags makes a URI of it as it stands.
        super().__init__(Path(quote(str(path))) if isinstance(path, Path) else path)


class _Part:
    """A file of a bag of several: one that cannot be read costs itself only."""

    cut, _is_open = '', False

    def open(self) -> None:  # noqa: A003 - the name that rosbags gives it
        try:
            super().open()  # type: ignore[misc]
            self._is_open = True
        except OSError:
            raise
        except Exception as error:  # noqa: B902 - as in `_one_sentence`
            self.connections: list[Connection] = []
            self.cut = f'it cannot be read, {told(error)}'

    def close(self) -> None:
        if self._is_open:
            super().close()  # type: ignore[misc]


class _McapPart(_Part, McapFile):

    pass


class _SqlitePart(_Part, _SqliteFile):

    pass


class _Directory(DirectoryReader):
    STORAGE_PLUGINS = {'mcap': _McapPart, 'sqlite3': _SqlitePart}


class Ros2Bag(Reader):
    """A bag of ROS 2: its folder, or one file."""

    STORAGE_PLUGINS = {'dir': _Directory, '.mcap': McapFile, '.db3': _SqliteFile}


def told(error: Exception) -> str:
    """Say in a few words what a library makes of a file."""
    text = ' '.join(str(error).split()).rstrip('.')
    if isinstance(error, (ReaderError, Ros1Error)) and text:
        return text
    return f'{type(error).__name__}{f" ({text})" if text else ""}'
