# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What one camera did: counts since activation, and times of the last window."""
from collections import defaultdict
from dataclasses import dataclass, field
import math
from time import monotonic


@dataclass
class Window:
    """Counts and times between two reports."""

    began_s: float = field(default_factory=monotonic)
    processed: int = 0
    lost: int = 0
    refused: int = 0
    failed: int = 0
    latencies_ms: list[float] = field(default_factory=list)
    stages_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


@dataclass
class Statistics:
    """
    Counters of one camera.

    Attributes
    ----------
    processed, lost : int
        Images answered; images that never came or were replaced by a newer one.
    refused : int
        Images that could not be decoded.
    failed : int
        Images at which the network raised an error.
    last_image_s : float
        When the last good image came, on `time.monotonic`; or when counting began.
    size, encoding, frame_id
        Of the last good image.

    """

    processed: int = 0
    lost: int = 0
    refused: int = 0
    failed: int = 0
    last_image_s: float = field(default_factory=monotonic)
    size: tuple[int, int] = (0, 0)
    encoding: str = ''
    frame_id: str = ''
    window: Window = field(default_factory=Window)

    def arrived(self, size: tuple[int, int], encoding: str, frame_id: str, lost: int) -> None:
        """Note a good image, and how many were lost before it."""
        self.last_image_s = monotonic()
        self.size, self.encoding, self.frame_id = size, encoding, frame_id
        self.lost += lost
        self.window.lost += lost

    def answered(self, is_key: bool, stages_ms: dict[str, float], latency_ms: float) -> None:
        """Note an image whose detections were published."""
        self.processed += 1
        self.window.processed += 1
        if not math.isnan(latency_ms):
            self.window.latencies_ms.append(latency_ms)
        kind = 'key' if is_key else 'other'
        for stage, milliseconds in stages_ms.items():
            self.window.stages_ms[f'{kind} {stage}'].append(milliseconds)

    def spent(self, stage: str, milliseconds: float) -> None:
        """Note the time of something done after the answer."""
        self.window.stages_ms[stage].append(milliseconds)

    def refuse(self) -> None:
        """Note an image that could not be decoded."""
        self.refused += 1
        self.window.refused += 1

    def fail(self) -> None:
        """Note an image at which the network raised an error."""
        self.failed += 1
        self.window.failed += 1

    def take_window(self) -> Window:
        """Hand over the window and begin the next."""
        window, self.window = self.window, Window()
        return window
