# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Images that others overtook, and bags that begin anew."""
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from impnet_ros.config import StreamConfig
from impnet_ros.model.contract import Network
from impnet_ros.model.network import load_network
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.late_images import LateImages, read_late
from impnet_ros.stream.types import Detections, Frame
from impnet_ros.video import open_video
import pytest


def late(*numbers: int) -> list[int]:
    """Give the late ones of images at one a second."""
    images = LateImages()
    return [number for number in numbers if images.is_late(float(number))]


def test_swapped_images_are_late() -> None:
    """One, two in a row, three in a row."""
    assert late(0, 1, 2, 4, 3, 5, 6) == [3]
    assert late(0, 1, 2, 5, 3, 4, 6) == [3, 4]
    assert late(0, 1, 5, 2, 3, 4, 6) == [2, 3, 4]


def test_a_loop_is_a_new_video() -> None:
    """Further back than a few periods; and nothing behind it is late."""
    assert late(*range(10), *range(10)) == []
    assert late(*range(6), *range(6)) == []


def test_a_run_of_late_images_ends() -> None:
    """Time that went back by two images: the fourth image at the latest begins a new video."""
    assert late(0, 1, 2, 3, 4, 2.1, 2.2, 2.3, 2.4, 2.5, 2.6) == [2.1, 2.2, 2.3]


def test_equal_times_and_the_first_image_are_not_late() -> None:
    """And without two images before it, nobody knows how long a period is."""
    assert late(1, 1, 0, 0) == []
    images = LateImages()
    images.is_late(1.0), images.is_late(2.0)
    images.restart()
    assert not images.is_late(1.5)


@pytest.fixture(scope='module')
def network() -> Network:
    """Load the small network."""
    return load_network('nanodet_g', 'cpu')


@pytest.fixture(scope='module')
def frames(bikes: Path) -> list[Frame]:
    """Take people on bicycles."""
    video = open_video(bikes)
    return [Frame(frame.image, frame.stamp_s) for frame in islice(video.frames, 110, 119)]


def as_lists(results: list[Detections]) -> list[object]:
    """Give what can be compared."""
    return [(each.boxes.tolist(), each.scores.tolist(), each.age, each.is_key,
             None if each.track_ids is None else each.track_ids.tolist()) for each in results]


@pytest.mark.parametrize('settings', [
    {}, {'segment_length': 1}, {'mode': 'per_frame'}, {'segment_length': 4, 'key_offset': 2},
    {'mode': 'sparse', 'segment_length': 3}])
def test_a_glance_changes_nothing(network: Network, frames: list[Frame],
                                  settings: dict[str, Any]) -> None:
    """The late image gets an answer with its own time, the next one what it would have got."""
    engine = Engine(network, StreamConfig(**settings))
    state = engine.reset()
    for frame in frames[:7]:
        _, state = engine.step(frame, state)
    expected, _ = engine.step(frames[8], state)
    stamp_s = frames[6].stamp_s - 0.01
    seen = read_late(engine, replace(frames[7], stamp_s=stamp_s), state)
    assert seen.stamp_s == stamp_s
    assert seen.reset_reason == ''
    assert len(seen) > 0
    found, _ = engine.step(frames[8], state)
    assert as_lists(found) == as_lists(expected)


def test_a_glance_before_the_first_key_frame_sees_nothing(network: Network,
                                                          frames: list[Frame]) -> None:
    """Frame 0 waits for key frame 2: there is nothing to see a late frame with."""
    engine = Engine(network, StreamConfig(segment_length=4, key_offset=2))
    _, state = engine.step(frames[1], engine.reset())
    assert len(read_late(engine, frames[0], state)) == 0


def test_a_gap_tells_nothing_of_the_period() -> None:
    """Images 0.1 s apart, with gaps of 100 s: one that is 1 s older is of another video."""
    late = LateImages()
    for time_s in (0.0, 0.1, 100.0, 200.0, 300.0, 400.0):
        assert not late.is_late(time_s)
    assert late.is_late(399.8) and not late.is_late(399.0)
