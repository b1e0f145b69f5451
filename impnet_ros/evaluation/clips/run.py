# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""All settings over a clip, side by side, frame by frame: one frame is in memory, not a video."""
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from impnet_ros.config import DetectionConfig
from impnet_ros.data.degradations import CLEAN
from impnet_ros.data.samples import Degradation
from impnet_ros.evaluation.clips.settings import Setting
from impnet_ros.evaluation.clips.shared_frame import sharing_frame
from impnet_ros.evaluation.matching import FrameBoxes
from impnet_ros.evaluation.predict import to_boxes
from impnet_ros.model.contract import Network
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.real_time import real_time
from impnet_ros.stream.types import Detections, Frame
import numpy as np
from numpy.typing import NDArray


@dataclass
class Run:
    """
    What one setting gave on one clip.

    Attributes
    ----------
    found : list of FrameBoxes
        By frame, down to a low score, for average precision.
    reported : list of FrameBoxes
        By frame, what the node would report; from a run of its own, as memory keeps what was
        reported.
    ids : list of ndarray or None
        int (N,), of what was reported; None where the setting gives none.
    keys : int
        How many frames were key frames there.

    """

    found: list[FrameBoxes] = field(default_factory=list)
    reported: list[FrameBoxes] = field(default_factory=list)
    ids: list[NDArray[np.int64] | None] = field(default_factory=list)
    keys: int = 0


class _Follower:
    """An engine with its state."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._state = self.engine.reset()

    def step(self, frame: Frame) -> list[Detections]:
        """Go on by a frame."""
        results, self._state = self.engine.step(frame, self._state)
        return results

    def end(self) -> list[Detections]:
        """Finish what waits."""
        results = self.engine.flush(self._state)
        self.engine.close()
        return results


def run_settings(network: Network, settings: Sequence[Setting],
                 frames: Iterable[tuple[NDArray[np.uint8], Degradation]], fps: float,
                 lowest: DetectionConfig, reported: DetectionConfig,
                 ) -> tuple[dict[str, Run], list[bool]]:
    """
    Run all settings over one clip.

    Parameters
    ----------
    network : Network
        One for all.
    settings : sequence of Setting
        Their names differ.
    frames : iterable
        Pictures, uint8 (H, W, 3) RGB, and how each was spoilt.
    fps : float
        Frames a second.
    lowest, reported : DetectionConfig
        Thresholds for average precision, and of what is reported.

    Returns
    -------
    dict
        Name of a setting to its run.
    list of bool
        Which frames were spoilt.

    """
    shared = {size: sharing_frame(network, size)
              for size in {item.size for item in settings}}
    pairs = {item.name: tuple(
        _Follower(Engine(shared[item.size], real_time(item.stream(fps), network, 1 / fps),
                         detection))
        for detection in (lowest, reported)) for item in settings}
    runs = {name: Run() for name in pairs}
    spoilt = []
    for index, (image, how) in enumerate(frames):
        spoilt.append(how != CLEAN)
        frame = Frame(image, index / fps)
        for name, (low, high) in pairs.items():
            runs[name].found += [to_boxes(item) for item in low.step(frame)]
            _keep(runs[name], high.step(frame))
    for name, (low, high) in pairs.items():
        runs[name].found += [to_boxes(item) for item in low.end()]
        _keep(runs[name], high.end())
    return runs, spoilt


def _keep(run: Run, results: Sequence[Detections]) -> None:
    for item in results:
        run.reported.append(to_boxes(item))
        run.ids.append(None if item.track_ids is None else item.track_ids.cpu().numpy())
        run.keys += item.is_key
