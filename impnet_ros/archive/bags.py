# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Bags of ROS 1 and ROS 2: one file or a folder of files, compressed or not."""
from collections.abc import Iterator
from contextlib import contextmanager, ExitStack
from pathlib import Path, PurePath
import shutil
import tempfile
from typing import Any

from impnet_ros.archive.bag_files import BagFile, explained, McapFile, RosbagsFile, Stretch, Topic
from impnet_ros.archive.places import Place, place
from impnet_ros.archive.sources import natural
import yaml
import zstandard

_STORAGES = ('.mcap', '.db3')


class Bag:
    """
    A bag that is open.

    Parameters
    ----------
    files : list of BagFile
        In the order of time.
    zipped : bool
        Whether each message is compressed by itself.

    Attributes
    ----------
    topics : list of Topic
        Of all the files.

    """

    def __init__(self, files: list[BagFile], zipped: bool = False) -> None:
        self._files, self._zipped = files, zipped
        found: dict[tuple[str, str, str], int] = {}
        for file in files:
            for topic in file.topics:
                key = topic.name, topic.kind, topic.encoding
                found[key] = found.get(key, 0) + topic.count
        self.topics = [Topic(*key, count) for key, count in found.items()]

    def camera(self, name: str) -> Topic:
        """Find the image topic of a name."""
        for topic in self.topics:
            if topic.name == name and topic.is_camera:
                return topic
        raise ValueError(f'topic: expected images on {name}, the bag has none there')

    def messages(self, topic: str, start_ns: int | None = None,
                 stop_ns: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Give time in nanoseconds and content of a topic's messages, stop excluded."""
        unzip = zstandard.ZstdDecompressor().decompressobj
        for file in self._files:
            for log_ns, raw in file.messages(topic, start_ns, stop_ns):
                yield log_ns, unzip().decompress(raw) if self._zipped else raw

    def stretches(self, topic: str, gap_ns: int) -> list[Stretch] | None:
        """Give what the indices know of a topic, in order; None where one has no index."""
        parts = [file.stretches(topic, gap_ns) for file in self._files]
        if any(part is None for part in parts):
            return None
        return [stretch for part in parts for stretch in part or ()]


@contextmanager
def open_bag(url: str) -> Iterator[Bag]:
    """
    Open a bag, here or in a store.

    Parameters
    ----------
    url : str
        Folder of a rosbag2, or a .mcap, .db3 or .bag file.

    Raises
    ------
    ValueError
        If it cannot be read; the message begins with its name.

    """
    with explained(url), ExitStack() as stack:
        where = place(url)
        if not where.is_dir():
            yield Bag([_open_file(where, stack)])
            return
        names, told = _contents(where)
        mode = str(told.get('compression_mode') or '').lower()
        if mode not in ('', 'none', 'file', 'message'):
            raise ValueError(f'compression_mode: expected file or message, got {mode!r}')
        files = [where / name for name in names]
        missing = [file.name for file in files if not file.exists()]
        if missing:
            raise ValueError(f'expected the files that metadata.yaml names, '
                             f'{", ".join(missing)} is missing')
        yield Bag([_open_file(_unzipped(file, stack) if mode == 'file' else file, stack)
                   for file in files], mode == 'message')


def _open_file(where: Place | Path, stack: ExitStack) -> BagFile:
    if isinstance(where, Place) and not where.stat().st_size:
        raise ValueError('expected a bag, got an empty file')
    return (McapFile if where.suffix == '.mcap' else RosbagsFile)(where, stack)


def _contents(folder: Place) -> tuple[list[str], dict[str, Any]]:
    """Read metadata.yaml; where it is broken, as after a crash, what lies beside it is taken."""
    try:
        told = yaml.safe_load((folder / 'metadata.yaml').read_text())
        told = told['rosbag2_bagfile_information']
        return [PurePath(name).name for name in told['relative_file_paths']], told
    except (KeyError, TypeError, UnicodeDecodeError, yaml.YAMLError):
        names = [path.rpartition('/')[2] for path in folder.fs.find(folder.path)]
        found = sorted((name for name in names if name.endswith(_STORAGES)), key=natural)
        if not found:
            raise ValueError('expected a metadata.yaml of rosbag2 or .mcap files, found '
                             'neither') from None
        return found, {}


def _unzipped(file: Place, stack: ExitStack) -> Path:
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix='impnet_'))
    plain = Path(folder, file.stem)
    with file.open() as packed, plain.open('wb') as out:
        shutil.copyfileobj(zstandard.ZstdDecompressor().stream_reader(packed), out, 1 << 20)
    return plain
