# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Segments that keep their length in time, and videos whose key frames fall apart."""
from concurrent.futures import Future
from dataclasses import replace

from fake_network import OneHotNetwork
from impnet_ros.config import StreamConfig
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.pacing import at_boundary, end_segment, skip, stagger
from impnet_ros.stream.state import KeyFrame, PendingKey, StreamState
from impnet_ros.stream.types import Frame
import numpy as np
import pytest


def frame(number: int) -> Frame:
    """Make the frame of a number, at 30 Hz."""
    return Frame(np.full((2, 2, 3), number, np.uint8), number / 30)


def keys(config: StreamConfig, stamps: list[int], *, lost: bool, phase: int = 0) -> list[int]:
    """Run frames with these numbers through an engine; give the numbers of the key frames."""
    engine = Engine(OneHotNetwork(), config)
    state = stagger(engine.reset(), phase, config)
    found, before, fresh = [], stamps[0] - 1, True
    for stamp in stamps:
        if lost:
            state = skip(state, stamp - before - 1, config)
        before = stamp
        results, state = engine.step(frame(stamp), state)
        found += [round(result.stamp_s * 30) for result in results if result.is_key]
        if fresh and state.key is not None:
            state, fresh = stagger(state, phase, config), False
    return found


def test_without_losses_nothing_changes() -> None:
    """Key frames are every l frames."""
    assert keys(StreamConfig(segment_length=4), list(range(12)), lost=True) == [0, 4, 8]


def test_lost_frames_count_as_part_of_the_segment() -> None:
    """Every second frame is lost: a segment of four frame periods holds two received frames."""
    stamps = list(range(0, 16, 2))
    assert keys(StreamConfig(segment_length=4), stamps, lost=True) == [0, 4, 8, 12]
    assert keys(StreamConfig(segment_length=4), stamps, lost=False) == [0, 8]


def test_a_key_frame_that_was_lost_is_replaced_by_the_next() -> None:
    """Frame 4 would be key and is lost: frame 5 is it."""
    assert keys(StreamConfig(segment_length=4), [0, 1, 2, 3, 5, 6], lost=True) == [0, 5]


def test_a_long_hole_begins_a_new_segment() -> None:
    """More frames are lost than a segment has."""
    assert keys(StreamConfig(segment_length=4), [0, 1, 12, 13], lost=True) == [0, 12]


def test_losses_before_a_central_key_frame() -> None:
    """With key_offset 2, frame 2 would be key; it is lost, so frame 3 is, and serves 0 and 1."""
    config = StreamConfig(segment_length=6, key_offset=2)
    assert keys(config, [0, 1, 3, 4, 5], lost=True) == [3]


def test_age_counts_lost_frames() -> None:
    """The age is a distance in frame periods."""
    config = StreamConfig(segment_length=10)
    key = KeyFrame(None, None, None, 1.0, age=2)  # type: ignore[arg-type]
    state = StreamState(position=3, key=key)
    assert skip(state, 4, config).key == replace(key, age=6)
    pending = PendingKey(Future(), 1)
    assert skip(replace(state, pending=pending), 4, config).pending == replace(pending, age=5)
    assert skip(state, 4, config).position == 7
    assert skip(state, 0, config) is state


@pytest.mark.parametrize('phase', [0, 1, 3, 5])
@pytest.mark.parametrize('offset', [0, 2, 5])
def test_staggered_videos(offset: int, phase: int) -> None:
    """The first segment is shorter by the phase; from then on key frames are l frames apart."""
    config = StreamConfig(segment_length=6, key_offset=offset)
    found = keys(config, list(range(24)), lost=False, phase=phase)
    plain = keys(config, list(range(24)), lost=False)
    before = min(phase, offset)
    assert found[0] == plain[0] - before
    assert found[1] == plain[1] - phase
    assert {later - earlier for earlier, later in zip(found[1:], found[2:], strict=False)} == {6}


def test_stagger_leaves_the_age_alone() -> None:
    """No frame was lost: the frame after the key frame has age 1."""
    config = StreamConfig(segment_length=6)
    engine = Engine(OneHotNetwork(), config)
    _, state = engine.step(frame(0), engine.reset())
    [result], _ = engine.step(frame(1), stagger(state, 3, config))
    assert result.age == 1


def test_boundaries() -> None:
    """Settings change where a segment begins; in per_frame mode everywhere; not while waiting."""
    config = StreamConfig(segment_length=4)
    assert at_boundary(StreamState(), config)
    assert not at_boundary(StreamState(position=2), config)
    assert at_boundary(StreamState(position=2), StreamConfig(segment_length=4, mode='per_frame'))
    waiting = StreamState(position=0, waiting=(None,))  # type: ignore[arg-type]
    assert not at_boundary(waiting, config)
    assert end_segment(waiting) is waiting
    assert end_segment(replace(waiting, waiting=(), position=3)).position == 0
