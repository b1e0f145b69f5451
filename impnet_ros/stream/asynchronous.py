# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Asynchronous key frames: the next one is computed while the last one still serves."""
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

from impnet_ros.stream.state import KeyFrame, PendingKey, StreamState


def advance(state: StreamState, due: bool,
            begin: Callable[[], 'Future[KeyFrame]']) -> StreamState:
    """
    Begin a key frame that is due, one at a time, and switch to one that is ready.

    The key frame is absorbed where it was seen: its impression is fused with the one before it,
    and frames after the switch are aligned with its own picture.

    Parameters
    ----------
    state : StreamState
        With the newest frame.
    due : bool
        Whether that frame should become a key frame. While another one is still being computed
        the next frame is due in its place.
    begin : Callable
        Begins to compute it.

    """
    pending = state.pending
    if pending is not None:
        pending = replace(pending, age=pending.age + 1)
        if due:
            state = replace(state, position=0)
    elif due:
        pending = PendingKey(begin(), 0)
    if pending is None or not pending.future.done():
        return replace(state, pending=pending)
    return replace(state, key=replace(pending.future.result(), age=pending.age), pending=None)
