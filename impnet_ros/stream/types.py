# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What goes through the stream: frames in, detections out, the impression between them."""
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
import math
from numbers import Real
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

FeatureLevels = tuple[Tensor, ...]
Flow = tuple[Tensor, ...]


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

    Raises
    ------
    ValueError
        If the image is empty or an array of another shape or type, or the stamp is no number.

    """

    image: np.ndarray[Any, Any] | Tensor
    stamp_s: float

    def __post_init__(self) -> None:
        shape = tuple(getattr(self.image, 'shape', ()))
        if len(shape) != 3 or shape[2] != 3 or 0 in shape:
            raise ValueError(f'image: expected (H, W, 3) with H, W >= 1, got {shape}')
        if self.image.dtype not in (np.uint8, torch.uint8):
            raise ValueError(f'image: expected uint8, got {self.image.dtype}')
        if not isinstance(self.stamp_s, Real) or not math.isfinite(self.stamp_s):
            raise ValueError(f'stamp_s: expected finite seconds, got {self.stamp_s!r}')

    @property
    def image_size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.image.shape[0], self.image.shape[1]


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
    reset_reason : str
        Why a new video began at this frame: 'start', 'backward_stamp', 'gap', 'size'; else ''.
    stage_ms : Mapping
        Milliseconds that this frame spent in prepare, features, flow, propagate, weights, task,
        boxes. What runs beside the features of a key frame counts where it is waited for:
        flow and propagation as propagate, boxes and their flow as boxes.
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


class Network(Protocol):
    """
    All that the engine knows of a network.

    A picture is what `prepare(image)` makes of a frame's image, for networks that offer such a
    method (resizing and normalising once a frame); else it is the image itself. Levels are a
    tuple of tensors (B, C_i, h_i, w_i).

    Other methods that a network may offer:

    * `mismatch(picture, key_picture, flow)`: (1, 1, h, w) at the first level's cells, 0..1, how
      much the picture differs from what the flow finds in the key picture. Box memory forgets
      faster where it is large, and adaptive schedules need it.
    * `clarity(picture)`: log of the detail in a picture, noise not counted; box memory forgets
      more slowly while it is small.
    * `task_along(levels, flow)`: what `task(propagate(levels, flow))` gives, found with less work.
    * `task_at(levels, flow, score_threshold)`: what `task(levels)` or, with a flow,
      `task(propagate(levels, flow))` gives down to another threshold than its own: box memory
      also looks at what is too weak to be reported.
    * `flows(pictures, key_picture)`: list of what `flow` gives for each, found faster together.
    * `trust(levels)`: (B, 1, h_i, w_i) a level, 0..1, how surely carried levels are in their
      place. Beside box memory the impression keeps no larger share: boxes carry the rest better.

    And attributes:

    * `box_memory`: True asks for box memory where the settings leave it open.
    * `beside`: an executor of one thread, which flow, propagate and mismatch of a key frame may
      have while its features are computed on the others; None where there are no others.
    """

    def features(self, image: Any) -> FeatureLevels:
        """N_feat: feature levels of a picture."""

    def flow(self, image: Any, key_image: Any) -> Flow:
        """F(I_i, I_key): (B, 2, h_i, w_i) a level, (x, y) in cells, from target to key frame."""

    def propagate(self, levels: FeatureLevels, flow: Flow) -> FeatureLevels:
        """W and S: carry levels along the flow."""

    def weights(self, f_imp_warped: FeatureLevels, f_k: FeatureLevels) -> tuple[Tensor, ...]:
        """Share w_k of the new feature, (B, 1, h_i, w_i) a level, in 0..1."""

    def task(self, levels: FeatureLevels) -> tuple[Tensor, Tensor, Tensor]:
        """N_task: boxes (N, 4) in pixels of the original image, scores (N,), labels (N,)."""


@dataclass(frozen=True)
class WaitingFrame:
    """A frame that waits for its segment's later key frame."""

    picture: Any
    stamp_s: float
    reset_reason: str
    stage_ms: Mapping[str, float]
    flow: Flow | None = None
    """To the key frame's picture, where it was needed before the frame is served."""


