# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""N_q learns from pieces, and is compared with another one on pieces that it has not seen."""
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

from impnet_ros.model.contract import Network
from impnet_ros.model.sight.pair_quality import PairQuality
from impnet_ros.training.distill_losses import sequence_losses, SURE
from impnet_ros.training.distill_pieces import load_piece
from impnet_ros.training.distill_recipe import DistillRecipe
from impnet_ros.training.training_state import load_state, save_state, Stateful
import numpy as np
import torch
from tqdm import tqdm

_AT_HAND = 16
"""Pieces kept in memory, tens of megabytes each; the others are read when they are drawn."""

_DRAWS = 6
"""Sequences of each held-out piece that are compared."""


def train(recipe: DistillRecipe, network: Network, paths: list[Path], folder: Path,
          until: int | None = None) -> PairQuality:
    """
    Train N_q on the pieces.

    Saves its state in the folder every hundred steps and goes on from there; what a step draws
    depends on the seed and its number only, so a training that was cut in two ends as one that was
    not, within rounding. `until` ends it before that step.

    Raises
    ------
    ValueError
        If the teacher sees nothing in any piece, or the folder has the state of another training.

    """
    load = lru_cache(_AT_HAND)(load_piece)
    if not any(load(path).best > SURE for path in paths):
        raise ValueError(f'distil: expected something to see, got no score above {SURE} of model '
                         f'{network.name!r} in any piece: other videos, or its class_logits tell '
                         'nothing')
    torch.manual_seed(recipe.seed)
    quality = PairQuality()
    optimiser = torch.optim.AdamW(quality.parameters(), lr=recipe.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.learning_rate, recipe.steps)
    parts: dict[str, Stateful] = {
        'quality': quality, 'optimiser': optimiser, 'schedule': schedule}
    told = {**asdict(recipe), 'pieces': [path.name for path in paths]}
    first = load_state(folder, parts, told)
    last = min(until or recipe.steps, recipe.steps)
    bar = tqdm(range(first, last), 'distil', initial=first, total=recipe.steps)
    smooth: dict[str, float] = {}
    for step in bar:
        rng = np.random.default_rng((recipe.seed, 2, step))
        optimiser.zero_grad()
        for _ in range(recipe.batch_size):
            piece = load(paths[rng.integers(len(paths))])
            losses = sequence_losses(network, quality, piece, rng, recipe)
            loss = losses['classes'] + recipe.box_share * losses['boxes']
            # Clear sequences have little to lose and count as much as spoilt ones.
            loss = loss / (losses['alone'] + 0.1)
            (loss / recipe.batch_size).backward()
            for name, item in losses.items():  # for the eye only
                value = float(item.detach())
                smooth[name] = 0.99 * smooth.get(name, value) + 0.01 * value
        torch.nn.utils.clip_grad_norm_(quality.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        bar.set_postfix({name: f'{value:.4f}' for name, value in smooth.items()}, refresh=False)
        if (step + 1) % 100 == 0 or step + 1 == last:
            save_state(folder, parts, step + 1, told)
            tqdm.write(f'{step + 1}: ' + ', '.join(f'{k} {v:.4f}' for k, v in smooth.items()))
    return quality


@torch.no_grad()
def held_out_losses(recipe: DistillRecipe, network: Network, quality: PairQuality,
                    paths: list[Path]) -> list[float]:
    """Give the loss against the teacher on each piece, over sequences that are the same always."""
    found = []
    for number, path in enumerate(tqdm(paths, 'held out')):
        piece = load_piece(path)
        total = 0.0
        for draw in range(_DRAWS):
            rng = np.random.default_rng((recipe.seed, 3, number, draw))
            losses = sequence_losses(network, quality, piece, rng, recipe)
            total += float(losses['classes'] + recipe.box_share * losses['boxes'])
        found.append(total / _DRAWS)
    return found
