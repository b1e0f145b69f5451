# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Run a network over videos with the streaming engine and keep what it finds."""
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

from impnet_ros.config import DetectionConfig, StreamConfig
from impnet_ros.data.samples import VideoClip
from impnet_ros.evaluation.fgfa import run_fgfa
from impnet_ros.evaluation.matching import FrameBoxes
from impnet_ros.model.contract import Network
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.play import play
from impnet_ros.stream.types import Detections, Frame
import numpy as np

FRAME_RATE = 30.0
"""Hz, for the stamps; without meaning for the results."""


@dataclass(frozen=True)
class VideoResult:
    """
    What was found in one video.

    Attributes
    ----------
    boxes : tuple of FrameBoxes
        One a frame.
    key_weights : tuple of tuple
        (frame, mean w_k) of every key frame that was fused with the impression.
    frame_ms : tuple of float
        Time of each frame in the network's stages; key frames hold their features and fusion.

    """

    boxes: tuple[FrameBoxes, ...]
    key_weights: tuple[tuple[int, float], ...]
    frame_ms: tuple[float, ...]


def predict_video(engine: Engine, clip: VideoClip) -> VideoResult:
    """Run the engine over a whole video; every frame gets its result, in order."""
    results = [result for _, result in play(engine, _frames(clip))]
    weights = tuple((index, item.mean_weight) for index, item in enumerate(results)
                    if item.is_key and 'weights' in item.stage_ms)
    return VideoResult(tuple(to_boxes(item) for item in results), weights,
                       tuple(sum(item.stage_ms.values()) for item in results))


def aggregate_video(network: Network, detection: DetectionConfig, clip: VideoClip,
                    composed: bool) -> tuple[FrameBoxes, ...]:
    """Run FGFA, or FGFA-fast where flow is `composed`, over a whole video; see `run_fgfa`."""
    return tuple(to_boxes(item) for item
                 in run_fgfa(network, detection, _frames(clip), composed=composed))


def _frames(clip: VideoClip) -> Iterator[Frame]:
    return (Frame(clip.frame(index), index / FRAME_RATE) for index in range(len(clip)))


def to_boxes(found: Detections) -> FrameBoxes:
    """Move detections to arrays."""
    return FrameBoxes(found.boxes.double().cpu().numpy().astype(np.float64),
                      found.scores.double().cpu().numpy(),
                      found.labels.cpu().numpy().astype(np.int64))


def predict_many(network: Network, settings: Mapping[str, StreamConfig],
                 detection: DetectionConfig, clips: Iterable[VideoClip],
                 done: Callable[[], object] = lambda: None) -> dict[str, list[VideoResult]]:
    """
    Run several settings over the same videos, extracting every feature and flow only once.

    Times of these results say nothing; everything else is as from `predict_video`.

    Parameters
    ----------
    network : Network
        One network for all settings.
    settings : Mapping
        Name to settings.
    detection : DetectionConfig
        Thresholds of all of them.
    clips : iterable of VideoClip
        The videos.
    done : callable
        Called after each video, for a progress bar.

    Returns
    -------
    dict
        Name to one result a video.

    """
    results: dict[str, list[VideoResult]] = {name: [] for name in settings}
    for clip in clips:
        shared = sharing(network, flows=True)
        held = HeldFrames(clip)
        for name, config in settings.items():
            results[name].append(predict_video(Engine(shared, config, detection), held))
        done()
    return results


class HeldFrames:
    """
    A video whose pictures are made once and kept.

    Parameters
    ----------
    clip : VideoClip
        The video; it must fit into memory.

    """

    def __init__(self, clip: VideoClip) -> None:
        self.name = clip.name
        self.labelled = clip.labelled
        self.truth = clip.truth
        self._frames = [clip.frame(index) for index in range(len(clip))]

    def __len__(self) -> int:
        """Count the frames."""
        return len(self._frames)

    def frame(self, index: int):
        """Picture `index`, the same object every time."""
        return self._frames[index]


def sharing(network: Network, flows: bool = False) -> Network:
    """
    Give a twin of a network that prepares and understands each picture only once.

    A picture is known by its array: use the twin for one video, then let it go.

    Parameters
    ----------
    network : Network
        Does the work.
    flows : bool
        Whether to keep the flows between the pictures too.

    """
    twin: Any = copy(network)
    twin.prepare = _once(network.prepare)
    twin.features = _once(network.features)
    if flows:
        twin.flow = _once(network.flow)
    return twin


def _once(method: Callable[..., Any]) -> Callable[..., Any]:
    """Call a method once for the same arguments, which are held so that their ids stay theirs."""
    known: dict[tuple[int, ...], tuple[Any, Any]] = {}

    def remembered(*arguments: Any) -> Any:
        key = tuple(map(id, arguments))
        if key not in known:
            known[key] = arguments, method(*arguments)
        return known[key][1]
    return remembered
