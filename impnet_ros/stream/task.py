# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""N_task on a frame: the newest key frame's task feature, brought there by flow."""
from impnet_ros.stream.timing import timed
from impnet_ros.stream.types import Impression, Network, WaitingFrame
from torch import Tensor


def run_task(network: Network, frame: WaitingFrame, age: int, state: Impression,
             stage_ms: dict[str, float],
             score_threshold: float | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """
    Find boxes in a frame, in the way of which the network offers the shortest.

    Parameters
    ----------
    network : Network
        `task_at`, `task_along` or `propagate` and `task` are used, and `flow`.
    frame : WaitingFrame
        Where to look.
    age : int
        Frames from the key frame to this one; 0 for the key frame itself, which needs no flow.
    state : Impression
        With the key frame's picture and task feature.
    stage_ms : dict
        The milliseconds of flow, propagate and task are added to it.
    score_threshold : float, optional
        Smallest score wanted, where the network can be asked for another one than its own.

    Returns
    -------
    boxes, scores, labels : Tensor
        (N, 4) in pixels of the frame's own image, (N,), (N,).

    """
    assert state.f_task is not None
    levels = state.f_task
    flow = frame.flow if age != 0 else None
    if age != 0 and flow is None:
        with timed(stage_ms, 'flow'):
            flow = network.flow(frame.picture, state.key_image)
    task_at = getattr(network, 'task_at', None)
    task_along = getattr(network, 'task_along', None)
    found: tuple[Tensor, Tensor, Tensor]
    if score_threshold is not None and task_at is not None:
        with timed(stage_ms, 'task'):
            found = task_at(levels, flow, score_threshold)
    elif flow is not None and task_along is not None:
        with timed(stage_ms, 'task'):
            found = task_along(levels, flow)
    else:
        if flow is not None:
            with timed(stage_ms, 'propagate'):
                levels = network.propagate(levels, flow)
        with timed(stage_ms, 'task'):
            found = network.task(levels)
    return found
