# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A training recipe: YAML in, checked settings out."""
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args, Literal

from impnet_ros.model.paper.config import ImpressionNetworkConfig
from impnet_ros.training.data_sources import DataSource
from impnet_ros.training.recipe_fields import read_fields, require, typed

Variant = Literal['impression', 'average', 'sparse', 'per_frame', 'not_end_to_end', 'fgfa']
Optimiser = Literal['sgd', 'adamw']
Precision = Literal['fp32', 'bf16', 'fp16']


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
            require(getattr(self, name) in choices, name, f'one of {", ".join(choices)}',
                    getattr(self, name))
        for name in ('iterations', 'segment_length', 'batch_size', 'accumulate', 'save_every',
                     'log_every'):
            require(getattr(self, name) >= 1, name, '>= 1', getattr(self, name))
        for name in ('warm_up', 'weight_decay', 'largest_gradient', 'seed', 'workers'):
            require(getattr(self, name) >= 0, name, '>= 0', getattr(self, name))
        require(self.learning_rate > 0, 'learning_rate', '> 0', self.learning_rate)
        require(0 <= self.momentum < 1, 'momentum', '0 <= momentum < 1', self.momentum)
        require(bool(self.data), 'data', 'at least one source', self.data)
        require(min(self.drops, default=0) >= 0, 'drops', 'iterations >= 0', self.drops)


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
    require(not unknown, 'fields', f'some of {", ".join(sorted(known))}', unknown)
    for name in ('network', 'data'):
        require(name in values, name, 'this field', 'none')
    require(isinstance(values['network'], Mapping), 'network', 'a mapping', values['network'])
    require(isinstance(values['data'], (list, tuple)), 'data', 'a list', values['data'])
    plain = {}
    for name, value in values.items():
        if name in ('network', 'data'):
            continue
        plain[name] = typed(name, value, known[name].default)
    sizes = {field.name: field.default for field in fields(ImpressionNetworkConfig)}
    network = {name: typed(f'network: {name}', value, sizes[name]) if name in sizes else value
               for name, value in values['network'].items()}
    return Recipe(network=ImpressionNetworkConfig.from_dict(network),
                  data=tuple(DataSource.from_dict(item) for item in values['data']), **plain)
