# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the parts of a network cost without an engine, and the bound that follows."""
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from impnet_ros.benchmark.clip import endless
from impnet_ros.benchmark.measure import Clock, RealClock
from impnet_ros.benchmark.variants import Variant
from impnet_ros.images import RgbImage
from impnet_ros.model.contract import Network
from impnet_ros.model.impression import absorb, aggregate
from impnet_ros.stream.boxes.memory import carry, merge, no_tracks
from impnet_ros.stream.boxes.sighting import Sighting
from impnet_ros.stream.boxes.tracks import Tracks
from impnet_ros.stream.look import found
import torch


class Parts:
    """
    Call the methods of a network by hand, on the same frames as the streams, and time each call.

    Some frames are treated as key frames, others as the frames between them, with the same calls
    in the same order as in the engine, so that each call finds its input where it would find it
    there, in the processor's caches or not.

    Parameters
    ----------
    network : Network
        What is timed.
    images : list of numpy.ndarray
        The clip.
    distance : int
        Frames between a frame and its key frame; those of flow and propagation.
    clock : Clock, optional
        The real one by default.

    """

    def __init__(self, network: Network, images: list[RgbImage], distance: int = 5,
                 clock: Clock | None = None) -> None:
        self._network = network
        self._video = endless(images)
        self._distance = distance
        self._clock = clock or RealClock()
        # A GPU works on after the call has come back.
        self._wait = (partial(torch.cuda.synchronize, network.device)
                      if network.device.type == 'cuda' else lambda: None)
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
        """Take so many frames for key frames, and as many for others."""
        images = [frame.image for frame in islice(self._video, frames + self._distance)]
        pictures = [self._network.prepare(image) for image in images]
        impression = self._network.features(pictures[0])
        tracks = no_tracks(0.0)
        for key, picture in zip(pictures, pictures[self._distance:]):
            impression, tracks = self._as_key(picture, key, impression, tracks)
        for image, key in zip(images[self._distance:], pictures):
            self._as_other(image, key, impression, tracks)

    def _as_key(self, picture: Any, key: Any, f_imp: Any, tracks: Tracks) -> tuple[Any, Tracks]:
        network = self._network
        fused = f_k = self._timed('features', network.features, picture)
        if not network.boxes_only:
            flow = network.flow(picture, key)
            carried = self._timed('propagate', network.propagate, f_imp, flow)
            w_k = self._timed('weights', network.weights, carried, f_k)
            fused = self._timed('fuse', _fuse, carried, f_k, w_k)
        boxes = self._timed('task', found, network, fused, None, network.detection)
        return fused, self._timed('merge', merge, tracks, Sighting(*boxes, 0.1), 1.0,
                                  network.detection)

    def _as_other(self, image: RgbImage, key: Any, f_task: Any, tracks: Tracks) -> None:
        network = self._network
        picture = self._timed('prepare', network.prepare, image)
        flow = self._timed('flow', network.flow, picture, key)
        if not network.boxes_only:
            self._timed('task_along', network.task, f_task, flow, network.detection)
        self._timed('carry', self._carry, tracks, picture, key, flow, image.shape[:2])

    def _carry(self, tracks: Tracks, picture: Any, key: Any, flow: Any,
               image_size: tuple[int, int]) -> Tracks:
        network = self._network
        return carry(tracks, flow, network.mismatch(picture, key, flow), image_size,
                     network.detection, 0.2)

    def _timed(self, part: str, function: Callable[..., Any], *arguments: Any) -> Any:
        start_s = self._clock.now_s()
        result = function(*arguments)
        self._wait()
        elapsed_ms = (self._clock.now_s() - start_s) * 1e3
        self._sum_ms[part] = self._sum_ms.get(part, 0.0) + elapsed_ms
        self._calls[part] = self._calls.get(part, 0) + 1
        return result


def _fuse(f_imp_warped: Any, f_k: Any, w_k: Any) -> Any:
    return absorb(f_k, aggregate(f_imp_warped, f_k, w_k), 1.0)


def bound_ms(variant: Variant, part_ms: Mapping[str, float], overlaps: bool = False) -> float:
    """
    Time a frame if nothing but the parts of its segment were paid for.

    The sum of the calls that Algorithm 1 makes in a segment of l frames, each at its mean time in
    `Parts`, over l. No program that makes the same calls is faster; what is above it is spent
    between them (bookkeeping, waiting, threads that disturb each other). For asynchronous key
    frames: the calls that a frame waits for; a key frame itself costs them nothing.
    What runs while features are computed costs nothing, unless it takes longer than they.

    Parameters
    ----------
    variant : Variant
        Mode, key mode, l, box memory.
    part_ms : mapping
        Mean milliseconds of prepare, features, flow, propagate, weights, fuse, task, carry and
        merge; and of task_along, the task on a frame that is no key frame.
    overlaps : bool
        Whether flow, propagation and carrying run while the features of a key frame are computed.

    Returns
    -------
    float
        Milliseconds a frame, over a long video.

    """
    key, other = call_ms(variant, part_ms, overlaps)
    length = 1 if variant.mode == 'per_frame' else variant.l
    if variant.key_mode == 'sync' or variant.mode == 'per_frame':
        return (key + (length - 1) * other) / length
    if not variant.box_memory:
        return other
    # Box memory looks at the feature of a new key frame once.
    switch = call_ms(replace(variant, box_memory=False), part_ms)[1] - part_ms['prepare']
    return other + (switch + part_ms['merge']) / length


def call_ms(variant: Variant, part_ms: Mapping[str, float],
            overlaps: bool = False) -> tuple[float, float]:
    """Sum up the parts that a key frame and another frame call; see `bound_ms`."""
    part = part_ms
    fuses = variant.config.fuses
    carrying = part['flow'] + part['propagate'] if fuses else 0.0
    key = part['task'] + (part['fuse'] if fuses else 0.0)
    if variant.mode == 'impression':
        key += part['weights']
    # Boxes alone: those of the key frame follow the flow.
    other = part['flow'] + part.get('task_along', part['task'])
    if variant.box_memory:
        other = part['flow'] + part['carry']
        carrying += other
        key += part['merge']
    key += max(part['features'], carrying) if overlaps else part['features'] + carrying
    return part['prepare'] + key, part['prepare'] + other
