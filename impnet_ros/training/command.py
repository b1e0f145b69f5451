# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet train`: train a network from a recipe; under torchrun, in many processes."""
import argparse
from pathlib import Path

from impnet_ros.arguments import add_settings
from impnet_ros.config import RunConfig
from impnet_ros.outputs import require_folder
from impnet_ros.training.loop import train
from impnet_ros.training.recipe import load_recipe
import yaml


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('recipe', type=Path, help='YAML file, see config/recipes')
    parser.add_argument('--output', type=Path, metavar='FOLDER',
                        help='for state, log and weights (default: out/<name of the recipe>)')
    add_settings(parser, RunConfig, 'device')
    parser.add_argument('--set', nargs='+', default=[], metavar='FIELD=VALUE',
                        help="change the recipe's fields, values in YAML")
    parser.add_argument('--quiet', action='store_true', help='no progress bar')


def run(args: argparse.Namespace) -> None:
    """Train; a second call goes on where the first stopped."""
    changes = {}
    for text in args.set:
        name, found, value = text.partition('=')
        if not found:
            raise ValueError(f'--set: expected FIELD=VALUE, got {text!r}')
        try:
            changes[name] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ValueError(f'--set: expected a value in YAML, got {text!r}: {error}') from error
    recipe = load_recipe(args.recipe, changes)
    folder = args.output or Path('out') / args.recipe.stem
    require_folder('--output', folder)
    weights = train(recipe, folder, args.device, not args.quiet)
    if weights is not None:
        print(f'weights: {weights}')
