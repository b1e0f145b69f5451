# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How the cost of a frame grows with input size, number of cameras and length of the video."""
from collections.abc import Iterable
from typing import Any

from impnet_ros.benchmark.clip import resized
from impnet_ros.benchmark.machine import memory_mb
from impnet_ros.benchmark.measure import interleave, Stream, whole_segments
from impnet_ros.benchmark.variants import PER_FRAME, Variant
from impnet_ros.images import RgbImage
from impnet_ros.model.contract import Network
import numpy as np

Row = dict[str, Any]


def by_size(network: Network, images: list[RgbImage], sizes: Iterable[tuple[int, int]],
            length: int, frames: int, rounds: int) -> list[Row]:
    """
    Measure per frame and impression on the same clip at several sizes, in turn.

    Parameters
    ----------
    network : Network
        What is timed.
    images : list of numpy.ndarray
        The clip.
    sizes : iterable of tuple
        (height, width) in pixels.
    length : int
        l of the impression.
    frames, rounds : int
        Frames a round and number of rounds.

    Returns
    -------
    list of dict
        height, width, per_frame_ms, mean_ms (of the impression), ratio.

    """
    streams = {}
    for size in sizes:
        clip = resized(images, size)
        streams[size] = [Stream(network, variant, clip)
                         for variant in (PER_FRAME, Variant('impression', 'sync', length))]
    count = whole_segments(frames, length)
    for _ in interleave([(stream, count) for pair in streams.values() for stream in pair], rounds):
        pass
    rows = []
    for (height, width), pair in streams.items():
        base, mean = (float(np.mean(stream.times.frame_ms)) for stream in pair)
        rows.append({'height': height, 'width': width, 'l': length, 'per_frame_ms': base,
                     'mean_ms': mean, 'ratio': base / mean})
    return rows


def by_cameras(network: Network, images: list[RgbImage], counts: Iterable[int], length: int,
               frames: int, rounds: int) -> list[Row]:
    """
    Measure several cameras that share one network and take turns.

    Parameters
    ----------
    network : Network
        What is timed.
    images : list of numpy.ndarray
        The clip, which each camera plays from a place of its own.
    counts : iterable of int
        Numbers of cameras.
    length, frames, rounds : int
        As in `by_size`; frames are those of one camera.

    Returns
    -------
    list of dict
        cameras, mean_ms a frame of one camera, frames_per_s of all together.

    """
    variant = Variant('impression', 'sync', length)
    streams = {count: Stream(network, variant, images, count) for count in counts}
    turns = [(stream, whole_segments(frames, length) * count)
             for count, stream in streams.items()]
    for _ in interleave(turns, rounds):
        pass
    means = {count: float(np.mean(stream.times.frame_ms)) for count, stream in streams.items()}
    return [{'cameras': count, 'l': length, 'mean_ms': mean, 'frames_per_s': 1e3 / mean}
            for count, mean in means.items()]


def by_length(network: Network, images: list[RgbImage], length: int, frames: int,
              block: int = 500) -> list[Row]:
    """
    Measure one long video, block by block.

    Parameters
    ----------
    network : Network
        What is timed.
    images : list of numpy.ndarray
        The clip, played forward and backward.
    length : int
        l of the impression.
    frames, block : int
        Frames of the video and of each block.

    Returns
    -------
    list of dict
        frames (from the start to the block's end), mean_ms in the block, memory_mb that the
        process holds at its end.

    """
    stream = Stream(network, Variant('impression', 'sync', length), images)
    rows = []
    for end in range(block, frames + 1, block):
        stream.play(block)
        rows.append({'frames': end, 'l': length, 'mean_ms': stream.times.round_ms[-1],
                     'memory_mb': memory_mb()})
        stream.times.frame_ms.clear()
        stream.times.is_key.clear()
    return rows
