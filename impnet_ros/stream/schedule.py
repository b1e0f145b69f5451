# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""When a key frame is due, and when a new video begins."""
from impnet_ros.config import StreamConfig
from impnet_ros.stream.state import StreamState
from impnet_ros.stream.types import Origin


def is_key(position: int, config: StreamConfig) -> bool:
    """Whether the frame at `position` (0..l-1) of its segment is the segment's key frame."""
    return config.mode == 'per_frame' or position == config.key_offset


def next_position(position: int, config: StreamConfig) -> int:
    """Place of the frame after the one at `position`, starting anew at the segment's end."""
    following = position + 1
    return 0 if following >= longest(config) else following


def longest(config: StreamConfig) -> int:
    """Give the most frames that a segment may have."""
    return config.segment_length if config.schedule == 'fixed' else config.l_max


def is_doubtful(position: int, doubt: float, config: StreamConfig) -> bool:
    """
    Whether the frame at `position` of an adaptive schedule's segment becomes a key frame.

    What a long segment loses adds up over its frames, and so does doubt. A bound on the sum asks
    fast motion for more key frames, but not in proportion: a frame in which everything moves far
    is poorly served even right behind a key frame, and key frames there buy less.

    Parameters
    ----------
    position : int
        Frames since the last key frame.
    doubt : float
        Mean mismatch of these frames and this one, added up.
    config : StreamConfig
        Smallest length and threshold.

    """
    return position >= config.l_min and doubt > config.doubt_threshold


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
