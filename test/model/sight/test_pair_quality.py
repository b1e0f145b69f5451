# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Facts of pictures, and the learned N_q: where it starts, and what it must never do."""
import cv2
from impnet_ros.model.sight.pair_quality import (add_journey, AGE, ASTRAY, certainty, DETAIL,
                                                 FACTS, GREY, journey, noise_deviation,
                                                 PairQuality, picture_facts, SHARPNESS, TRAVEL,
                                                 UNLIKE)
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
    facts = add_journey(facts_of(grey), journey(moved, grey, field, [(16, 20)], CPU)[0])
    inner = facts[0, :, 3:-3, 3:-3]
    assert (inner[AGE] == 1).all() and torch.allclose(inner[TRAVEL], torch.tensor(.5))
    assert inner[UNLIKE].max() < .05 and inner[ASTRAY].mean() < .1


def test_a_wrong_flow_is_unlike_and_goes_astray():
    grey = cv2.GaussianBlur(texture(), (0, 0), 2)
    field = np.full((*grey.shape, 2), 8, np.float32)
    told = journey(grey, grey, field, [(16, 20)], CPU)[0]
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
