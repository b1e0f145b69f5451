# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How much a picture shows, and where two cannot show the same thing: known answers."""
import cv2
from impnet_ros.model.sight.compare import (grey_along, grey_level, OUTSIDE, picture_mismatch,
                                            sharpness)
from impnet_ros.model.sight.warp import warp
import numpy as np
import pytest
import torch


def _scene() -> np.ndarray:
    """Give a picture with flat areas, edges and texture."""
    rng = np.random.default_rng(1)
    picture = np.full((208, 256), 110, np.uint8)
    for _ in range(60):
        x, y = (int(value) for value in rng.integers(0, (250, 200)))
        width, height, grey = (int(value) for value in rng.integers((5, 5, 30), (60, 40, 220)))
        cv2.rectangle(picture, (x, y), (x + width, y + height), grey, -1)
    return picture


def _noisy(picture: np.ndarray, deviation: float) -> np.ndarray:
    noise = np.random.default_rng(2).normal(0, deviation, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


SPOILERS = {
    'defocus': lambda picture: cv2.GaussianBlur(picture, (0, 0), 2.0),
    'motion': lambda picture: cv2.blur(picture, (9, 1)),
    'darkness': lambda picture: _noisy(picture // 4, 2.0),
    'noise': lambda picture: _noisy(picture, 10.0),
}


@pytest.mark.parametrize('name', list(SPOILERS))
def test_a_spoilt_picture_is_less_sharp(name: str) -> None:
    """
    Blur, darkness and noise each lower the sharpness of the same scene, clearly.

    Motion along x leaves the horizontal edges as they are, half of this scene's: ln 2 at most.
    """
    least = 0.5 if name == 'motion' else 1.0
    assert sharpness(SPOILERS[name](_scene())) < sharpness(_scene()) - least


def test_a_little_sensor_noise_matters_little() -> None:
    """Noise of one grey value, as every camera has, is not a bad picture."""
    assert abs(sharpness(_noisy(_scene(), 1.0)) - sharpness(_scene())) < 0.3


def test_a_flat_picture_has_a_finite_sharpness() -> None:
    """A lens cap gives a number too."""
    assert np.isfinite(sharpness(np.zeros((96, 96), np.uint8)))


@pytest.mark.parametrize('size', [(1, 1), (3, 40), (40, 3), (7, 7)])
def test_a_tiny_picture_has_a_sharpness_too(size: tuple[int, int]) -> None:
    """A flat one has that of a flat one, whatever its size."""
    assert sharpness(np.full(size, 9, np.uint8)) == sharpness(np.full((96, 96), 9, np.uint8))


def test_grey_levels_do_not_see_a_change_of_light() -> None:
    """Half the light gives the same level, around OUTSIDE."""
    picture = _scene()
    bright, dark = (grey_level(item, (26, 32)) for item in (picture, picture // 2))
    assert bright.shape == (1, 1, 26, 32)
    torch.testing.assert_close(bright, dark, rtol=0, atol=0.15)
    assert float(bright.mean()) == pytest.approx(OUTSIDE, abs=1e-4)


def test_mismatch() -> None:
    """None for the same picture, whole for another one, half in the middle of its range."""
    here = torch.full((1, 1, 6, 8), OUTSIDE)
    for difference, expected in ((0.0, 0.0), (0.5, 0.0), (0.75, 0.5), (-3.0, 1.0)):
        torch.testing.assert_close(picture_mismatch(here, here + difference),
                                   torch.full_like(here, expected))


def test_a_grey_level_goes_along_a_flow_as_any_feature_does() -> None:
    """As the warp, to a sixty-fourth of a cell; zero outside."""
    level = grey_level(_scene(), (26, 32))
    flow = torch.from_numpy(np.random.default_rng(0).normal(0, 2, (1, 2, 26, 32)))
    flow = (flow.float() * 32).round() / 32
    torch.testing.assert_close(grey_along(level, flow), warp(level, flow), rtol=0, atol=1e-4)
