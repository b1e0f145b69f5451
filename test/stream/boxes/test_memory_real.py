# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Box memory on a real clip with hard cuts and a moving camera."""
from pathlib import Path

import cv2
from impnet_ros.config import StreamConfig
from impnet_ros.model.network import load_network
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.types import Detections, Frame
import numpy as np
import pytest

CUTS = (30, 76, 137, 187, 242)
"""First frames of new shots in bikes.mp4."""


def _followed(path: Path, numbers: range, length: int) -> dict[int, Detections]:
    capture = cv2.VideoCapture(str(path))
    capture.set(cv2.CAP_PROP_POS_FRAMES, numbers.start)
    engine = Engine(load_network('nanodet_g', 'cpu'),
                    StreamConfig(segment_length=length, box_memory=True))
    state, results = engine.reset(), {}
    for number in numbers:
        image = np.ascontiguousarray(capture.read()[1][..., ::-1])
        (results[number],), state = engine.step(Frame(image, number / 25), state)
    return results


@pytest.mark.parametrize('cut', CUTS[1:4])
@pytest.mark.parametrize('length', [1, 8])
def test_no_track_survives_a_cut(bikes: Path, cut: int, length: int) -> None:
    """Whatever was followed before a hard cut is gone in the first frame after it."""
    results = _followed(bikes, range(cut - 12, cut + 8), length)
    before = {int(item) for number in range(cut - 12, cut) for item in results[number].track_ids}
    after = {int(item) for number in range(cut, cut + 8) for item in results[number].track_ids}
    assert before and not before & after


def test_one_bicycle_is_hardly_more_than_one_object_before_a_moving_camera(bikes: Path) -> None:
    """While the camera pans over it its best box changes its number once at most."""
    results = _followed(bikes, range(192, 240), 8)
    bicycle, motorcycle = 1, 3
    best = [next((int(label), int(number))
                 for label, number in zip(results[index].labels, results[index].track_ids)
                 if label in (bicycle, motorcycle)) for index in range(208, 240)]
    assert len({number for _, number in best}) <= 2
    assert (best[0][0], best[-1][0]) == (motorcycle, bicycle)
