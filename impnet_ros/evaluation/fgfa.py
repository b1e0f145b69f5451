# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Flow-Guided Feature Aggregation, the paper's rival in table 3. Offline.

Zhu et al., "Flow-Guided Feature Aggregation for Video Object Detection", 2017: a frame's feature
is fused with those of the frames within a radius, carried to it by flow and weighted by the cosine
of embeddings. FGFA-fast estimates flow between adjacent frames only and composes the others.
"""
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from impnet_ros.config import DetectionConfig
from impnet_ros.model.contract import Network
from impnet_ros.model.levels import Flow, Levels
from impnet_ros.model.paper.network import ImpressionNetwork
from impnet_ros.model.sight.picture import Picture
from impnet_ros.model.sight.warp import warp
from impnet_ros.stream.timing import timed
from impnet_ros.stream.types import Detections, Frame
import torch
from torch import Tensor
from torch.nn import functional

RADIUS = 10
"""Frames on each side; the figures of the paper's table 3."""


@dataclass
class _Entry:
    """What is kept of a frame while it is in some window; flows to its neighbours are cached."""

    frame: Frame
    picture: Picture
    levels: Levels
    embeddings: tuple[Tensor, ...]
    stage_ms: dict[str, float]
    flows: dict[int, Flow] = field(default_factory=dict)


def run_fgfa(network: Network, detection: DetectionConfig, frames: Iterable[Frame],
             radius: int = RADIUS, composed: bool = False) -> Iterator[Detections]:
    """
    Detect in every frame of one video with the features around it.

    At both ends of the video the first and the last frame stand for those that are missing, as in
    the reference. A frame's own feature is not warped.

    Parameters
    ----------
    network : Network
        With one feature level or more. The embedding network of the paper's weighs the first
        level; without one the features are their own embedding.
    detection : DetectionConfig
        Thresholds.
    frames : iterable of Frame
        One video; at most 2 radius + 1 frames are held.
    radius : int
        Frames on each side, at least 1.
    composed : bool
        FGFA-fast: compose the flow to distant frames from those between neighbours.

    Yields
    ------
    Detections
        In frame order, `radius` frames late.

    """
    if radius < 1:
        raise ValueError(f'radius: expected >= 1, got {radius}')
    window: deque[_Entry] = deque(maxlen=2 * radius + 1)
    centre = -1  # place in the window of the last frame that was finished
    for frame in frames:
        if len(window) == window.maxlen:
            centre -= 1  # the oldest entry is about to leave
        window.append(_enter(network, frame))
        if len(window) - 1 - (centre + 1) == radius:
            centre += 1
            yield _detect(network, detection, window, centre, radius, composed)
    for place in range(centre + 1, len(window)):
        yield _detect(network, detection, window, place, radius, composed)


@torch.inference_mode()
def _enter(network: Network, frame: Frame) -> _Entry:
    stage_ms: dict[str, float] = {}
    with timed(stage_ms, 'prepare'):
        picture = network.prepare(frame.image)
    with timed(stage_ms, 'features'):
        levels = network.features(picture)
        embed = network.embedding_net if isinstance(network, ImpressionNetwork) else None
        embeddings = tuple(embed(level) for level in levels.maps) if embed else levels.maps
    return _Entry(frame, picture, levels, embeddings, stage_ms)


@torch.inference_mode()
def _detect(network: Network, detection: DetectionConfig, window: deque[_Entry], place: int,
            radius: int, composed: bool) -> Detections:
    """Fuse the window around its entry `place` and detect."""
    current = window[place]
    stage_ms = dict(current.stage_ms)
    own = [functional.normalize(embedding) for embedding in current.embeddings]
    # exp(cosine) lies in 1/e .. e, so the softmax over the window can be summed up as it comes.
    fused = [torch.zeros_like(level) for level in current.levels.maps]
    total = [torch.zeros_like(level[:, :1]) for level in current.levels.maps]
    for other, count, flow in _neighbours(network, window, place, radius, composed, stage_ms):
        with timed(stage_ms, 'propagate'):
            maps, embeddings = other.levels.maps, other.embeddings
            if flow is not None:
                maps = network.propagate(other.levels, flow).maps
                embeddings = tuple(warp(item, flow_level) for item, flow_level
                                   in zip(embeddings, flow.levels, strict=True))
        with timed(stage_ms, 'weights'):
            for index, (level, embedding) in enumerate(zip(maps, embeddings, strict=True)):
                cosine = (functional.normalize(embedding) * own[index]).sum(dim=1, keepdim=True)
                weight = count * cosine.exp()
                fused[index] += weight * level
                total[index] += weight
    with timed(stage_ms, 'task'):
        levels = replace(current.levels, maps=tuple(
            level / share for level, share in zip(fused, total, strict=True)))
        boxes, scores, labels = network.task(levels, None, detection)
    return Detections(boxes, scores, labels, stamp_s=current.frame.stamp_s, stage_ms=stage_ms)


def _neighbours(network: Network, window: deque[_Entry], place: int, radius: int, composed: bool,
                stage_ms: dict[str, float]) -> Iterator[tuple[_Entry, int, Flow | None]]:
    """Yield entries around `place`, how often each counts, and the flow to it (None: itself)."""
    last = len(window) - 1
    current = window[place]
    yield current, 1 + radius * (place == 0) + radius * (place == last), None
    for step, end in ((-1, 0), (1, last)):
        flow: Flow | None = None
        reach = min(abs(end - place), radius)
        for distance in range(1, reach + 1):
            other = window[place + step * distance]
            with timed(stage_ms, 'flow'):
                if not composed:
                    flow = network.flow(current.picture, other.picture)
                else:
                    before = window[place + step * (distance - 1)]
                    if step not in before.flows:
                        before.flows[step] = network.flow(before.picture, other.picture)
                    one = before.flows[step]
                    flow = one if flow is None else compose(flow, one)
            # The video's end stands for all the frames that would come after it.
            missing = radius - reach if distance == reach else 0
            yield other, 1 + missing, flow


def compose(first: Flow, second: Flow) -> Flow:
    """
    Chain two flows: from a to b, then from b to c.

    Parameters
    ----------
    first, second : Flow
        Scale maps, where both have one, are carried along and multiplied.

    Returns
    -------
    Flow
        From a to c: first(x) + second(x + first(x)).

    """
    chained = tuple(one + warp(two, one)
                    for one, two in zip(first.levels, second.levels, strict=True))
    if first.scale is None or second.scale is None:
        return Flow(chained)
    return Flow(chained, first.scale * warp(second.scale, first.levels[0]))
