# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Facts of pictures, and the learned N_q: where it starts, and what it must never do."""
import cv2
from impnet_ros.model.levels import DenseFlow
from impnet_ros.model.sight.compare import OUTSIDE
from impnet_ros.model.sight.pair_quality import (add_journey, AGE, ASTRAY, certainty, DETAIL,
                                                 FACTS, GREY, journey, noise_deviation,
                                                 PairQuality, picture_facts, rule, SHARPNESS,
                                                 TRAVEL, UNLIKE)
import numpy as np
import pytest
import torch

CPU = torch.device('cpu')


def texture(seed=0):
    coarse = np.random.default_rng(seed).integers(60, 200, (16, 20), np.uint8)
    return cv2.resize(coarse, (160, 128), interpolation=cv2.INTER_NEAREST)


def facts_of(grey):
    return picture_facts(grey, [(16, 20)], CPU)[0]


def test_noise_is_measured_and_edges_are_not_noise():
    grey = texture()
    assert noise_deviation(grey) == 0
    noisy = grey + np.random.default_rng(1).normal(0, 5, grey.shape)
    assert noise_deviation(noisy.round().clip(0, 255).astype(np.uint8)) == pytest.approx(5, rel=.1)


def test_blur_is_less_sharp_and_noise_is_not_sharp():
    grey = texture()
    blurred = cv2.GaussianBlur(grey, (0, 0), 3)
    noisy = (blurred + np.random.default_rng(1).normal(0, 5, grey.shape)).astype(np.uint8)
    sharp, soft, grainy = (float(facts_of(item)[0, SHARPNESS, 0, 0])
                           for item in (grey, blurred, noisy))
    assert sharp > soft + 2 and grainy < soft + 1


def test_facts_of_a_new_picture():
    facts = facts_of(texture())
    assert facts.shape == (1, FACTS, 16, 20)
    assert facts[0, GREY].mean() == pytest.approx(4, abs=1e-3)
    assert (facts[0, AGE:] == 0).all()
    assert facts[0, DETAIL].std() > 0


def test_a_good_journey_is_not_held_against_the_feature():
    grey = cv2.GaussianBlur(texture(), (0, 0), 2)
    moved = np.roll(grey, 4, axis=1)
    field = np.zeros((*grey.shape, 2), np.float32)
    field[..., 0] = -4
    told = journey(DenseFlow(moved, grey, field), [(16, 20)], CPU)[0]
    facts = add_journey(facts_of(grey), told)
    inner = facts[0, :, 3:-3, 3:-3]
    assert (inner[AGE] == 1).all() and torch.allclose(inner[TRAVEL], torch.tensor(.5))
    assert inner[UNLIKE].max() < .05 and inner[ASTRAY].mean() < .1


def test_a_wrong_flow_is_unlike_and_goes_astray():
    grey = cv2.GaussianBlur(texture(), (0, 0), 2)
    field = np.full((*grey.shape, 2), 8, np.float32)
    told = journey(DenseFlow(grey, grey, field), [(16, 20)], CPU)[0]
    assert told[0, UNLIKE - AGE].mean() > .5 and told[0, ASTRAY - AGE, 3:-3, 3:-3].mean() > 1


def test_a_feature_that_went_astray_is_not_sure_to_be_in_its_place():
    """Four pixels astray leave 1 / e, on each level; two carry e^-1/4."""
    for stride in (8, 16, 32):
        facts = torch.zeros(1, FACTS, 1, 3)
        facts[0, ASTRAY, 0] = torch.tensor([0., 2, 4]) / stride
        assert certainty(facts, stride).flatten().tolist() == pytest.approx(
            [1, np.exp(-0.25), np.exp(-1)])


