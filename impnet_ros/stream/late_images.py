# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Images that others overtook on the way, told from videos that begin anew."""
from collections import deque
from dataclasses import dataclass, field, replace
from statistics import median

from impnet_ros.stream.engine import Engine
from impnet_ros.stream.state import StreamState
from impnet_ros.stream.types import Detections, Frame, nothing_seen

FEW = 3
"""Periods that an image may be late, and late images that may come in a row."""

LONGEST_PERIOD_S = 2.0
"""A longer step between two images is a gap, and tells nothing of the camera's period."""


@dataclass
class LateImages:
    """
    Tell late images of one camera by their times.

    Whatever is further back, and the fourth late image in a row, is of a new video: a bag that
    loops. So a bag of four images or less that loops looks like one whose images are late.

    """

    _intervals_s: deque[float] = field(default_factory=lambda: deque(maxlen=15))
    _newest_s: float | None = None
    _in_a_row: int = 0

    def is_late(self, time_s: float) -> bool:
        """Take note of the next image, and tell whether it is older than the newest by little."""
        if self._newest_s is None:
            self._newest_s = time_s
            return False
        step_s = time_s - self._newest_s
        if step_s < 0 and self._intervals_s and self._in_a_row < FEW and (
                -step_s < (FEW + 0.5) * median(self._intervals_s)):
            self._in_a_row += 1
            return True
        if 0 < step_s <= LONGEST_PERIOD_S:
            self._intervals_s.append(step_s)
        self._newest_s, self._in_a_row = time_s, 0
        return False

    def restart(self) -> None:
        """Forget the newest image: a new video begins."""
        self._newest_s, self._in_a_row = None, 0


def read_late(engine: Engine, frame: Frame, state: StreamState) -> Detections:
    """
    Detect in a late image with what is remembered, and remember nothing of it.

    Parameters
    ----------
    engine : Engine
        Of the video.
    frame : Frame
        Like the video's others but for its stamp.
    state : StreamState
        After the newest image; whoever calls keeps it.

    Returns
    -------
    Detections
        Served by the newest key frame; none before the first one.

    """
    if state.key is None or state.last is None:
        return nothing_seen(frame.origin, '')
    # In the middle of a segment: no key frame is due, nothing waits for one.
    reading = replace(state, waiting=(), pending=None,
                      position=engine.config.key_offset + 1)
    [seen], _ = engine.step(replace(frame, stamp_s=state.last.stamp_s), reading)
    return replace(seen, stamp_s=frame.stamp_s)
