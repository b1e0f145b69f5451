# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A training recipe: YAML in, checked settings out."""
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args, Literal

from impnet_ros.model.impression_config import ImpressionNetworkConfig
from impnet_ros.training.data_sources import DataSource
import yaml

Variant = Literal['impression', 'average', 'sparse', 'per_frame', 'not_end_to_end', 'fgfa']
Optimiser = Literal['sgd', 'adamw']
Precision = Literal['fp32', 'bf16', 'fp16']


def _require(condition: bool, name: str, expected: str, got: object) -> None:
    if not condition:
        raise ValueError(f'recipe: {name}: expected {expected}, got {got!r}')


@dataclass(frozen=True)
class Recipe:
    """
    Everything that decides what comes out of a training.

    Raises
    ------
    ValueError
        If a setting is outside its range.

    """

    network: ImpressionNetworkConfig
    """Sizes of the network."""

    data: tuple[DataSource, ...]
    """Joined end to end, as the paper joins VID and DET."""

    iterations: int = 120_000
    """Steps of the optimiser; the paper's."""

    variant: Variant = 'impression'
    """Methods (d) impression, (c) average, (b) sparse, (a) per_frame, (e) not_end_to_end; FGFA."""

    start: str = ''
    """Weights to begin with, a .safetensors checkpoint; tensors of other shapes are refused."""

    segment_length: int = 10
    """l, for the offsets of the key frames."""

    batch_size: int = 1
    """Triplets a process and step; pictures of a batch must have one size."""

    accumulate: int = 1
    """Batches whose gradients are averaged before a step: 8 on one GPU stand for 8 GPUs."""

    optimiser: Optimiser = 'sgd'
    """The paper's, or AdamW for small networks from nothing."""

    learning_rate: float = 1e-3
    """For gradients averaged over the whole batch."""

    drops: tuple[int, ...] = (70_000,)
    """Iterations at which the learning rate is divided by ten."""

    warm_up: int = 0
    """Iterations over which the learning rate grows from nothing."""

    momentum: float = 0.9
    """Of SGD."""

    weight_decay: float = 5e-4
    """Of both optimisers."""

    largest_gradient: float = 0.0
    """Norm to which gradients are cut; 0 leaves them."""

    precision: Precision = 'fp32'
    """Of the forward pass; fp16 needs CUDA and scales the loss."""

    seed: int = 0
    """Of initial weights, data and sampling."""

    workers: int = 2
    """Processes that make the data; 0 makes it in the training process."""

    save_every: int = 1000
    """Iterations between two saved states."""

    log_every: int = 20
    """Iterations between two lines of the log."""

    def __post_init__(self) -> None:
        for name, choices in (('variant', get_args(Variant)), ('precision', get_args(Precision)),
                              ('optimiser', get_args(Optimiser))):
            _require(getattr(self, name) in choices, name, f'one of {", ".join(choices)}',
                     getattr(self, name))
        for name in ('iterations', 'segment_length', 'batch_size', 'accumulate', 'save_every',
                     'log_every'):
            _require(getattr(self, name) >= 1, name, '>= 1', getattr(self, name))
        _require(self.learning_rate > 0, 'learning_rate', '> 0', self.learning_rate)
        _require(bool(self.data), 'data', 'at least one source', self.data)
        _require(all(isinstance(drop, int) for drop in self.drops), 'drops', 'iterations',
                 self.drops)


def load_recipe(path: str | Path, changes: Mapping[str, Any] | None = None) -> Recipe:
    """
    Read a recipe file.

    Parameters
    ----------
    path : str or Path
        YAML: a mapping of the fields of `Recipe`; `network` is a mapping of the fields of
        `ImpressionNetworkConfig`, `data` a list of mappings, see `DataSource`.
    changes : Mapping, optional
        Fields that replace those of the file.

    Raises
    ------
    ValueError
        If the file is missing or is no recipe; the message names the field.

    """
    return recipe_from({**read_fields(path), **(changes or {})})


def read_fields(path: str | Path) -> dict[str, Any]:
    """Read the fields of a recipe file; a file that is missing or no mapping is a ValueError."""
    path = Path(path)
    if not path.is_file():
        raise ValueError(f'recipe: expected a file, got {path} (no such file)')
    try:
        values = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise ValueError(f'recipe: expected YAML, got {path}: {error}') from error
    if not isinstance(values, dict):
        raise ValueError(f'recipe: expected a mapping in {path}, got {type(values).__name__}')
    return values


def recipe_from(values: Mapping[str, Any]) -> Recipe:
    """
    Build a recipe from plain values.

    Raises
    ------
    ValueError
        If a field is unknown, missing, of the wrong type or outside its range.

    """
    known = {field.name: field for field in fields(Recipe)}
    unknown = sorted(set(values) - set(known))
    _require(not unknown, 'fields', f'some of {", ".join(sorted(known))}', unknown)
    for name in ('network', 'data'):
        _require(name in values, name, 'this field', 'none')
    _require(isinstance(values['network'], Mapping), 'network', 'a mapping', values['network'])
    _require(isinstance(values['data'], (list, tuple)), 'data', 'a list', values['data'])
    plain = {}
    for name, value in values.items():
        if name in ('network', 'data'):
            continue
        plain[name] = typed(name, value, known[name].default)
    return Recipe(network=ImpressionNetworkConfig.from_dict(values['network']),
                  data=tuple(DataSource.from_dict(item) for item in values['data']), **plain)


def typed(name: str, value: Any, default: Any) -> Any:
    """Check a plain value against the type of its default."""
    if isinstance(default, tuple):
        _require(isinstance(value, (list, tuple)), name, 'a list', value)
        return tuple(value)
    if isinstance(default, float):
        try:  # YAML reads 1e-3 as text
            return float(value)
        except (TypeError, ValueError):
            _require(False, name, 'a number', value)
    _require(isinstance(value, type(default)) and not isinstance(value, bool), name,
             f'a value like {default!r}', value)
    return value