def test_untrained_it_follows_the_rule():
    quality = PairQuality()
    here, blurred = facts_of(texture()), facts_of(cv2.GaussianBlur(texture(), (0, 0), 1))
    elsewhere = facts_of(texture(1))
    seen = torch.full((1, 5, 16, 20), 3.0)
    with torch.inference_mode():
        assert torch.allclose(quality(seen, seen, here, here, 0), torch.tensor(.5), atol=1e-3)
        assert quality(seen, seen, here, blurred, 0).mean() < .3
        assert quality(seen, seen, elsewhere, blurred, 0).mean() > .5
        outside = quality(seen * 0, seen, torch.zeros_like(here), here, 2)
    assert outside.shape == (1, 1, 16, 20) and outside.min() > .99


def test_facts_do_not_see_a_change_of_light():
    """Half the light gives the same grey channel; sharpness is one number everywhere."""
    picture = cv2.resize(texture(), (256, 208))
    bright, dark = (picture_facts(item, [(26, 32), (13, 16)], CPU)
                    for item in (picture, (picture * 0.5).astype(np.uint8)))
    assert [tuple(level.shape) for level in bright] == [(1, FACTS, 26, 32), (1, FACTS, 13, 16)]
    for one, other in zip(bright, dark, strict=True):
        torch.testing.assert_close(one[:, :1], other[:, :1], rtol=0, atol=0.15)
        assert one[:, 1].unique().numel() == 1
    assert float(bright[0][:, :1].mean()) == pytest.approx(OUTSIDE, abs=1e-4)


def plain_facts(grey, sharpness):
    """Give facts of a picture of which all else is zero."""
    facts = torch.zeros(1, FACTS, 6, 8)
    facts[:, GREY], facts[:, SHARPNESS] = grey, sharpness
    return facts


def logits_of(value):
    logits = torch.full((1, 5, 6, 8), -7.0)
    logits[:, 2] = value
    return logits


def test_equal_features_share_evenly():
    """Nothing speaks for either: one half everywhere, borders included."""
    w = rule(logits_of(0), logits_of(0), plain_facts(OUTSIDE, 3), plain_facts(OUTSIDE, 3))
    torch.testing.assert_close(w, torch.full((1, 1, 6, 8), 0.5))


def test_known_weights():
    """Sharper by ln 3 gives 3 to 1; two logits more of evidence give sigmoid(1.4)."""
    ln3 = float(np.log(3.0))
    same, grey = logits_of(0), OUTSIDE
    w = rule(same, same, plain_facts(grey, 1), plain_facts(grey, 1 + ln3))
    torch.testing.assert_close(w, torch.full_like(w, 0.75))
    w = rule(same, same, plain_facts(grey, 1 + ln3), plain_facts(grey, 1))
    torch.testing.assert_close(w, torch.full_like(w, 0.25))
    w = rule(logits_of(0), logits_of(2), plain_facts(grey, 1), plain_facts(grey, 1))
    torch.testing.assert_close(w, torch.full_like(w, 1 / (1 + np.exp(-1.4))))


def test_a_stale_feature_is_dropped():
    """Another picture, or nothing carried, gives only the new feature, however blurred it is."""
    for stale in (plain_facts(OUTSIDE + 2, 9), torch.zeros(1, FACTS, 6, 8)):
        w = rule(logits_of(5), logits_of(-5), stale, plain_facts(OUTSIDE, 0))
        assert float(w.min()) > 0.999


def test_residual_scale():
    """At a difference of 0.35 deviations the old share shrinks by e."""
    w = rule(logits_of(0), logits_of(0), plain_facts(OUTSIDE + 0.35, 0), plain_facts(OUTSIDE, 0))
    torch.testing.assert_close(1 - w, torch.full_like(w, 0.5 / np.e))


def test_weights_are_shares():
    """Whatever comes in, what comes out is in 0..1."""
    generator = torch.Generator().manual_seed(0)
    old, new = (50 * torch.randn(1, 5, 6, 8, generator=generator) for _ in range(2))
    before, after = (9 * torch.randn(1, FACTS, 6, 8, generator=generator) for _ in range(2))
    w = rule(old, new, before, after)
    assert float(w.min()) >= 0 and float(w.max()) <= 1 and bool(w.isfinite().all())
