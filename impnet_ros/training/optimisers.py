# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Optimiser and learning rate of a recipe."""
from impnet_ros.training.recipe import Recipe
import torch
from torch import nn


def make_optimiser(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Make the recipe's optimiser for all parameters that are to be trained."""
    parameters = [item for item in network.parameters() if item.requires_grad]
    if recipe.optimiser == 'adamw':
        return torch.optim.AdamW(parameters, recipe.learning_rate,
                                 weight_decay=recipe.weight_decay)
    return torch.optim.SGD(parameters, recipe.learning_rate, momentum=recipe.momentum,
                           weight_decay=recipe.weight_decay)


def learning_rate(recipe: Recipe, iteration: int) -> float:
    """
    Learning rate of step `iteration` (the first is 0).

    It grows evenly over the warm-up and falls to a tenth at every drop.
    """
    share = min((iteration + 1) / (recipe.warm_up + 1), 1.0)
    return recipe.learning_rate * share * 0.1 ** sum(iteration >= drop for drop in recipe.drops)
