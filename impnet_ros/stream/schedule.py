# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""When a key frame is due, and when a new video begins."""
from impnet_ros.config import StreamConfig
from impnet_ros.stream.state import StreamState
from impnet_ros.stream.types import Origin

LONGEST_WAIT = 2
"""Segments from one key frame to the next at most, where the one due waits for a clear picture."""


def is_key(position: int, config: StreamConfig) -> bool:
    """Whether the frame at `position` (0..l-1) of its segment is the segment's key frame."""
    return config.mode == 'per_frame' or position == config.key_offset


def next_position(position: int, config: StreamConfig) -> int:
    """Place of the frame after the one at `position`, starting anew at the segment's end."""
    following = position + 1
    return 0 if following >= length_of(config) else following


def length_of(config: StreamConfig) -> int:
    """Give the frames of a segment, where nothing is left open; see `settled`."""
    assert config.segment_length != 'auto'
    return config.segment_length


REASONS = ('start', 'encoding', 'frame_id', 'size', 'backward_stamp', 'gap', 'not_finite')
"""Why the engine begins a new video; callers of `Engine.reset` have reasons of their own."""


def why_new_video(origin: Origin, state: StreamState, config: StreamConfig) -> str:
    """
    Why a frame cannot continue the video in `state`, '' where it does.

    Returns
    -------
    str
        The reason given to `Engine.reset` for a first frame, else one of `REASONS`.

    """
    last = state.last
    if last is None:
        return state.reset_reason
    if origin.encoding != last.encoding:
        return 'encoding'
    if origin.frame_id != last.frame_id:
        return 'frame_id'
    if origin.image_size != last.image_size:
        return 'size'
    elapsed_s = origin.stamp_s - last.stamp_s
    if elapsed_s < 0:
        return 'backward_stamp'
    return 'gap' if elapsed_s > config.max_gap else ''
