# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From what the user names to bags, videos and folders of pictures."""
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
import glob
import hashlib
import json
from pathlib import PurePosixPath
from typing import Any

from impnet_ros.images import is_picture
from impnet_ros.sources.bag_reader import BAG_SUFFIXES
from impnet_ros.sources.natural import natural
from impnet_ros.sources.places import answering, Place, place, stamp_of

VIDEO_SUFFIXES = frozenset({'.mp4', '.avi', '.mkv', '.mov', '.webm', '.m4v', '.mpg', '.mpeg',
                            '.wmv', '.ogv'})
LIST_SUFFIXES = frozenset({'.txt', '.lst'})
_METADATA = 'metadata.yaml'


@dataclass(frozen=True)
class Source:
    """
    A bag, a video or a folder of pictures.

    Attributes
    ----------
    url : str
        Absolute path or URL.
    kind : str
        'bag', 'video' or 'pictures'; 'missing' for a line of a list that names nothing.
    identity : str
        Changes when one of its files does; known from names, sizes and times.
    pictures : int
        How many a folder of pictures has.

    """

    url: str
    kind: str
    identity: str = ''
    pictures: int = 0


def find_sources(names: Sequence[str], without: Place | None = None) -> list[Source]:
    """
    Find everything that can be labelled.

    Parameters
    ----------
    names : sequence of str
        Bags, videos, folders, globs, or lists (.txt, one name a line, # for comments), local
        or by URL.
    without : Place, optional
        A folder that is not looked into: the destination.

    Returns
    -------
    list of Source
        In the order of the names, inside folders by name, each once.

    Raises
    ------
    FileNotFoundError
        If a name leads nowhere.
    ValueError
        If a folder or list holds nothing that can be labelled.
    ConnectionError
        If a store does not answer.

    """
    found: dict[str, Source] = {}
    for name in names:
        with answering(name):
            for source in _named(name, without):
                found.setdefault(source.url, source)
    return list(found.values())


def _named(name: str, without: Place | None) -> list[Source]:
    where = place(name)
    if without is not None and where == without:
        raise ValueError(f'{name}: expected another place than the destination')
    if not where.exists():
        matches = _matching(where) if glob.has_magic(name) else []
        if not matches:
            raise FileNotFoundError(f'{name}: expected a bag, video, folder, glob or list, got '
                                    f'nothing of that name')
        return [source for path in matches for source in _at(Place(where.fs, path), without)]
    if where.suffix.lower() in LIST_SUFFIXES and not where.is_dir():
        return _listed(where, without)
    sources = _at(where, without)
    if not sources:
        raise ValueError(f'{name}: expected bags, videos or pictures, found none')
    return sources


def _matching(where: Place) -> list[str]:
    """List what a glob names; hidden files and folders only where it names hidden ones."""
    parts = PurePosixPath(where.path).parts
    seen = any(part.startswith('.') and glob.has_magic(part) for part in parts)
    return [path for path in sorted(where.fs.glob(where.path), key=natural)
            if seen or not any(part.startswith('.') and part not in parts
                               for part in PurePosixPath(path).parts)]


def _listed(where: Place, without: Place | None) -> list[Source]:
    found = []
    folder = where.url.rpartition('/')[0]
    for line in where.read_text().splitlines():
        name = line.strip()
        if not name or name.startswith('#'):
            continue
        if '://' not in name and not name.startswith(('/', '~')):
            name = f'{folder}/{name}'
        try:
            with answering(name):
                found += _named(name, without)
        except ConnectionError:
            raise
        except (OSError, ValueError):
            found.append(Source(name, 'missing'))
    if not found:
        raise ValueError(f'{where.url}: expected a bag, video or folder a line, got no line')
    return found


def _at(where: Place, without: Place | None) -> list[Source]:
    """Look at one place, into it where it is a folder."""
    if not where.is_dir():
        kind = 'bag' if where.suffix.lower() in BAG_SUFFIXES else 'video'
        return [_source(where, kind, {where.path: where.fs.info(where.path)})]
    return list(_below(where, without))


def _below(where: Place, without: Place | None) -> Iterator[Source]:
    """Walk through one listing of everything below a folder."""
    root = where.path.rstrip('/')
    files: dict[str, dict[str, dict[str, Any]]] = {}
    for path, info in where.fs.find(root, detail=True).items():
        if without is not None and where.fs == without.fs and f'{path}/'.startswith(
                without.path.rstrip('/') + '/'):
            continue
        if '/.' in path.removeprefix(root):  # hidden: other programs'
            continue
        files.setdefault(path.rpartition('/')[0], {})[path] = info
    bags = sorted(folder for folder, inside in files.items() if f'{folder}/{_METADATA}' in inside)
    for folder in sorted(files, key=natural):
        inside = files[folder]
        if any(f'{folder}/'.startswith(f'{bag}/') for bag in bags):
            if folder in bags:
                yield _source(Place(where.fs, folder), 'bag', inside)
            continue
        pictures = {}
        for path in sorted(inside, key=natural):
            file = Place(where.fs, path)
            suffix = file.suffix.lower()
            if suffix in BAG_SUFFIXES:
                yield _source(file, 'bag', {path: inside[path]})
            elif suffix in VIDEO_SUFFIXES:
                yield _source(file, 'video', {path: inside[path]})
            elif is_picture(file.name):
                pictures[path] = inside[path]
        if pictures:
            yield _source(Place(where.fs, folder), 'pictures', pictures)


def _source(where: Place, kind: str, files: dict[str, dict[str, Any]]) -> Source:
    told = [(path.removeprefix(where.path), info.get('size'), stamp_of(info))
            for path, info in sorted(files.items())]
    return Source(where.url, kind, hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16],
                  len(files) if kind == 'pictures' else 0)
