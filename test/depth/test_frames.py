# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames: rotations by hand, chains, interpolation, and what is missing by how much."""
from impnet_ros.depth.frames import between, FrameError, FrameTree, Rigid, rigid
import numpy as np
import pytest

HALF = 0.5**0.5
QUARTER = rigid((0, 0, HALF, HALF), (1, 0, 0))


def test_a_quarter_turn() -> None:
    """About z, x becomes y; then the translation."""
    np.testing.assert_allclose(QUARTER.points(np.array([[1.0, 0, 0]])), [[1, 1, 0]], atol=1e-12)
    there = QUARTER @ QUARTER
    np.testing.assert_allclose(there.points(np.zeros((1, 3))), [[1, 1, 0]], atol=1e-12)
    back = there.inverse() @ there
    np.testing.assert_allclose(back.points(np.array([[3.0, 4, 5]])), [[3, 4, 5]], atol=1e-12)


def test_halfway() -> None:
    """45 degrees, and half of the way; the shorter arc, whatever the sign."""
    for sign in (1, -1):
        half = between(Rigid(), Rigid(sign * QUARTER.rotation, QUARTER.translation), 0.5)
        np.testing.assert_allclose(half.points(np.array([[1.0, 0, 0]])),
                                   [[0.5 + HALF, HALF, 0]], atol=1e-12)


def test_a_chain_that_moves() -> None:
    """From the camera up to the robot, its odometry, and down to another frame."""
    tree = FrameTree()
    tree.add('/base', 'camera', 0.0, rigid((0, 0, 0, 1), (0, 0, 1)), fixed=True)
    tree.add('odom', 'marker', 0.0, rigid((0, 0, 0, 1), (10, 0, 0)), fixed=True)
    for time_s in (1.0, 2.0):
        tree.add('odom', 'base', time_s, rigid((0, 0, 0, 1), (time_s, 0, 0)))
    found = tree.lookup('marker', 'camera', 1.25)
    np.testing.assert_allclose(found.translation, [1.25 - 10, 0, 1])
    np.testing.assert_allclose(tree.lookup('camera', 'marker', 1.25).translation,
                               [10 - 1.25, 0, -1])
    np.testing.assert_allclose(tree.lookup('odom', 'base', 2.0).translation, [2, 0, 0])


@pytest.mark.parametrize(('target', 'time_s', 'text'), [
    ('odom', 2.14, "newest transform from 'odom' to 'base' is 0.140 s too old"),
    ('odom', 0.5, "oldest transform from 'odom' to 'base' is 0.500 s too new"),
    ('map', 1.5, "no transform names the frame 'map'"),
    ('island', 1.5, "no chain of transforms connects 'base' with 'island'")])
def test_what_is_missing(target: str, time_s: float, text: str) -> None:
    """The message names the link and the time, or the frame."""
    tree = FrameTree()
    tree.add('sea', 'island', 0.0, Rigid(), fixed=True)
    for known_s in (1.0, 2.0):
        tree.add('odom', 'base', known_s, Rigid())
    with pytest.raises(FrameError, match=text):
        tree.lookup(target, 'base', time_s)


def test_bad_transforms() -> None:
    """No quaternion, not finite, a circle."""
    for rotation, translation in (((0, 0, 0, 0), (0, 0, 0)), ((0, 0, 0, 1), (np.nan, 0, 0))):
        with pytest.raises(FrameError, match='expected a unit quaternion'):
            rigid(rotation, translation)
    tree = FrameTree()
    tree.add('a', 'b', 0.0, Rigid())
    tree.add('b', 'a', 0.0, Rigid())
    with pytest.raises(FrameError, match='circle'):
        tree.lookup('x', 'a', 0.0)


@pytest.mark.parametrize(('parent', 'child'), [('b', 'b'), ('/b', 'b'), ('', 'b'), ('a', '')])
@pytest.mark.parametrize('fixed', [True, False])
def test_a_frame_in_itself_takes_no_place(parent: str, child: str, fixed: bool) -> None:
    """What a stranger tells of it leaves the good transform alone."""
    tree = FrameTree()
    tree.add('a', 'b', 0.0, Rigid(), fixed)
    with pytest.raises(FrameError, match='expected two frames'):
        tree.add(parent, child, 0.0, Rigid(), fixed)
    assert tree.lookup('a', 'b', 0.0).translation.tolist() == [0, 0, 0]


def test_history_and_loops() -> None:
    """Old transforms go; time that goes back begins anew; fixed ones stay."""
    tree = FrameTree(history_s=1.0)
    tree.add('base', 'camera', 0.0, Rigid(), fixed=True)
    for index in range(300):
        tree.add('odom', 'base', index * 0.1, Rigid())
    with pytest.raises(FrameError, match='too new'):
        tree.lookup('odom', 'camera', 20.0)
    tree.add('odom', 'base', 1.0, Rigid())
    tree.lookup('odom', 'camera', 1.0)
