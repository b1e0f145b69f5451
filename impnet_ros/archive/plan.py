# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""All pieces of all sources; what was cut before and has not changed is not opened again."""
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from impnet_ros.archive.cutting import cut
from impnet_ros.archive.pieces import Nothing, Piece
from impnet_ros.archive.sources import Source
from impnet_ros.archive.state import FOLDER
from impnet_ros.archive.store import Store
from impnet_ros.config import StreamConfig

_FILE = f'{FOLDER}/plan.json'
_THREADS = 8
_TRIES = 3


@dataclass(frozen=True)
class Plan:
    """
    What is to be done.

    Attributes
    ----------
    pieces : list of Piece
        Long ones first: no worker begins a long one when the others are through.
    nothing : list of Nothing
        Sources and cameras without anything to do, and why.
    gone : set of str
        Names of pieces of an earlier plan that this one cuts otherwise.

    """

    pieces: list[Piece]
    nothing: list[Nothing]
    gone: frozenset[str]


def make_plan(store: Store, sources: Sequence[Source], topics: Sequence[str],
              config: StreamConfig, done: Callable[[], object]) -> Plan:
    """
    Cut all sources into pieces.

    Parameters
    ----------
    store : Store
        The destination, which remembers the last plan.
    sources : sequence of Source
        What there is.
    topics : sequence of str
        Image topics; empty for all.
    config : StreamConfig
        Says at which gaps memory starts anew.
    done : callable
        Called after each source, for a progress bar.

    """
    known = last_plan(store)
    asked = {'topics': sorted(topics), 'max_gap': config.max_gap}
    with ThreadPoolExecutor(_THREADS, 'impnet_plan') as threads:
        parts = list(threads.map(partial(_cut, known, asked, tuple(topics), config, done),
                                 sources))
    pieces = [item for part in parts for item in part if isinstance(item, Piece)]
    nothing = [item for part in parts for item in part if isinstance(item, Nothing)]
    fresh = {source.url: {**asked, 'identity': source.identity,
                          'pieces': [asdict(item) for item in part if isinstance(item, Piece)],
                          'nothing': [asdict(item) for item in part if isinstance(item, Nothing)]}
             for source, part in zip(sources, parts, strict=True)
             if not any(isinstance(item, Nothing) and item.broken for item in part)}
    gone = _replaced(known, fresh)
    if any(known.get(url) != entry for url, entry in fresh.items()):
        store.write_json(_FILE, {**known, **fresh})
    return Plan(sorted(pieces, key=lambda piece: -piece.frames), nothing, gone)


def last_plan(store: Store) -> dict[str, Any]:
    """Give what a destination remembers, by source; nothing where it remembers nothing."""
    known = store.read_json([_FILE]).get(_FILE)
    return known if isinstance(known, dict) else {}


def _cut(known: dict[str, Any], asked: dict[str, Any], topics: tuple[str, ...],
         config: StreamConfig, done: Callable[[], object], source: Source
         ) -> list[Piece | Nothing]:
    entry = known.get(source.url)
    try:
        if isinstance(entry, dict) and entry.get('identity') == source.identity and all(
                entry.get(name) == value for name, value in asked.items()):
            return [*(Piece(**values) for values in entry['pieces']),
                    *(Nothing(**values) for values in entry['nothing'])]
        for _ in range(_TRIES):
            try:
                return cut(source, topics, config)
            except OSError as error:
                failure = error
        return [Nothing(source.url, str(failure), broken=True)]
    finally:
        done()


def _replaced(known: dict[str, Any], fresh: dict[str, Any]) -> frozenset[str]:
    """Find parts of the same cameras that are no longer among the pieces."""
    gone = set()
    for url, entry in fresh.items():
        now = [Piece(**values) for values in entry['pieces']]
        topics = {piece.topic for piece in now}
        before = [Piece(**values) for values in known.get(url, {}).get('pieces', ())]
        gone |= {piece.name for piece in before if piece.topic in topics} - {
            piece.name for piece in now}
    return frozenset(gone)
