# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Run a network over videos with the streaming engine and keep what it finds."""
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from impnet_ros.config import StreamConfig
from impnet_ros.data.samples import VideoClip
from impnet_ros.evaluation.fgfa import run_fgfa
from impnet_ros.evaluation.matching import FrameBoxes
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.play import play
from impnet_ros.stream.types import Detections, Frame, Network
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


def aggregate_video(network: Network, clip: VideoClip, composed: bool) -> tuple[FrameBoxes, ...]:
    """Run FGFA, or FGFA-fast where flow is `composed`, over a whole video; see `run_fgfa`."""
    return tuple(to_boxes(item) for item in run_fgfa(network, _frames(clip), composed=composed))


def _frames(clip: VideoClip) -> Iterator[Frame]:
    return (Frame(clip.frame(index), index / FRAME_RATE) for index in range(len(clip)))


def to_boxes(found: Detections) -> FrameBoxes:
    """Move detections to arrays."""
    return FrameBoxes(found.boxes.double().cpu().numpy().astype(np.float64),
                      found.scores.double().cpu().numpy(),
                      found.labels.cpu().numpy().astype(np.int64))


def predict_many(network: Network, settings: Mapping[str, StreamConfig],
                 clips: Iterable[VideoClip],
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
        shared = SharedWork(network)
        held = HeldFrames(clip)
        for name, config in settings.items():
            results[name].append(predict_video(Engine(shared, config), held))
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


class SharedFeatures:
    """
    A network that prepares and understands each picture only once.

    A picture is known by its array: use it for one video at a time, then let it go.

    Parameters
    ----------
    network : Network
        Does the work.

    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._prepare = getattr(network, 'prepare', lambda image: image)
        self._pictures: dict[int, tuple[object, object]] = {}
        self._features: dict[int, object] = {}

    def __getattr__(self, name: str):
        """Leave everything else to the network, its optional methods too."""
        return getattr(self._network, name)

    def prepare(self, image):
        """Prepare a picture once; the image is held so that its id stays its own."""
        if id(image) not in self._pictures:
            self._pictures[id(image)] = image, self._prepare(image)
        return self._pictures[id(image)][1]

    def features(self, image):
        """N_feat of a picture, computed once."""
        if id(image) not in self._features:
            self._features[id(image)] = self._network.features(image)
        return self._features[id(image)]


class SharedWork(SharedFeatures):
    """A network that keeps the flows between the pictures that it has seen, too."""

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self._flows: dict[tuple[int, int], object] = {}

    def flow(self, image, key_image):
        """F of a pair, computed once."""
        pair = id(image), id(key_image)
        if pair not in self._flows:
            self._flows[pair] = self._network.flow(image, key_image)
        return self._flows[pair]
