# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Identity switches and fragmentations after the CLEAR measures, as TrackEval defines them."""
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from impnet_ros.data.true_clip import TrueBoxes
from impnet_ros.evaluation.clips.matching import overlaps
from impnet_ros.evaluation.matching import FrameBoxes
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

SAME_PLACE = 0.5
"""IoU from which a box may be an object's."""

_CONTINUED = 1000.0
"""Weight of a pair that was one in the frame before: it stays one where it can."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Tracking:
    """
    Counts over a clip.

    Attributes
    ----------
    objects, matches, false : int
        True boxes, those that were found, and boxes that were matched to nothing.
    switches : int
        How often an object was found under another id than the last time, however long ago.
    fragmentations : int
        How often an object that had been found was found again after a break, as TrackEval counts:
        it passes over frames in which nothing is reported, or nothing true, of the class.
    breaks : int
        The same with these frames, as one object alone in a picture needs it, but for those in
        which that object is not to be found.

    """

    objects: int = 0
    matches: int = 0
    false: int = 0
    switches: int = 0
    fragmentations: int = 0
    breaks: int = 0

    def __add__(self, other: 'Tracking') -> 'Tracking':
        return Tracking(self.objects + other.objects, self.matches + other.matches,
                        self.false + other.false, self.switches + other.switches,
                        self.fragmentations + other.fragmentations,
                        self.breaks + other.breaks)


def track_class(truth: Sequence[TrueBoxes], found: Sequence[FrameBoxes], ids: Sequence[Ints],
                label: int) -> Tracking:
    """
    Count for one class.

    Parameters
    ----------
    truth : sequence of TrueBoxes
        By frame.
    found : sequence of FrameBoxes
        What was reported, by frame.
    ids : sequence of ndarray
        int (N,), the ids of that.
    label : int
        The class. What matches an ignored box of it is left out.

    """
    last: dict[int, int] = {}
    before: dict[int, int] = {}
    spells, stretches = _Spells(), _Spells()
    objects = matches = false = switches = 0
    for true, boxes, numbers in zip(truth, found, ids, strict=True):
        mine, asked = boxes.labels == label, (true.labels == label)
        kept = np.flatnonzero(mine)[~_on_ignored(true, boxes.boxes[mine], asked)]
        rows = np.flatnonzero(asked & ~true.ignored)
        objects += len(rows)
        pairs = _pairs(true.boxes[rows], true.ids[rows], boxes.boxes[kept], numbers[kept], before)
        now = {int(true.ids[rows[row]]): int(numbers[kept[column]]) for row, column in pairs}
        switches += sum(last.get(number, track) != track for number, track in now.items())
        last.update(now)
        away = stretches.now - set(true.ids[rows].tolist())
        stretches.go_on({*now, *away})
        if len(rows) and len(kept):
            before = now
            spells.go_on(now)
        matches += len(pairs)
        false += len(kept) - len(pairs)
    return Tracking(objects, matches, false, switches, spells.ended(), stretches.ended())


class _Spells:
    """How often each object was found anew."""

    def __init__(self) -> None:
        self.now: set[int] = set()
        self._count: Counter[int] = Counter()

    def go_on(self, found: Iterable[int]) -> None:
        """Take in the objects that are found in the next frame."""
        found = set(found)
        self._count.update(found - self.now)
        self.now = found

    def ended(self) -> int:
        """Count the spells that another one followed."""
        return self._count.total() - len(self._count)


def _pairs(true_boxes: NDArray[np.float64], true_ids: Ints, boxes: NDArray[np.float64],
           ids: Ints, before: dict[int, int]) -> list[tuple[int, int]]:
    """Pair as many as can be, those of the frame before first, then by overlap."""
    overlap = overlaps(true_boxes, boxes)
    known = np.array([before.get(int(number), -1) for number in true_ids])
    value = _CONTINUED * ((known[:, None] == ids[None]) & (known >= 0)[:, None]) + overlap
    value[overlap < SAME_PLACE - np.finfo(float).eps] = 0
    return [(row, column) for row, column in zip(*linear_sum_assignment(-value))
            if value[row, column] > 0]


def _on_ignored(true: TrueBoxes, boxes: NDArray[np.float64],
                asked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which boxes belong to ignored objects: the best pairs of all, and what is in crowds."""
    result = np.zeros(len(boxes), bool)
    if not (asked & true.ignored).any():
        return result
    rows = np.flatnonzero(asked & ~true.crowd)
    overlap = overlaps(true.boxes[rows], boxes)
    overlap[overlap < SAME_PLACE] = 0
    for row, column in zip(*linear_sum_assignment(-overlap)):
        if overlap[row, column] > 0:
            result[column] = true.ignored[rows[row]]
    taken = (overlap * ~true.ignored[rows][:, None] > 0).any(axis=0)
    crowds = true.boxes[asked & true.crowd]
    crowded = overlaps(boxes, crowds, np.ones(len(crowds), bool)) >= SAME_PLACE
    return result | (crowded.any(axis=1) & ~taken)
