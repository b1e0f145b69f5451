# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What rosbags' reader of ROS 2 reads files with."""
from collections.abc import Callable, Iterator
from functools import partial
import json
from pathlib import PurePath
from types import SimpleNamespace
from typing import Any

from impnet_ros.sources.mcap_file import LARGEST_RECORD, McapFile
from impnet_ros.sources.sqlite_file import SqliteFile
from impnet_ros.sources.unpacking import zstd_size
from rosbags.interfaces import (Connection, ConnectionExtRosbag2, MessageDefinition,
                                MessageDefinitionFormat)
from rosbags.rosbag1 import ReaderError as Ros1Error
from rosbags.rosbag2 import Reader, ReaderError
from rosbags.rosbag2.reader import DirectoryReader
import yaml

METADATA = 'metadata.yaml'
_INFORMATION = 'rosbag2_bagfile_information'


class _Part:
    """A file of a bag of several: one that cannot be read costs itself only."""

    cut, is_lost = '', False

    def open(self) -> None:  # noqa: A003 - the name that rosbags gives it
        try:
            super().open()  # type: ignore[misc]
        except OSError:
            raise
        except Exception as error:  # noqa: B902 - as in `_one_sentence`
            if isinstance(error.__context__, OSError):  # a store's failure
                raise
            self.connections: list[Connection] = []
            self.cut, self.is_lost = f'it cannot be read, {told(error)}', True

    def close(self) -> None:
        if not self.is_lost:
            super().close()  # type: ignore[misc]


class _McapPart(_Part, McapFile):

    pass


class _SqlitePart(_Part, SqliteFile):

    pass


class _Readable:
    """A bag's folder as rosbags takes it: its metadata name nothing else."""

    def __init__(self, folder: Any, metadata: dict[str, Any]) -> None:
        self._folder, self._metadata = folder, metadata

    def __truediv__(self, name: object) -> Any:
        if name == METADATA:
            return SimpleNamespace(read_text=lambda: json.dumps({_INFORMATION: self._metadata}))
        return self._folder / name


class _Directory(DirectoryReader):
    """Takes a folder that lacks files; gives no messages of topics that are not in CDR."""

    STORAGE_PLUGINS = {'mcap': _McapPart, 'sqlite3': _SqlitePart}

    def open(self) -> None:  # noqa: A003 - the name that rosbags gives it
        folder, metadata = self.path, metadata_of(self.path) or {}
        gone = {file.name for file in lost_files(folder, metadata)}
        names = [name for name in metadata['relative_file_paths']
                 if PurePath(name).name not in gone]
        topics = metadata['topics_with_message_count']
        others = [topic for topic in topics
                  if topic['topic_metadata']['serialization_format'] != 'cdr']
        if others or gone and names:
            self.path = _Readable(folder, {
                **metadata, 'relative_file_paths': names,
                'topics_with_message_count': [each for each in topics if each not in others]})
        super().open()
        self.path = folder
        if self.metadata.compression_mode == 'message':
            for storage in self.storages:
                storage.messages = partial(_small, storage.messages)
        self.connections += [_other(topic, self) for topic in others]


class Ros2Bag(Reader):
    """A bag of ROS 2: its folder, or one file."""

    STORAGE_PLUGINS = {'dir': _Directory, '.mcap': McapFile, '.db3': SqliteFile}


class Ros2Part(Reader):
    """A file of a bag whose metadata are of no use."""

    STORAGE_PLUGINS = {'.mcap': _McapPart, '.db3': _SqlitePart}


def metadata_of(folder: Any) -> dict[str, Any] | None:
    """Read what metadata.yaml says; None where it is missing, or names no file."""
    try:
        information = yaml.safe_load((folder / METADATA).read_text('utf-8'))[_INFORMATION]
        names = information['relative_file_paths']
        return information if names and isinstance(names, list) else None
    except (FileNotFoundError, KeyError, TypeError, UnicodeDecodeError, yaml.YAMLError):
        return None


def lost_files(folder: Any, metadata: dict[str, Any]) -> list[Any]:
    """Find the files that metadata name and that are not there."""
    files = [folder / PurePath(str(name)).name for name in metadata['relative_file_paths']]
    return [file for file in files if not file.exists()]


def _small(read: Callable[..., Iterator[tuple[Connection, int, bytes]]], *asked: Any
           ) -> Iterator[tuple[Connection, int, bytes]]:
    """Refuse a compressed message that would fill the memory."""
    for connection, time_ns, data in read(*asked):
        if (size := zstd_size(data, LARGEST_RECORD)) > LARGEST_RECORD:
            raise ReaderError(f'expected at most {LARGEST_RECORD} bytes in a message, got {size} '
                              'or more')
        yield connection, time_ns, data


def _other(topic: dict[str, Any], owner: Any) -> Connection:
    about = topic['topic_metadata']
    return Connection(-1, about['name'], about['type'],
                      MessageDefinition(MessageDefinitionFormat.NONE, ''), '',
                      topic['message_count'],
                      ConnectionExtRosbag2(about['serialization_format'], []), owner)


def told(error: Exception) -> str:
    """Say in a few words what a library makes of a file."""
    text = ' '.join(str(error).split()).rstrip('.')
    if isinstance(error, (ReaderError, Ros1Error)) and text:
        return text
    return f'{type(error).__name__}{f" ({text})" if text else ""}'
