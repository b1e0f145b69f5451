# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is remembered of one video between two frames: bounded, never changed in place."""
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass

from impnet_ros.model.levels import Flow, Levels
from impnet_ros.model.sight.picture import Picture
from impnet_ros.stream.boxes.tracks import Tracks
from impnet_ros.stream.types import Origin
from torch import Tensor


@dataclass(frozen=True)
class KeyFrame:
    """
    The newest key frame, with everything absorbed up to it.

    Attributes
    ----------
    picture : Picture
        I_k; flow leads to it.
    f_task : Levels
        What N_task looks at until the next key frame, eq. (3).
    f_imp : Levels
        The impression, eq. (4).
    mean_weight : float or Tensor
        Mean w_k, NaN where a feature was not finite; a tensor () on the network's device until
        the frame's detections are there, so that nothing waits for a GPU before.
    age : int
        Frames from it to the newest frame.

    """

    picture: Picture
    f_task: Levels
    f_imp: Levels
    mean_weight: float | Tensor
    age: int = 0


@dataclass(frozen=True)
class WaitingFrame:
    """A frame that is not answered yet: at most the l - 1 before a central key frame wait."""

    picture: Picture
    origin: Origin
    reset_reason: str
    stage_ms: Mapping[str, float]
    flow: Flow | None = None
    """To the key frame's picture, where it was needed before the frame is served."""


@dataclass(frozen=True)
class PendingKey:
    """
    A key frame that is computed while the stream goes on.

    Attributes
    ----------
    future : Future
        Gives the `KeyFrame`.
    age : int
        Frames from that key frame to the newest frame.

    """

    future: 'Future[KeyFrame]'
    age: int


@dataclass(frozen=True)
class StreamState:
    """
    Everything remembered of one video.

    Attributes
    ----------
    reset_reason : str
        Why this video begins, told with its first frame.
    position : int
        Place of the next frame in its segment, 0..l-1.
    last : Origin, optional
        Of the newest frame; None before the first.
    picture : Picture, optional
        Of the newest frame, from which the motion to the next is seen.
    key : KeyFrame, optional
        The newest; None before the first.
    tracks : Tracks, optional
        The boxes in the newest frame, with those too weak to be reported; None without box
        memory.
    waiting : tuple of WaitingFrame
        Frames whose key frame has not come.
    pending : PendingKey, optional
        The key frame that is being computed meanwhile, at most one.
    unseen : int
        Frames since the last look, at a key frame or a glance.

    """

    reset_reason: str = 'start'
    position: int = 0
    last: Origin | None = None
    picture: Picture | None = None
    key: KeyFrame | None = None
    tracks: Tracks | None = None
    waiting: tuple[WaitingFrame, ...] = ()
    pending: PendingKey | None = None
    unseen: int = 0
