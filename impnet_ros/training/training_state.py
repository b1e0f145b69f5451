# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The state of a training on disk: enough to go on as if nothing had happened."""
from dataclasses import dataclass
import os
from pathlib import Path
from typing import Any

import torch
from torch import nn

FILE = 'training_state.pt'


@dataclass(frozen=True)
class Changing:
    """
    What of a training changes with every step, beside its recipe.

    Attributes
    ----------
    network : Module
        The trained network.
    optimiser : Optimizer
        With its momenta.
    scaler : GradScaler
        Of mixed precision; one that is switched off has an empty state.

    """

    network: nn.Module
    optimiser: torch.optim.Optimizer
    scaler: torch.amp.GradScaler


def save_state(folder: Path, parts: Changing, iteration: int, recipe: dict[str, Any]) -> None:
    """
    Write the state after `iteration` steps, in one move: a kill leaves the old file or the new.

    Data, learning rate and random numbers are functions of the iteration and need no keeping.
    """
    state = {'iteration': iteration, 'recipe': recipe,
             'network': parts.network.state_dict(), 'optimiser': parts.optimiser.state_dict(),
             'scaler': parts.scaler.state_dict()}
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / (FILE + '.unfinished')
    torch.save(state, unfinished)
    os.replace(unfinished, folder / FILE)


def load_state(folder: Path, parts: Changing, recipe: dict[str, Any]) -> int:
    """
    Put back what `save_state` wrote.

    Returns
    -------
    int
        Steps already done; 0 when there is no state.

    Raises
    ------
    ValueError
        If the state belongs to another recipe.

    """
    path = folder / FILE
    if not path.is_file():
        return 0
    state = torch.load(path, map_location='cpu', weights_only=True)
    if state['recipe'] != recipe:
        changed = sorted(name for name in recipe if state['recipe'].get(name) != recipe[name])
        raise ValueError(f'{path}: expected the state of this recipe, got one that differs in '
                         f'{", ".join(changed) or "its fields"}; choose another folder')
    parts.network.load_state_dict(state['network'])
    parts.optimiser.load_state_dict(state['optimiser'])
    parts.scaler.load_state_dict(state['scaler'])
    return int(state['iteration'])
