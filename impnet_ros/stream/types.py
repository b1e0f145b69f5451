# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What goes through the stream: frames in, detections out."""
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
import math
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor


class NotFinite(ValueError):
    """A network gave NaN or infinity; see `Engine.step`."""


@dataclass(frozen=True)
class Origin:
    """
    Where a picture comes from; what of it may change within a video is the stamp alone.

    Attributes
    ----------
    stamp_s : float
        Seconds.
    image_size : tuple of int
        (height, width) in pixels.
    encoding, frame_id : str
        As the image's message tells them; empty for files.

    """

    stamp_s: float
    image_size: tuple[int, int]
    encoding: str = ''
    frame_id: str = ''


@dataclass(frozen=True)
class Frame:
    """
    One picture of a video.

    Attributes
    ----------
    image : numpy.ndarray or Tensor
        uint8 (H, W, 3), RGB.
    stamp_s : float
        Time of the picture in seconds, on any clock that does not go back within a video.
    encoding, frame_id : str
        As the image's message tells them; a change of one begins a new video.

    Raises
    ------
    ValueError
        If the image is empty or an array of another shape or type, or the stamp is no number.

    """

    image: np.ndarray[Any, Any] | Tensor
    stamp_s: float
    encoding: str = ''
    frame_id: str = ''

    def __post_init__(self) -> None:
        shape = tuple(getattr(self.image, 'shape', ()))
        if len(shape) != 3 or shape[2] != 3 or 0 in shape:
            raise ValueError(f'image: expected (H, W, 3) with H, W >= 1, got {shape}')
        if self.image.dtype not in (np.uint8, torch.uint8):
            raise ValueError(f'image: expected uint8, got {self.image.dtype}')
        if not isinstance(self.stamp_s, Real) or not math.isfinite(self.stamp_s):
            raise ValueError(f'stamp_s: expected finite seconds, got {self.stamp_s!r}')

    @property
    def origin(self) -> Origin:
        """Where it comes from."""
        size = self.image.shape[0], self.image.shape[1]
        return Origin(self.stamp_s, size, self.encoding, self.frame_id)


@dataclass(frozen=True)
class Detections:
    """
    What was seen in one frame.

    Attributes
    ----------
    boxes : Tensor
        float (N, 4), x1 y1 x2 y2 in pixels of the frame's own image.
    scores : Tensor
        (N,), best first.
    labels : Tensor
        int64 (N,), indices into the network's class names.
    stamp_s : float
        The frame's stamp, unchanged.
    is_key : bool
        Whether the frame was a key frame.
    age : int
        Frames from the key frame that served this one; negative before it, 0 at a key frame.
    mean_weight : float
        Mean w_k at that key frame: the share of new against remembered; 1 where nothing was fused.
    is_glance : bool
        Whether a small picture of the frame was looked at.
    reset_reason : str
        Why a new video began at this frame: one of `schedule.REASONS`, or what the caller gave
        to `Engine.reset`; '' where it goes on.
    stage_ms : Mapping
        Milliseconds that this frame spent in prepare, features, flow, propagate, weights, task,
        boxes. What runs while the features of a key frame are computed counts where it is waited
        for: flow and propagation as propagate, boxes and their flow as boxes.
    track_ids : Tensor, optional
        int64 (N,), the same for an object as long as it is followed; None without box memory.

    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    stamp_s: float
    is_key: bool = True
    age: int = 0
    mean_weight: float = 1.0
    is_glance: bool = False
    reset_reason: str = ''
    stage_ms: Mapping[str, float] = field(default_factory=dict)
    track_ids: Tensor | None = None

    def __post_init__(self) -> None:
        count = self.scores.shape[0]
        if tuple(self.boxes.shape) != (count, 4) or self.labels.shape != self.scores.shape:
            raise ValueError(f'detections: expected boxes (N, 4), scores (N,), labels (N,), got '
                             f'{tuple(self.boxes.shape)}, {tuple(self.scores.shape)}, '
                             f'{tuple(self.labels.shape)}')

    def __len__(self) -> int:
        return int(self.scores.shape[0])

    def chosen(self, which: Tensor) -> 'Detections':
        """Give some of them, by a mask or by numbers."""
        ids = self.track_ids
        return replace(self, boxes=self.boxes[which], scores=self.scores[which],
                       labels=self.labels[which], track_ids=None if ids is None
                       else ids[which.cpu()])


def nothing_seen(origin: Origin, reset_reason: str) -> Detections:
    """Answer a frame of which the network could say nothing."""
    return Detections(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.int64),
                      stamp_s=origin.stamp_s, is_key=False, reset_reason=reset_reason)
