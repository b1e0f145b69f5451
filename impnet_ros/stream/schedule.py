# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""When a key frame is due, and when a new video begins."""
from impnet_ros.config import StreamConfig
from impnet_ros.stream.types import Frame, Impression


def is_key(position: int, config: StreamConfig) -> bool:
    """Whether the frame at `position` (0..l-1) of its segment is the segment's key frame."""
    return config.mode == 'per_frame' or position == config.key_offset


def next_position(position: int, config: StreamConfig) -> int:
    """Place of the frame after the one at `position`, starting anew at the segment's end."""
    following = position + 1
    return 0 if following >= config.segment_length else following


def reset_reason(frame: Frame, state: Impression, config: StreamConfig) -> str:
    """
    Why `frame` cannot continue the video in `state`.

    Returns
    -------
    str
        'start', 'backward_stamp', 'gap', 'size', or '' when it does continue it.

    """
    if state.last_stamp_s is None:
        return 'start'
    if frame.image_size != state.image_size:
        return 'size'
    elapsed_s = frame.stamp_s - state.last_stamp_s
    if elapsed_s < 0:
        return 'backward_stamp'
    return 'gap' if elapsed_s > config.max_gap_s else ''
