# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The training-free weights: what they must say where the answer is known."""
import cv2
from impnet_ros.model.sight.training_free import (FACTS, gate_weights, grey_levels, OUTSIDE,
                                                  picture_facts, picture_mismatch, sharpness)
import numpy as np
import pytest
import torch
from torch import Tensor

CPU = torch.device('cpu')


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


def test_facts_do_not_see_a_change_of_light() -> None:
    """Half the light gives the same grey channel; sharpness is one number everywhere."""
    picture = _scene()
    bright, dark = (picture_facts(item, [(26, 32), (13, 16)], CPU)
                    for item in (picture, (picture * 0.5).astype(np.uint8)))
    assert [tuple(level.shape) for level in bright] == [(1, FACTS, 26, 32), (1, FACTS, 13, 16)]
    for one, other in zip(bright, dark, strict=True):
        torch.testing.assert_close(one[:, :1], other[:, :1], rtol=0, atol=0.15)
        assert one[:, 1].unique().numel() == 1
    [alone] = grey_levels(picture, [(26, 32)], CPU)
    torch.testing.assert_close(alone, bright[0][:, :1])
    assert float(alone.mean()) == pytest.approx(OUTSIDE, abs=1e-4)


def _facts(grey: float, quality: float) -> Tensor:
    return torch.stack((torch.full((6, 8), grey), torch.full((6, 8), quality)))[None]


def _logits(value: float) -> Tensor:
    logits = torch.full((1, 5, 6, 8), -7.0)
    logits[:, 2] = value
    return logits


def test_equal_features_share_evenly() -> None:
    """Nothing speaks for either: one half everywhere, borders included."""
    w = gate_weights(_logits(0), _logits(0), _facts(OUTSIDE, 3), _facts(OUTSIDE, 3))
    torch.testing.assert_close(w, torch.full((1, 1, 6, 8), 0.5))


def test_known_weights() -> None:
    """Sharper by ln 3 gives 3 to 1; two logits more of evidence give sigmoid(1.4)."""
    ln3 = float(np.log(3.0))
    same, grey = _logits(0), OUTSIDE
    w = gate_weights(same, same, _facts(grey, 1), _facts(grey, 1 + ln3))
    torch.testing.assert_close(w, torch.full_like(w, 0.75))
    w = gate_weights(same, same, _facts(grey, 1 + ln3), _facts(grey, 1))
    torch.testing.assert_close(w, torch.full_like(w, 0.25))
    w = gate_weights(_logits(0), _logits(2), _facts(grey, 1), _facts(grey, 1))
    torch.testing.assert_close(w, torch.full_like(w, 1 / (1 + np.exp(-1.4))))


def test_a_stale_feature_is_dropped() -> None:
    """Another picture, or nothing carried, gives only the new feature, however blurred it is."""
    for stale in (_facts(OUTSIDE + 2, 9), torch.zeros(1, FACTS, 6, 8)):
        w = gate_weights(_logits(5), _logits(-5), stale, _facts(OUTSIDE, 0))
        assert float(w.min()) > 0.999


def test_residual_scale() -> None:
    """At a difference of 0.35 deviations the old share shrinks by e."""
    w = gate_weights(_logits(0), _logits(0), _facts(OUTSIDE + 0.35, 0), _facts(OUTSIDE, 0))
    torch.testing.assert_close(1 - w, torch.full_like(w, 0.5 / np.e))


def test_weights_are_shares() -> None:
    """Whatever comes in, what comes out is in 0..1."""
    generator = torch.Generator().manual_seed(0)
    old, new = (50 * torch.randn(1, 5, 6, 8, generator=generator) for _ in range(2))
    before, after = (9 * torch.randn(1, FACTS, 6, 8, generator=generator) for _ in range(2))
    w = gate_weights(old, new, before, after)
    assert float(w.min()) >= 0 and float(w.max()) <= 1 and bool(w.isfinite().all())


def test_mismatch() -> None:
    """None for the same picture, whole for another one, half in the middle of its range."""
    here = _facts(OUTSIDE, 0)[:, :1]
    for difference, expected in ((0.0, 0.0), (0.5, 0.0), (0.75, 0.5), (-3.0, 1.0)):
        torch.testing.assert_close(picture_mismatch(here, here + difference),
                                   torch.full_like(here, expected))
