# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Holes in the middleware's numbers and in the stamps."""
from impnet_ros.ros.lost_frames import LostFrames
import numpy as np

PERIOD_NS = 40_000_000


def test_nothing_is_lost_at_a_steady_rate() -> None:
    """Jitter of a quarter period is no loss."""
    lost = LostFrames()
    for index in range(30):
        jitter = (index % 3 - 1) * PERIOD_NS // 4
        assert lost.update(index * PERIOD_NS + jitter, index) == (0, 0)


def test_a_camera_of_unsteady_rate_loses_nothing() -> None:
    """One that is triggered by events: its stamps have no holes, as they have no period."""
    lost = LostFrames()
    stamps_ns = np.random.default_rng(0).uniform(0.03, 0.25, 300).cumsum() * 1e9
    counts = [lost.update(int(stamp_ns), index)[0] for index, stamp_ns in enumerate(stamps_ns)]
    assert sum(counts) <= 3  # chance
    for index in range(15):  # steady from now on
        lost.update(int(stamps_ns[-1]) + (index + 1) * PERIOD_NS)
    assert lost.update(int(stamps_ns[-1]) + 17 * PERIOD_NS)[0] == 1


def test_numbers_are_exact_from_the_first_frame() -> None:
    """The second message seen is the fifth published: three are missing."""
    lost = LostFrames()
    assert lost.update(0, 1) == (0, 0)
    assert lost.update(4 * PERIOD_NS, 5) == (3, 3)


def test_steady_losses_do_not_pass_for_a_slower_camera() -> None:
    """Every second frame is lost for long; the numbers show each one."""
    lost = LostFrames()
    counts = [lost.update(2 * index * PERIOD_NS, 2 * index) for index in range(40)]
    assert counts[0] == (0, 0)
    assert counts[1:] == [(1, 1)] * 39


def test_stamps_show_what_was_never_published() -> None:
    """The driver lost two frames: a hole in the stamps, none in the numbers."""
    lost = LostFrames()
    for index in range(10):
        lost.update(index * PERIOD_NS, index)
    assert lost.update(12 * PERIOD_NS, 10) == (2, 0)


def test_stamps_alone_where_there_are_no_numbers() -> None:
    """Without numbers the stamps serve for both answers."""
    lost = LostFrames()
    for index in range(10):
        assert lost.update(index * PERIOD_NS) == (0, 0)
    assert lost.update(13 * PERIOD_NS) == (3, 3)


def test_refused_frames_are_not_lost() -> None:
    """Five are missing in the numbers; two of them came and could not be decoded."""
    lost = LostFrames()
    lost.update(0, 1)
    lost.refuse()
    lost.refuse()
    assert lost.update(6 * PERIOD_NS, 7) == (3, 5)
    assert lost.update(7 * PERIOD_NS, 8) == (0, 0)


def test_a_slower_camera_is_believed() -> None:
    """After a change from 25 to 5 Hz without missing numbers, nothing counts as lost for long."""
    lost = LostFrames()
    for index in range(20):
        lost.update(index * PERIOD_NS, index)
    start_ns = 20 * PERIOD_NS
    tail = [lost.update(start_ns + step * 5 * PERIOD_NS, 20 + step)[0] for step in range(20)]
    assert tail[-5:] == [0] * 5


def test_backward_stamps_restarts_and_pauses_are_no_loss() -> None:
    """A looped bag, a publisher that begins anew, a camera that paused."""
    lost = LostFrames()
    for index in range(10):
        lost.update(index * PERIOD_NS, index)
    assert lost.update(0, 10) == (0, 0)
    assert lost.update(PERIOD_NS, 1) == (0, 0)
    assert lost.update(PERIOD_NS + 10**10, 2, max_gap_s=2.0) == (0, 0)
    lost.restart()
    assert lost.update(10**12, 99) == (0, 0)


def test_a_hole_that_no_queue_explains_says_nothing() -> None:
    """A thousand missing numbers are believed; one more is another publisher, the stamps tell."""
    for missing, expected in ((1000, (1000, 1000)), (1001, (2, 2))):
        lost = LostFrames()
        for index in range(10):
            lost.update(index * PERIOD_NS, index)
        assert lost.update(12 * PERIOD_NS, 10 + missing) == expected


def test_a_hole_in_the_stamps_is_bounded_too() -> None:
    """An hour at 25 Hz counts as a thousand."""
    lost = LostFrames()
    for index in range(10):
        lost.update(index * PERIOD_NS)
    assert lost.update(90_000 * PERIOD_NS) == (1000, 1000)


def test_known_losses_have_their_share_of_the_time() -> None:
    """Every second number is missing, then three frames are, of which the numbers show one."""
    lost = LostFrames()
    for index in range(20):
        lost.update(2 * index * PERIOD_NS, 2 * index)
    assert lost.update(42 * PERIOD_NS, 40) == (3, 1)


def test_the_rate_is_known_after_four_intervals() -> None:
    """Before that a hole in the stamps may be the camera's own pace."""
    for count, expected in ((4, 0), (5, 2)):
        lost = LostFrames()
        for index in range(count):
            lost.update(index * PERIOD_NS)
        assert lost.update((count + 2) * PERIOD_NS)[0] == expected


def test_a_pause_longer_than_the_gap_is_no_loss_up_to_it_is() -> None:
    """At a second and a little more."""
    for elapsed_ns, expected in ((10**9, 24), (10**9 + 1, 0)):
        lost = LostFrames()
        for index in range(10):
            lost.update(index * PERIOD_NS)
        assert lost.update(9 * PERIOD_NS + elapsed_ns, max_gap_s=1.0)[0] == expected


def test_a_late_frame_was_not_lost() -> None:
    """Frame 6 came before frame 5: the hole that it left is taken back, and no other shows."""
    lost = LostFrames()
    for index in range(5):
        lost.update(index * PERIOD_NS)
    assert lost.update(6 * PERIOD_NS) == (1, 1)
    assert lost.late() == -1
    assert lost.update(7 * PERIOD_NS) == (0, 0)
    assert lost.late() == 0


def test_frames_that_were_replaced_are_known_without_numbers() -> None:
    """Two publishers, so no numbers; three came while the node was busy, one of them refused."""
    lost = LostFrames()
    lost.update(0)
    lost.refuse()
    assert lost.update(PERIOD_NS, replaced=3) == (2, 3)
    assert lost.update(2 * PERIOD_NS, 8) == (0, 0)
    assert lost.update(3 * PERIOD_NS, 11, replaced=1) == (2, 2)


def test_no_stamp_is_no_witness() -> None:
    """Images that come at odd times with stamps that tell nothing: only the numbers count."""
    lost = LostFrames()
    for index in range(10):
        lost.update(index * PERIOD_NS, index)
    assert lost.update(None, 10) == (0, 0)
    assert lost.update(None, 13) == (2, 2)
    assert lost.update(100 * PERIOD_NS, 14) == (0, 0)
    assert lost.update(102 * PERIOD_NS, 15) == (1, 0)
