# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What was found in an image, as plain values for the writers."""
from dataclasses import dataclass

from impnet_ros.archive.job import Job
from impnet_ros.archive.pieces import Piece
from impnet_ros.archive.reading import Seen
from impnet_ros.config import StreamConfig
from impnet_ros.stream.types import Detections


@dataclass(frozen=True)
class About:
    """What every file of a piece says: the piece, the settings, the network."""

    piece: Piece
    job: Job
    class_names: tuple[str, ...]
    stream: StreamConfig
    device: str


@dataclass(frozen=True)
class Labelled:
    """
    An image with its objects, best first.

    Attributes
    ----------
    seen : Seen
        Where the image comes from.
    is_key, is_glance, age, mean_weight, reset_reason
        As in `Detections`.
    boxes : list of list of float
        x1 y1 x2 y2 in pixels of the image.
    scores : list of float
    labels : list of int
    tracks : list of int, optional
        Numbers of the objects, never given twice in a piece; None without box memory.

    """

    seen: Seen
    is_key: bool
    is_glance: bool
    age: int
    mean_weight: float
    reset_reason: str
    boxes: list[list[float]]
    scores: list[float]
    labels: list[int]
    tracks: list[int] | None


class Numbering:
    """
    Numbers for tracks: the engine's own start anew whenever its memory does.

    Parameters
    ----------
    begins : str
        Why memory is empty at the beginning of the piece.

    """

    def __init__(self, begins: str) -> None:
        self._begins = begins
        self._base = self._next = 0

    def labelled(self, seen: Seen, found: Detections) -> Labelled:
        """Give an image with its detections; they have to come in order."""
        reason = found.reset_reason
        if reason:
            self._base = self._next
        if reason == 'start':
            reason = self._begins
        tracks = None
        if found.track_ids is not None:
            tracks = [self._base + number for number in found.track_ids.tolist()]
            self._next = max([self._next, *(number + 1 for number in tracks)])
        return Labelled(seen, found.is_key, found.is_glance, found.age,
                        float(found.mean_weight), reason, found.boxes.tolist(),
                        found.scores.tolist(), found.labels.tolist(), tracks)
