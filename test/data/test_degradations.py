# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Degradations: what physics says of blur and noise."""
from impnet_ros.data import degradations
import numpy as np
import pytest


def test_disk_kernel_of_radius_zero_is_the_identity():
    assert degradations.disk_kernel(0).tolist() == [[1.0]]


def test_disk_kernel_is_round_and_keeps_light():
    kernel = degradations.disk_kernel(3.0)
    assert kernel.shape == (7, 7)
    assert kernel.sum() == pytest.approx(1.0, abs=1e-6)
    assert np.allclose(kernel, kernel.T)
    assert kernel[0, 0] == 0.0


def test_light_and_code_are_inverse():
    codes = np.arange(256, dtype=np.uint8).reshape(16, 16)
    there_and_back = degradations.to_code(degradations.to_linear(codes))
    assert np.abs(there_and_back.astype(int) - codes)[2:].max() <= 1


def test_defocus_keeps_a_flat_picture():
    flat = np.full((56, 56, 3), 90, np.uint8)
    assert np.array_equal(degradations.defocus(flat, 1.0), flat)


def test_shot_noise_grows_as_the_root_of_the_light():
    rng = np.random.default_rng(0)
    variances = []
    for code in (120, 200):
        noisy = degradations.low_light(np.full((200, 200, 3), code, np.uint8), 0.4, rng)
        variances.append(degradations.to_linear(noisy).var())
    light = degradations.to_linear(np.array([[120, 200]], np.uint8))[0]
    assert variances[1] / variances[0] == pytest.approx(light[1] / light[0], rel=0.1)


def test_stronger_is_darker_and_noisier():
    grey = np.full((100, 100, 3), 150, np.uint8)
    mild, strong = (degradations.low_light(grey, strength, np.random.default_rng(1))
                    for strength in (0.2, 0.9))
    assert strong.mean() < mild.mean() < 150
    assert strong.std() / strong.mean() > mild.std() / mild.mean()


def test_camera_shake_blurs_along_one_direction_only():
    picture = np.zeros((90, 90, 3), np.uint8)
    picture[45, 45] = 255
    rows, columns = np.nonzero(degradations.camera_shake(picture, 1.0,
                                                         np.random.default_rng(0))[..., 0])
    assert np.hypot(np.ptp(rows), np.ptp(columns)) == pytest.approx(20, abs=1.5)
    assert len(rows) <= 24


def test_bursts_have_the_share_asked_for():
    rng = np.random.default_rng(0)
    marks = [item.kind != 'none' for _ in range(300)
             for item in degradations.draw_bursts(rng, 60, 0.4)]
    assert np.mean(marks) == pytest.approx(0.4, abs=0.05)
    assert all(item == degradations.CLEAN for item in degradations.draw_bursts(rng, 60, 0.0))
    with pytest.raises(ValueError, match='share: expected 0 <= share < 1, got 1.5'):
        degradations.draw_bursts(rng, 60, 1.5)
