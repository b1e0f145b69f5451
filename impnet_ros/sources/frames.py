# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What every source of frames gives."""
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
import sys

from impnet_ros.stream.types import Frame
from tqdm import tqdm

Refused = Callable[[str, int], None]
"""Is told in one sentence what cannot be read, and how many frames that costs (0: a remark)."""

DEFAULT_FPS = 30.0
_SANE_FPS = (0.1, 1000.0)


@dataclass(frozen=True)
class RecordedFrame(Frame):
    """
    A frame of a recording.

    Attributes
    ----------
    stamp_ns : int
        The stamp exactly, nanoseconds on the recording's clock.
    header_ns : int
        The stamp as the image's header has it, also where it tells nothing.
    log_ns : int
        When it was recorded.
    number : int
        Of the image in its topic; those that cannot be read count too.

    """

    stamp_ns: int = 0
    header_ns: int = 0
    log_ns: int = 0
    number: int = 0


@dataclass(frozen=True)
class Video:
    """
    A source of frames.

    Attributes
    ----------
    frames : iterator of Frame
        In recorded order, read one at a time; of `RecordedFrame` from a bag.
    count : int
        How many frames there are; for a video file what its header says, 0 if it says nothing.
    fps : float
        Frames a second.

    """

    frames: Iterator[Frame]
    count: int
    fps: float


def say(reason: str, frames: int) -> None:
    """Say on stderr what cannot be read, past a progress bar: a `Refused` that does not count."""
    tqdm.write(reason, file=sys.stderr)


def sane_fps(fps: float, default: float = DEFAULT_FPS) -> float:
    """Give a frame rate as it is told, or the default where what is told cannot be one."""
    return fps if _SANE_FPS[0] < fps < _SANE_FPS[1] else default


def rate_of(stamps_s: list[float]) -> float:
    """Tell the frame rate from some consecutive stamps, by the median of their distances."""
    steps = [later - earlier for earlier, later in zip(stamps_s, stamps_s[1:], strict=False)
             if later > earlier]
    return sane_fps(1.0 / median(steps)) if steps else DEFAULT_FPS
