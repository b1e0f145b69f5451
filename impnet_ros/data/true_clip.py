# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A recorded clip with what is true in it, as the readers of MOTChallenge and COCO give it."""
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from impnet_ros.images import decode_compressed, ImageError
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class TrueBoxes:
    """
    What is true in one frame.

    Attributes
    ----------
    boxes : ndarray
        float64 (N, 4), x1 y1 x2 y2 in pixels: a box from x1 to x2 is x2 - x1 wide.
    labels, ids : ndarray
        int64 (N,): classes of the network, and the same number for an object in all its frames.
    ignored : ndarray
        bool (N,): neither to be found nor wrong to find.
    crowd : ndarray
        bool (N,): an ignored region that stands for any number of objects.

    """

    boxes: NDArray[np.float64]
    labels: NDArray[np.int64]
    ids: NDArray[np.int64]
    ignored: NDArray[np.bool_]
    crowd: NDArray[np.bool_]


@dataclass
class BoxRows:
    """The rows of a frame while they are read."""

    boxes: list[Sequence[float]] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    ignored: list[bool] = field(default_factory=list)
    crowd: list[bool] = field(default_factory=list)

    def add(self, left_top_size: Sequence[float], label: int, number: int, ignored: bool = False,
            crowd: bool = False) -> None:
        """Add a box given as left, top, width, height; a crowd is ignored."""
        left, top, width, height = left_top_size
        self.boxes.append((left, top, left + width, top + height))
        self.labels.append(label)
        self.ids.append(number)
        self.ignored.append(ignored or crowd)
        self.crowd.append(crowd)

    def done(self) -> TrueBoxes:
        """Give the arrays."""
        return TrueBoxes(np.asarray(self.boxes, np.float64).reshape(-1, 4),
                         np.asarray(self.labels, np.int64), np.asarray(self.ids, np.int64),
                         np.asarray(self.ignored, np.bool_), np.asarray(self.crowd, np.bool_))


@dataclass(frozen=True)
class TrueClip:
    """
    A clip with its truth.

    Attributes
    ----------
    name : str
        As written beside figures.
    fps : float
        Frames a second.
    images : Callable
        Gives an iterator over the pictures, uint8 (H, W, 3) RGB, one a frame.
    truth : tuple of TrueBoxes
        One a frame.
    complete : bool
        Whether all objects of the classes that occur are annotated or ignored; else only boxes
        near the annotated ones can be judged.
    tracked : bool
        Whether ids mean anything.

    """

    name: str
    fps: float
    images: Callable[[], Iterator[Image]]
    truth: tuple[TrueBoxes, ...]
    complete: bool = True
    tracked: bool = True

    def first(self, count: int | None) -> 'TrueClip':
        """Give the first frames; all for None."""
        return replace(self, images=lambda: islice(self.images(), count),
                       truth=self.truth[:count])


def read_images(files: Sequence[Path]) -> Iterator[Image]:
    """Decode picture files one at a time; a broken one is named."""
    for file in files:
        try:
            yield _rgb(file.read_bytes())
        except ImageError as error:
            raise ImageError(f'{file}: {error}') from error


def _rgb(content: bytes) -> Any:
    return decode_compressed(content)
