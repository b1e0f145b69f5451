# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How large the reproduction is: everything that decides its figures."""
from dataclasses import dataclass, replace

from impnet_ros.data.sprites import SpriteConfig, SpriteSet
from impnet_ros.model.paper.config import (ImpressionNetworkConfig, TORCHVISION_DEVIATION,
                                           TORCHVISION_MEAN)
from impnet_ros.training.data_sources import DataSource
from impnet_ros.training.recipe import Recipe, Variant

SIDE = 128
"""Pixels of a sprite frame."""

_FLOW_SEED, _TRAINING_SEED, _HELD_OUT_SEED = 11, 1, 2_000_000

NETWORK = ImpressionNetworkConfig(
    name='tiny', class_names=SpriteSet.class_names, width=24, blocks=(2, 3, 12, 2), channels=128,
    flow_width=8, quality_channels=(32, 8), pixel_mean=TORCHVISION_MEAN,
    pixel_deviation=TORCHVISION_DEVIATION, flow_mean=TORCHVISION_MEAN, short_side=SIDE,
    long_side=SIDE, anchor_scales=(1.75, 2.5, 3.5), proposals=50, feature_dilation=1)
"""The paper's network, narrower and shallower: the trunk still costs eight times the flow."""

METHODS: dict[str, Variant] = {'a': 'per_frame', 'b': 'sparse', 'c': 'average', 'd': 'impression',
                               'e': 'not_end_to_end'}
"""Columns of table 1."""

OTHER_FLOW: dict[str, Variant] = {'d_other': 'impression', 'e_other': 'not_end_to_end'}
"""(d) and (e) from a flow network trained on pictures of another kind, see `other_flow`."""

FGFA = 'fgfa'
"""The method of table 3, with its embedding network."""


@dataclass(frozen=True)
class Plan:
    """
    Sizes of one run.

    Attributes
    ----------
    pretraining : int
        Steps of 16 frames: the detector that stands in for ImageNet's weights.
    flow_pretraining : int
        Steps of 32 pairs: stands in for FlyingChairs.
    training : int
        Steps of 8 triplets, each method and seed.
    seeds : tuple of int
        Of the training.
    videos, frames : int
        Held-out videos, and their length.
    lengths : tuple of int
        l of figure 8.
    gates : tuple of float
        g of figure 7.
    aggregated_videos : int
        Held-out videos for FGFA, which is slow.
    timed_frames : int
        Frames on which speed is measured.

    """

    pretraining: int = 1200
    flow_pretraining: int = 5000
    training: int = 400
    seeds: tuple[int, ...] = (0, 1, 2)
    videos: int = 100
    frames: int = 40
    lengths: tuple[int, ...] = (1, 2, 3, 5, 7, 10, 15, 20)
    gates: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0)
    aggregated_videos: int = 100
    timed_frames: int = 180


FULL = Plan()
QUICK = Plan(pretraining=2, flow_pretraining=2, training=1, seeds=(0,), videos=2, frames=12,
             lengths=(1, 10), gates=(0.0, 1.0), aggregated_videos=1, timed_frames=12)
"""Runs through every line in well under a minute; its figures mean nothing."""


def pretraining_recipe(plan: Plan) -> Recipe:
    """Recipe of the detector that all methods begin with, trained from nothing, frame by frame."""
    steps = plan.pretraining
    return Recipe(
        replace(NETWORK, frozen_norm=False, frozen_stages=0), training_data(), steps, 'per_frame',
        batch_size=16, optimiser='adamw', learning_rate=3e-3, weight_decay=1e-2,
        drops=(steps * 3 // 4, steps * 19 // 20), warm_up=min(100, steps // 4),
        largest_gradient=10.0, precision='bf16', workers=0, save_every=100)


def training_recipe(plan: Plan, method: str, seed: int, start: str) -> Recipe:
    """
    Recipe of one method of table 1.

    Normalisation, conv1 and res2 are frozen, as in the paper; all methods see the same samples for
    the same number of steps.

    Parameters
    ----------
    plan : Plan
        Sizes.
    method : str
        'a' to 'e', of OTHER_FLOW, or FGFA.
    seed : int
        Of the data.
    start : str
        Weights file to begin with.

    """
    network = replace(NETWORK, embedding_width=64) if method == FGFA else NETWORK
    variants: dict[str, Variant] = {**METHODS, **OTHER_FLOW, FGFA: 'fgfa'}
    return Recipe(
        network, training_data(), plan.training, variants[method], start, batch_size=8,
        optimiser='adamw', learning_rate=1e-3, weight_decay=1e-2,
        drops=(plan.training * 3 // 4, plan.training * 19 // 20),
        warm_up=min(20, plan.training // 4), largest_gradient=10.0, precision='bf16', seed=seed,
        workers=0, save_every=50)


def training_data() -> tuple[DataSource, ...]:
    """Sprite videos to train on."""
    return (DataSource('sprites', videos=600, seed=_TRAINING_SEED, size=SIDE),)


def flow_videos() -> SpriteSet:
    """Sharp videos of fast objects with exact flow, of which none is used elsewhere."""
    return SpriteSet(100_000, _FLOW_SEED, SpriteConfig(height=SIDE, width=SIDE, frames=16,
                                                       degraded_share=0.0, speed=2.0))


def held_out(plan: Plan, videos: int | None = None) -> SpriteSet:
    """Videos to evaluate on."""
    return SpriteSet(videos or plan.videos, _HELD_OUT_SEED,
                     SpriteConfig(height=SIDE, width=SIDE, frames=plan.frames))
