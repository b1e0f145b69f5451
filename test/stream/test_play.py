# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A whole video, with images that newer ones overtook on the way."""
from collections.abc import Sequence
from typing import Any

from ball_detector import ball, FailingBalls
from fake_network import OneHotNetwork
from impnet_ros.config import StreamConfig
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.late_images import LateImages
from impnet_ros.stream.play import play
from impnet_ros.stream.types import Detections, Frame
from manual_executor import ManualExecutor
import numpy as np
import pytest
import torch


def played(numbers: Sequence[int], late: LateImages | None = None, **settings: int
           ) -> list[tuple[int, Detections]]:
    """Play frames at one a second, whose pixels are their numbers."""
    engine = Engine(OneHotNetwork(), StreamConfig(**settings))  # type: ignore[arg-type]
    frames = [Frame(np.full((8, 8, 3), number, np.uint8), float(number)) for number in numbers]
    return [(int(frame.stamp_s), seen) for frame, seen in play(engine, frames, late=late)]


def test_a_late_image_is_answered_and_changes_nothing() -> None:
    """The others get what they get without it; no video begins anew."""
    swapped = played([0, 1, 2, 4, 3, 5, 6, 7], segment_length=3)
    without = played([0, 1, 2, 4, 5, 6, 7], segment_length=3)
    assert [number for number, _ in swapped] == [0, 1, 2, 4, 3, 5, 6, 7]
    assert [seen.reset_reason for _, seen in swapped] == ['start', *[''] * 7]
    for (number, seen), (other, expected) in zip(
            [each for each in swapped if each[0] != 3], without, strict=True):
        assert number == other and seen.scores.tolist() == expected.scores.tolist()
    assert not swapped[4][1].is_key and swapped[4][1].stamp_s == 3.0


def test_a_late_image_right_behind_a_gap_from_which_a_run_goes_on() -> None:
    """What the frames before the gap told of the camera's period is not lost."""
    before, behind = list(range(8)), [31, 30, 32, 33]
    late = LateImages()
    for number in before:
        late.is_late(float(number))
    resumed = played(behind, late, segment_length=3)
    assert [seen.reset_reason for _, seen in resumed] == ['start', '', '', '']
    whole = played([*before, *behind], segment_length=3)[len(before):]
    assert [seen.reset_reason for _, seen in whole] == ['gap', '', '', '']
    assert [seen.scores.tolist() for _, seen in resumed] == [
        seen.scores.tolist() for _, seen in whole]


@pytest.mark.parametrize('offset', range(4))
def test_frames_that_wait_keep_their_order(offset: int) -> None:
    """A late one, known before those that wait for a key frame, waits for them."""
    numbers = [0, 1, 2, 3, 4, 6, 5, 8, 7, 10, 9]
    seen = played(numbers, segment_length=4, key_offset=offset)
    assert [number for number, _ in seen] == [one.stamp_s for _, one in seen] == numbers


def test_a_video_that_begins_again_is_a_new_one() -> None:
    """A bag that loops goes back by more than a few frames."""
    seen = played([*range(8), *range(4)], segment_length=3)
    assert [number for number, one in seen if one.reset_reason] == [0, 0]
    assert seen[8][1].reset_reason == 'backward_stamp'


@pytest.mark.parametrize('settings', [{'segment_length': 1}, {'segment_length': 3},
                                      {'segment_length': 3, 'key_offset': 2},
                                      {'segment_length': 2, 'key_mode': 'async'}])
def test_an_error_in_the_network_is_told_and_costs_its_frames(settings: dict[str, Any]) -> None:
    """Every frame is answered all the same; one who does not listen gets the error."""
    frames = [Frame(ball((80, 80, 0), mark=1 if 6 <= number < 9 else 100), number / 25)
              for number in range(15)]
    engine = Engine(FailingBalls(torch.device('cpu')), StreamConfig(box_memory=False, **settings),
                    executor=ManualExecutor(0))
    lost: list[float] = []
    seen = [one for _, one in play(engine, frames, lambda frame, error: lost.append(
        frame.stamp_s))]
    assert [one.stamp_s for one in seen] == [frame.stamp_s for frame in frames]
    assert lost and lost == [one.stamp_s for one in seen if not len(one)]
    behind = next(one for one in seen if one.stamp_s > lost[-1])
    assert behind.reset_reason == 'error' and len(behind) == 1
    with pytest.raises(RuntimeError, match='device lost'):
        list(play(engine, frames))
