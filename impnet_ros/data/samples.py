# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A video with ground truth, as every reader and the sprites offer it."""
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Degradation:
    """
    How a frame was spoilt.

    Attributes
    ----------
    kind : str
        'none', 'motion_blur', 'defocus', 'low_light' or 'occlusion'; 'unknown' for real video.
    strength : float
        0 (not at all) to 1 (the strongest that the set knows).

    """

    kind: str = 'unknown'
    strength: float = 0.0


@dataclass(frozen=True)
class FrameTruth:
    """
    What is to be found in one frame.

    Attributes
    ----------
    boxes : ndarray
        float32 (N, 4), x1 y1 x2 y2 in pixels. Both corners are coordinates of pixel centres that
        belong to the object, as in the ILSVRC XML: a box one pixel wide has x1 == x2.
    labels : ndarray
        int64 (N,), indices into the set's class names.
    track_ids : ndarray
        int64 (N,), the same number for the same object throughout its video.
    occluded : ndarray
        bool (N,), whether the object is hidden in part.
    degradation : Degradation
        What was done to the picture.

    Raises
    ------
    ValueError
        If the arrays differ in length.

    """

    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]
    track_ids: NDArray[np.int64]
    occluded: NDArray[np.bool_]
    degradation: Degradation = field(default_factory=Degradation)

    def __post_init__(self) -> None:
        count = len(self.labels)
        if (self.boxes.shape != (count, 4) or len(self.track_ids) != count
                or len(self.occluded) != count):
            raise ValueError(f'truth: expected {count} boxes (N, 4), track_ids and occluded, got '
                             f'{self.boxes.shape}, {len(self.track_ids)}, {len(self.occluded)}')


def make_truth(boxes: Sequence[Sequence[float]], labels: Sequence[int],
               track_ids: Sequence[int] | None = None, occluded: Sequence[bool] | None = None,
               degradation: Degradation | None = None) -> FrameTruth:
    """
    Build a `FrameTruth` from plain lists, empty ones included.

    Parameters
    ----------
    boxes, labels, track_ids, occluded
        As in `FrameTruth`; without track ids the objects are numbered, without `occluded` none is.
    degradation : Degradation, optional
        Unknown when left out.

    """
    count = len(labels)
    return FrameTruth(
        np.asarray(boxes, np.float32).reshape(-1, 4), np.asarray(labels, np.int64),
        np.asarray(range(count) if track_ids is None else track_ids, np.int64),
        np.asarray([False] * count if occluded is None else occluded, np.bool_),
        degradation or Degradation())


class VideoClip(Protocol):
    """A video of known length with a truth for each frame."""

    name: str
    labelled: Sequence[int]
    """Frames from which training draws the one to be labelled, in order."""

    def __len__(self) -> int:
        """Count the frames."""

    def frame(self, index: int) -> NDArray[Any]:
        """Picture `index`, uint8 (H, W, 3) RGB."""

    def truth(self, index: int) -> FrameTruth:
        """Ground truth of picture `index`."""


class VideoSet(Protocol):
    """Videos of the same classes."""

    class_names: tuple[str, ...]

    def __len__(self) -> int:
        """Count the videos."""

    def __getitem__(self, index: int) -> VideoClip:
        """Video `index`."""

    def labelled(self, index: int) -> Sequence[int]:
        """Give `labelled` of video `index` without making or opening it."""