@dataclass(frozen=True)
class Tracks:
    """
    The boxes remembered of a video, best first.

    Attributes
    ----------
    boxes : Tensor
        float (N, 4), x1 y1 x2 y2 in pixels of the newest frame.
    scores, labels, ids : Tensor
        (N,); an id is never given twice within a video.
    velocity : Tensor
        (N, 2), (x, y) in pixels a second against the background.
    drift : Tensor
        (N, 2), pixels a second that the flow misses of it.
    age_s : Tensor
        (N,), seconds since each was first seen.
    way : Tensor
        (N,), the way that each has gone since the last key frame, in sides: roots of its area.
    next_id : int
        The first id that is still free.
    stamp_s : float
        When they last met fresh boxes, seconds.
    frame_s : float
        Time of the newest frame, seconds.
    clarity : float
        Log of the detail in the clearest picture of late; see `box_memory.merge`.

    """

    boxes: Tensor
    scores: Tensor
    labels: Tensor
    ids: Tensor
    velocity: Tensor
    drift: Tensor
    age_s: Tensor
    way: Tensor
    next_id: int
    stamp_s: float
    frame_s: float
    clarity: float = -math.inf

    def chosen(self, which: Tensor) -> 'Tracks':
        """Give some of them, by a mask or by numbers."""
        return replace(self, boxes=self.boxes[which], scores=self.scores[which],
                       labels=self.labels[which], ids=self.ids[which.cpu()],
                       velocity=self.velocity[which], drift=self.drift[which],
                       age_s=self.age_s[which], way=self.way[which])

    def and_also(self, other: 'Tracks') -> 'Tracks':
        """Append the tracks of another memory; all else stays as it is here."""
        return replace(self, boxes=torch.cat((self.boxes, other.boxes)),
                       scores=torch.cat((self.scores, other.scores)),
                       labels=torch.cat((self.labels, other.labels)),
                       ids=torch.cat((self.ids, other.ids)),
                       velocity=torch.cat((self.velocity, other.velocity)),
                       drift=torch.cat((self.drift, other.drift)),
                       age_s=torch.cat((self.age_s, other.age_s)),
                       way=torch.cat((self.way, other.way)))


@dataclass(frozen=True)
class PendingKey:
    """
    A key frame that is being computed beside the stream.

    Attributes
    ----------
    future : Future
        Gives the `Impression` with the key frame absorbed.
    age : int
        Frames from that key frame to the newest frame.

    """

    future: 'Future[Any]'
    age: int


@dataclass(frozen=True)
class Impression:
    """
    Everything remembered of one video: bounded, never changed in place.

    Attributes
    ----------
    position : int
        Place of the next frame in its segment, 0..l-1.
    last_stamp_s, image_size
        Of the newest frame; None before the first.
    key_image
        The newest key frame's picture; None before the first key frame.
    f_task, f_imp : FeatureLevels
        Task feature of the current segment and impression; None before the first key frame.
    age : int
        Frames from the newest key frame to the newest frame.
    mean_weight : float or Tensor
        Mean w_k at the newest key frame; a tensor () on the network's device until that frame's
        detections are there, so that nothing waits for a GPU before.
    waiting : tuple of WaitingFrame
        Frames, at most l - 1, whose key frame has not come yet.
    pending : PendingKey, optional
        The key frame that is being computed in the background, at most one.
    key_overdue : bool
        Whether a key frame fell due while another was still being computed.
    doubt : float
        Mean mismatch of the frames since the newest key frame, added up, with an adaptive
        schedule.
    picture
        The newest frame's picture, from which the motion to the next is seen; None before the
        first.
    tracks : Tracks, optional
        The boxes in the newest frame, with those too weak to be reported; None without box
        memory.

    """

    position: int = 0
    last_stamp_s: float | None = None
    image_size: tuple[int, int] | None = None
    key_image: Any = None
    f_task: FeatureLevels | None = None
    f_imp: FeatureLevels | None = None
    age: int = 0
    mean_weight: float | Tensor = 1.0
    waiting: tuple[WaitingFrame, ...] = ()
    pending: PendingKey | None = None
    key_overdue: bool = False
    doubt: float = 0.0
    picture: Any = None
    tracks: Tracks | None = None
