# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the parts of a network cost by themselves, and the bound that follows for each mode."""
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from impnet_ros.benchmark.clip import endless
from impnet_ros.benchmark.measure import Clock, RealClock
from impnet_ros.benchmark.variants import Variant
from impnet_ros.config import DetectionConfig
from impnet_ros.images import RgbImage
from impnet_ros.model.impression import absorb, aggregate
from impnet_ros.stream.box_memory import carry_tracks, merge, no_tracks
from impnet_ros.stream.types import Network, Tracks
import torch


class Parts:
    """
    Call each method of a network alone, back to back, on the same frames as the streams.

    Parameters
    ----------
    network : Network
    images : list of numpy.ndarray
        The clip.
    distance : int
        Frames between a frame and its key frame; those of flow and propagation.
    clock : Clock, optional

    """

    def __init__(self, network: Network, images: list[RgbImage], distance: int = 5,
                 clock: Clock | None = None) -> None:
        self._network: Any = network
        self._video = endless(images)
        self._distance = distance
        self._clock = clock or RealClock()
        self._sum_ms: dict[str, float] = {}
        self._calls: dict[str, int] = {}

    @property
    def mean_ms(self) -> dict[str, float]:
        """Mean milliseconds of one call of each part."""
        return {part: total / self._calls[part] for part, total in self._sum_ms.items()}

    def warm_up(self) -> None:
        """Run once and forget the times."""
        self.play(2)
        self._sum_ms.clear()
        self._calls.clear()

    @torch.inference_mode()
    def play(self, frames: int) -> None:
        """Call every part once a frame, one part after the other."""
        network = self._network
        images = [frame.image for frame in islice(self._video, frames + self._distance)]
        pictures = self._each('prepare', getattr(network, 'prepare', lambda image: image),
                              [(image,) for image in images])
        later = pictures[self._distance:]
        pairs = list(zip(later, pictures))
        features = self._each('features', network.features, [(picture,) for picture in later])
        flows = self._each('flow', network.flow, pairs)
        carried = self._each('propagate', network.propagate, list(zip(features, flows)))
        weights = self._each('weights', network.weights, list(zip(carried, features)))
        fused = self._each('fuse', _fuse, list(zip(carried, features, weights)))
        found = self._each('task', network.task, [(levels,) for levels in fused])
        if hasattr(network, 'task_along'):
            self._each('task_along', network.task_along, list(zip(features, flows)))
        self._boxes(found, pairs, flows, images[0].shape[:2])

    def _boxes(self, found: list[Any], pairs: list[tuple[Any, Any]], flows: list[Any],
               image_size: tuple[int, int]) -> None:
        """Box memory: carry boxes along a flow, unite them with fresh ones."""
        detection = getattr(self._network, 'detection', DetectionConfig())
        mismatch = getattr(self._network, 'mismatch', lambda *_: None)

        def carry(tracks: Tracks, pair: tuple[Any, Any], flow: Any) -> Tracks:
            return carry_tracks(tracks, flow, mismatch(*pair, flow), image_size, detection)

        tracks = [merge(no_tracks(boxes[0], 0.0), *boxes, 0.0, 1.0, detection) for boxes in found]
        carried = self._each('carry', carry, list(zip(tracks, pairs, flows)))
        self._each('merge', merge, [(item, *boxes, 0.1, 1.0, detection)
                                    for item, boxes in zip(carried, found)])

    def _each(self, part: str, function: Callable[..., Any],
              arguments: list[tuple[Any, ...]]) -> list[Any]:
        start_s = self._clock.now_s()
        results = [function(*item) for item in arguments]
        elapsed_ms = (self._clock.now_s() - start_s) * 1e3
        self._sum_ms[part] = self._sum_ms.get(part, 0.0) + elapsed_ms
        self._calls[part] = self._calls.get(part, 0) + len(arguments)
        return results


def _fuse(f_imp_warped: Any, f_k: Any, w_k: Any) -> Any:
    return absorb(f_k, aggregate(f_imp_warped, f_k, w_k), 1.0)


def bound_ms(variant: Variant, part_ms: Mapping[str, float]) -> float:
    """
    Time a frame if nothing but the parts of its segment were paid for.

    The sum of the calls that Algorithm 1 makes in a segment of l frames, each at the mean time
    that it takes alone, over l. No program that makes the same calls is faster; what is above it
    is spent between them (bookkeeping, cold caches, waiting). For asynchronous key frames: the
    calls that a frame waits for; what a key frame costs is paid for beside them.

    Parameters
    ----------
    variant : Variant
        Mode, key mode, l, box memory.
    part_ms : mapping
        Mean milliseconds of prepare, features, flow, propagate, weights, fuse, task, carry and
        merge; and of task_along, where the network has that for propagate and task.

    Returns
    -------
    float
        Milliseconds a frame, over a long video.

    """
    key, other = call_ms(variant, part_ms)
    length = 1 if variant.mode == 'per_frame' else variant.l
    if variant.key_mode == 'sync' or variant.mode == 'per_frame':
        return (key + (length - 1) * other) / length
    if not variant.box_memory:
        return other
    # Box memory looks at the feature of a new key frame once.
    switch = call_ms(replace(variant, box_memory=False), part_ms)[1] - part_ms['prepare']
    return other + (switch + part_ms['merge']) / length


def call_ms(variant: Variant, part_ms: Mapping[str, float]) -> tuple[float, float]:
    """Sum up the parts that a key frame and another frame call, as they run in step."""
    part = part_ms
    align = part['flow'] + part['propagate']
    fusion = {'per_frame': 0.0, 'sparse': 0.0, 'average': align + part['fuse'],
              'impression': align + part['weights'] + part['fuse']}[variant.mode]
    key = part['features'] + fusion + part['task']
    other = part['flow'] + part.get('task_along', part['propagate'] + part['task'])
    if variant.box_memory:
        other = part['flow'] + part['carry']
        key += other + part['merge']
    return part['prepare'] + key, part['prepare'] + other
