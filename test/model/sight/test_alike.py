# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Flow between a good picture and a spoilt one of the same scene."""
from pathlib import Path

import cv2
from impnet_ros.data.degradations import camera_shake, defocus, low_light
from impnet_ros.model.sight import dis_flow as module
from impnet_ros.model.sight.alike import alike
from impnet_ros.video import open_video
import numpy as np
import pytest

SHIFT = 3  # pixels


@pytest.fixture(scope='module')
def pair(bikes: Path) -> tuple[np.ndarray, np.ndarray]:
    """Two views of a picture, RGB; what is at x in the first is at x + SHIFT in the second."""
    photo = cv2.resize(next(iter(open_video(bikes).frames)).image, (300, 160))
    return (np.ascontiguousarray(photo[:, SHIFT:SHIFT + 272]),
            np.ascontiguousarray(photo[:, :272]))


def grey(image: np.ndarray) -> np.ndarray:
    """Shrink nothing, only take the colour away."""
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def spoilt(image: np.ndarray, how: str, seed: int) -> np.ndarray:
    """Spoil strongly."""
    rng = np.random.default_rng(seed)
    return {'dark': lambda: low_light(image, 0.9, rng), 'defocus': lambda: defocus(image, 0.5),
            'shake': lambda: camera_shake(image, 0.5, rng)}[how]()


def error(pairs: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Mean distance to the true flow in pixels, away from the border."""
    flows = np.stack([module.dis_flow(*pair) for pair in pairs])
    return float(np.linalg.norm(flows - (SHIFT, 0), axis=3)[:, 12:-12, 12:-12].mean())


def test_pictures_that_are_alike_come_back_as_they_are(pair: tuple[np.ndarray, ...]) -> None:
    """Good video pays nothing but the comparison."""
    first, second = (grey(image) for image in pair)
    assert all(one is other for one, other in zip(alike(first, second), (first, second)))


@pytest.mark.parametrize('how', ['dark', 'defocus', 'shake'])
@pytest.mark.parametrize('turned', [False, True], ids=['into the burst', 'out of it'])
def test_flow_is_better_between_pictures_made_alike(
        pair: tuple[np.ndarray, ...], how: str, turned: bool,
        monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of the two is the bad one; a shaken one is also a little elsewhere."""
    pairs = [(grey(spoilt(pair[0], how, seed)), grey(pair[1])) if turned
             else (grey(pair[0]), grey(spoilt(pair[1], how, seed))) for seed in range(6)]
    made_alike = error(pairs)
    monkeypatch.setattr(module, 'alike', lambda *pictures: pictures)
    assert made_alike < 0.95 * error(pairs)


def test_contrast_rises_to_the_better_ones_and_detail_falls_to_the_worse_ones() -> None:
    """By hand: half the contrast around another mean; a sharp edge beside a soft one."""
    stripes = np.tile(np.repeat(np.array([50, 150], np.uint8), 32), (64, 4))
    dim = (stripes // 2 + 10).astype(np.uint8)
    first, second = alike(dim, stripes)
    assert second is stripes
    np.testing.assert_allclose(first, stripes, atol=3)
    soft = cv2.GaussianBlur(stripes, (0, 0), 2.5)
    first, second = alike(stripes, soft)
    assert second is soft
    assert np.abs(first.astype(int) - soft).max() < np.abs(stripes.astype(int) - soft).max() / 2


def test_pictures_without_any_detail() -> None:
    """Nothing to compare, nothing to divide by."""
    black, white = np.zeros((32, 32), np.uint8), np.full((32, 32), 255, np.uint8)
    for one, other in ((black, white), (white, black), (black, black)):
        assert all(np.isfinite(item).all() for item in alike(one, other))
