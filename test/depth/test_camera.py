# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pinhole cameras: rays and pixels by hand, and what a CameraInfo must not be."""
from impnet_ros.depth.camera import CameraError, carried, Pinhole, pinhole
import numpy as np
import pytest

K = [100.0, 0, 50, 0, 200, 40, 0, 0, 1]
P = [110.0, 0, 51, 0, 0, 220, 41, 0, 0, 0, 1, 0]


def test_rays_by_hand() -> None:
    """The principal point looks ahead; a focal length beside it is 45 degrees."""
    lens = Pinhole(100, 80, 100, 200, 50, 40)
    rays = lens.rays(np.array([[50.0, 40], [150, 40], [50, -160]]))
    assert rays.tolist() == [[0, 0, 1], [1, 0, 1], [0, -1, 1]]
    assert lens.pixels(3 * rays).tolist() == [[50, 40], [150, 40], [50, -160]]


def test_which_matrix_counts() -> None:
    """P where it is given, K else; binning and a region of interest change both."""
    assert pinhole(100, 80, K, [], P) == Pinhole(100, 80, 110, 220, 51, 41)
    assert pinhole(100, 80, K, [0.0] * 5, [0.0] * 12) == Pinhole(100, 80, 100, 200, 50, 40)
    assert pinhole(100, 80, K, [], [0.0] * 12, binning=(2, 4), offset=(10, 8)) == Pinhole(
        50, 20, 50, 50, 20, 8)


@pytest.mark.parametrize(('k', 'd', 'text'), [
    ([0.0] * 9, [], 'principal point, got 0, 0 and 0, 0'),
    ([np.nan, 0, 0, 0, 1, 0, 0, 0, 1], [], 'focal lengths'),
    ([-5.0, 0, 0, 0, 1, 0, 0, 0, 1], [], 'focal lengths'),
    (K, [0.1, -0.2], r'no distortion, got \[0.1, -0.2\]'),
    (K, [np.nan] * 5, r'no distortion, got \[nan')])
def test_what_is_no_camera(k: list[float], d: list[float], text: str) -> None:
    """One sentence says what was expected and what came."""
    with pytest.raises(CameraError, match=text):
        pinhole(100, 80, k, d, [0.0] * 12)


def test_distortion_may_be_taken_for_rectified() -> None:
    """Where somebody says so."""
    assert pinhole(100, 80, K, [0.1], P, rectified=True).fx == 110


def test_boxes_at_another_resolution() -> None:
    """Half the pixels, half the box; another crop shifts it."""
    whole, half = Pinhole(200, 160, 100, 100, 99.5, 79.5), Pinhole(100, 80, 50, 50, 49.5, 39.5)
    found = carried(np.array([[99.5, 79.5, 149.5, 129.5]]), whole, half)
    assert found.tolist() == [[49.5, 39.5, 74.5, 64.5]]
