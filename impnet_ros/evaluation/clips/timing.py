# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a frame costs under each setting, none of its work shared with the others."""
from collections.abc import Iterable, Sequence
from itertools import islice
from time import process_time

from impnet_ros.config import DetectionConfig
from impnet_ros.evaluation.clips.settings import Setting
from impnet_ros.evaluation.clips.shared_frame import sharing_frame
from impnet_ros.model.contract import Network
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.real_time import real_time
from impnet_ros.stream.types import Frame
import numpy as np
from numpy.typing import NDArray

_TURN = 10
# Frames that a setting takes at a stretch, as it would alone.


def frame_times(network: Network, settings: Sequence[Setting], images: Iterable[NDArray[np.uint8]],
                fps: float, reported: DetectionConfig) -> dict[str, float]:
    """
    Measure all settings in turns, so that what else the machine does disturbs all alike.

    Parameters
    ----------
    network : Network
        One for all.
    settings : sequence of Setting
        Their names differ.
    images : iterable of ndarray
        uint8 (H, W, 3), RGB, of one clip, at least one.
    fps : float
        Frames a second.
    reported : DetectionConfig
        Thresholds of what is reported.

    Returns
    -------
    dict
        Name of a setting to its mean processor time a frame in milliseconds.

    """
    engines = {item.name: Engine(sharing_frame(network, item.size),
                                 real_time(item.stream(fps), network, 1 / fps), reported)
               for item in settings}
    states = {name: engine.reset() for name, engine in engines.items()}
    spent_s = dict.fromkeys(engines, 0.0)
    stream, count = iter(images), 0
    while turn := [Frame(image, index / fps) for index, image
                   in enumerate(islice(stream, _TURN), count)]:
        count += len(turn)
        for name, engine in engines.items():
            began_s = process_time()
            for frame in turn:
                _, states[name] = engine.step(frame, states[name])
            spent_s[name] += process_time() - began_s
    for name, engine in engines.items():
        engine.flush(states[name])
        engine.close()
    return {name: 1e3 * seconds / count for name, seconds in spent_s.items()}
