# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Keep a segment's length in time when frames are lost, and key frames of two videos apart."""
from dataclasses import replace

from impnet_ros.config import StreamConfig
from impnet_ros.stream.schedule import length_of
from impnet_ros.stream.state import StreamState


def skip(state: StreamState, frames: int, config: StreamConfig) -> StreamState:
    """
    Count frames that never came as if they had been there.

    Without this a segment of l received frames spans more than l frame periods when some are
    lost, and the flow to its key frame is longer than it was built for. A key frame is never
    skipped: the next frame takes its place.

    Parameters
    ----------
    state : StreamState
        The state after the last received frame.
    frames : int
        How many frames were lost since.
    config : StreamConfig
        The engine's settings.

    Returns
    -------
    StreamState
        The state for the next received frame.

    """
    if frames <= 0:
        return state
    key, pending = state.key, state.pending
    return replace(_advanced(state, frames, config),
                   key=key and replace(key, age=key.age + frames),
                   pending=pending and replace(pending, age=pending.age + frames))


def _advanced(state: StreamState, frames: int, config: StreamConfig) -> StreamState:
    """Move on in the segment, not beyond a key frame that has not come."""
    position = state.position + frames
    if state.position <= config.key_offset:
        return replace(state, position=min(position, config.key_offset))
    return replace(state, position=0 if position >= length_of(config) else position)


def end_segment(state: StreamState) -> StreamState:
    """Begin a new segment with the next frame, unless frames still wait for a key frame."""
    return state if state.waiting else replace(state, position=0)


def at_boundary(state: StreamState, config: StreamConfig) -> bool:
    """
    Whether other settings may take over with the next frame.

    That is where it begins a segment.
    """
    return not state.waiting and (state.position == 0 or config.mode == 'per_frame')


def stagger(state: StreamState, phase: int, config: StreamConfig) -> StreamState:
    """
    Shorten the first segment of a video by `phase` frames.

    Videos of one rate that start together, with phases spread over 0..l-1, then have their key
    frames at different instants. Call it on the fresh state and once more on the state after
    the video's first key frame.

    Parameters
    ----------
    state : StreamState
        A fresh state, or the state just after the first key frame.
    phase : int
        Frames to leave out, 0..l-1: up to `key_offset` of them before the key frame, the
        others behind it.
    config : StreamConfig
        The engine's settings.

    """
    before = min(phase, config.key_offset)
    return _advanced(state, before if state.key is None else phase - before, config)
