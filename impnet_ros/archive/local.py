# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""All pieces in this process, one after the other."""
from collections.abc import Callable, Iterator, Sequence

from impnet_ros.archive.job import Job
from impnet_ros.archive.outcome import Outcome
from impnet_ros.archive.pieces import Piece
from impnet_ros.archive.progress import Progress
from impnet_ros.archive.worker import Labeller


def label_here(pieces: Sequence[Piece], job: Job, shown: Progress,
               stopping: Callable[[], bool]) -> Iterator[Outcome]:
    """
    Label pieces here.

    Parameters
    ----------
    pieces : sequence of Piece
        What to do.
    job : Job
        How.
    shown : Progress
        Is told how far the pieces are.
    stopping : callable
        Whether to stop: pieces that are near their end are finished, the others left.

    Yields
    ------
    Outcome
        As soon as it is known.

    """
    def tell(name: str, frames: int) -> bool:
        shown.told({name: frames})
        return stopping()

    labeller = Labeller(job, tell)
    for piece in pieces:
        yield labeller.label(piece)
