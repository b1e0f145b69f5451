# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The state of a training on disk: enough to go on as if nothing had happened."""
from collections.abc import Mapping
import os
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Protocol

from impnet_ros.outputs import written_whole
import torch

FILE = 'training_state.pt'


class Stateful(Protocol):
    """A module, an optimiser, a scaler or a schedule: what changes with every step."""

    def state_dict(self) -> dict[str, Any]:
        """Give its state."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> Any:
        """Put it back."""


def save_state(folder: Path, parts: Mapping[str, Stateful], iteration: int,
               recipe: dict[str, Any]) -> None:
    """
    Write the state after `iteration` steps, in one move: a kill leaves the old file or the new.

    Data, learning rate and random numbers are functions of the iteration and need no keeping.
    """
    state = {'iteration': iteration, 'recipe': recipe,
             **{name: part.state_dict() for name, part in parts.items()}}
    folder.mkdir(parents=True, exist_ok=True)
    save_whole(folder / FILE, state)


def save_whole(path: Path, content: Any) -> None:
    """
    Write what torch can save, in one move and through to the disk.

    Raises
    ------
    OSError
        If it cannot be written; torch alone tells of a full disk as of a position in the file.

    """
    with written_whole(path) as part, part.open('wb') as file:
        try:
            torch.save(content, file)
        except RuntimeError as error:
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise
        file.flush()
        os.fsync(file.fileno())


def load_state(folder: Path, parts: Mapping[str, Stateful], recipe: dict[str, Any]) -> int:
    """
    Put back what `save_state` wrote.

    Returns
    -------
    int
        Steps already done; 0 when there is no state.

    Raises
    ------
    ValueError
        If the file cannot be read, or the state belongs to another recipe.

    """
    path = folder / FILE
    if not path.is_file():
        return 0
    try:
        state = torch.load(path, map_location='cpu', weights_only=True)
    except (OSError, EOFError, RuntimeError, UnpicklingError) as error:
        raise ValueError(f'{path}: expected the state of a training, got a damaged file '
                         f'({error}); remove it to begin again') from error
    if state['recipe'] != recipe:
        changed = sorted(name for name in recipe if state['recipe'].get(name) != recipe[name])
        raise ValueError(f'{path}: expected the state of this recipe, got one that differs in '
                         f'{", ".join(changed) or "its fields"}; choose another folder')
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return int(state['iteration'])
