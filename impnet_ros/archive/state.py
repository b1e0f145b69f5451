# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is done and whole: a marker a piece, written when all its files are there."""
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from impnet_ros.archive.job import Job
from impnet_ros.archive.pieces import Piece
from impnet_ros.archive.store import Store

FOLDER = '_state'


def marker_name(piece: Piece) -> str:
    """Give the file of a piece's marker in the destination."""
    return f'{FOLDER}/{piece.name}.json'


def mark(store: Store, piece: Piece, job: Job, outputs: dict[str, int],
         found: dict[str, Any]) -> None:
    """Write down that a piece is done: its settings, its files with their sizes, its counts."""
    store.write_json(marker_name(piece), {
        'piece': asdict(piece), 'settings': job.settings, 'model': job.model_name,
        'outputs': outputs, **found})


def find_done(store: Store, pieces: Iterable[Piece], job: Job) -> dict[str, dict[str, Any]]:
    """
    Find the pieces that need not be done again.

    Parameters
    ----------
    store : Store
        The destination.
    pieces : iterable of Piece
        As they are cut now.
    job : Job
        Settings, model and formats that are wanted now.

    Returns
    -------
    dict
        Name of the piece to its marker: same source, settings and model, every wanted file there
        with the size that was written.

    """
    sizes = store.sizes()
    wanted = {marker_name(piece): piece for piece in pieces}
    markers = store.read_json(name for name in wanted if name in sizes)
    return {wanted[name].name: marker for name, marker in markers.items()
            if is_whole(marker, wanted[name], job, sizes)}


def is_whole(marker: Any, piece: Piece, job: Job, sizes: dict[str, int]) -> bool:
    """Tell whether a marker speaks of this very piece, and its files are as they were written."""
    if not isinstance(marker, dict) or marker.get('settings') != job.settings:
        return False
    outputs = marker.get('outputs')
    if marker.get('piece') != asdict(piece) or not isinstance(outputs, dict):
        return False
    kinds = {name.partition('/')[0] for name in outputs}
    return kinds >= set(job.formats) and all(sizes.get(name) == size
                                             for name, size in outputs.items())
