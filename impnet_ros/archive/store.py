# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The destination: files appear there whole or not at all."""
from collections.abc import Iterable
from contextlib import suppress
import json
import os
from pathlib import Path
import re
import socket
import tempfile
from time import time
from typing import Any
from uuid import uuid4

from impnet_ros.sources.places import answering, Place, place

_FORGOTTEN_S = 86400.0
_HOST = socket.gethostname()[:20]


def run_name() -> str:
    """Give a name to a run, by which its unfinished files are known."""
    return f'{_HOST}-{os.getpid()}-{uuid4().hex[:6]}'


class Store:
    """
    A folder, here or in an object store.

    Parameters
    ----------
    out : str
        Path or URL; is made where it is missing.
    run : str
        Name of the run, in the names of unfinished files.

    """

    def __init__(self, out: str, run: str = '') -> None:
        self.root = place(out)
        self.run = run
        self._temporary: tempfile.TemporaryDirectory[str] | None = None

    def __truediv__(self, name: str) -> Place:
        return self.root / name

    @property
    def is_of_this_process(self) -> bool:
        """Whether no other process can see it."""
        return 'memory' in (self.root.fs.protocol if isinstance(self.root.fs.protocol, tuple)
                            else (self.root.fs.protocol,))

    def part(self, name: str) -> Path:
        """Give an unfinished file of this machine to write what shall become `name`."""
        own = f'{self.run}-{uuid4().hex[:8]}.part'
        if not self.root.is_local:
            if self._temporary is None:
                self._temporary = tempfile.TemporaryDirectory(prefix='impnet_')
            return Path(self._temporary.name, own)
        folder, _, base = name.rpartition('/')
        path = Path(self.root.path, folder)
        path.mkdir(parents=True, exist_ok=True)
        return path / f'.{base[:160]}.{own}'

    def publish(self, part: Path, name: str) -> int:
        """Let a finished part become `name`, in one move; give its size in bytes."""
        size = part.stat().st_size
        if self.root.is_local:
            with part.open('rb') as file:
                os.fsync(file.fileno())
            os.replace(part, Path(self.root.path, name))
        else:
            # A store shows an object only once it is whole.
            with answering(self.root.url):
                self.root.fs.put_file(str(part), (self / name).path)
            part.unlink()
        return size

    def write_json(self, name: str, value: Any) -> int:
        """Write a small file in one move."""
        part = self.part(name)
        try:
            part.write_text(json.dumps(value, indent=1) + '\n', encoding='utf-8')
            return self.publish(part, name)
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise

    def read_json(self, names: Iterable[str]) -> dict[str, Any]:
        """Read small files together; those that are missing or broken are left out."""
        paths = {(self / name).path: name for name in names}
        with answering(self.root.url):
            found = self.root.fs.cat(list(paths), on_error='omit') if paths else {}
        values = {}
        for path, raw in found.items():
            with suppress(ValueError):
                values[paths[path]] = json.loads(raw)
        return values

    def sizes(self) -> dict[str, int]:
        """List everything with its size in bytes, in one go."""
        root = self.root.path.rstrip('/')
        self.root.fs.invalidate_cache()
        with answering(self.root.url):
            found = self.root.fs.find(root, detail=True) if self.root.exists() else {}
        return {path.removeprefix(root).lstrip('/'): int(info.get('size') or 0)
                for path, info in found.items()}

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, if they are there."""
        for name in names:
            with suppress(FileNotFoundError), answering(self.root.url):
                self.root.fs.rm_file((self / name).path)

    def tidy(self) -> None:
        """Remove unfinished files: of this run, of dead ones here, and those a day old."""
        if not self.root.is_local:
            return
        for path in Path(self.root.path).rglob('.*.part'):
            with suppress(OSError):
                if (f'.{self.run}-' in path.name or _is_of_the_dead(path.name)
                        or time() - path.stat().st_mtime > _FORGOTTEN_S):
                    path.unlink()


def _is_of_the_dead(name: str) -> bool:
    """Whether a file was made by a run on this machine that is no more."""
    told = re.search(rf'\.{re.escape(_HOST)}-(\d+)-[0-9a-f]{{6}}-[0-9a-f]{{8}}\.part', name)
    return bool(told) and not Path('/proc', told[1]).exists() and Path('/proc/self').exists()
