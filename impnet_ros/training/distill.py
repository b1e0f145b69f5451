# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet distil`: teach a detector's N_q what to remember, without labels."""
import argparse
from dataclasses import asdict, replace
from pathlib import Path
import re
from statistics import mean
import time

from impnet_ros.model.contract import Network
from impnet_ros.model.network import load_network
from impnet_ros.model.sight.pair_quality import PairQuality
from impnet_ros.model.weights import sha256
from impnet_ros.outputs import require_folder
from impnet_ros.threads import on_threads
from impnet_ros.training.distill_pieces import hold_back, make_pieces
from impnet_ros.training.distill_recipe import DistillRecipe
from impnet_ros.training.distill_scenes import BACKDROPS, OBJECTS
from impnet_ros.training.distill_training import held_out_losses, train
from impnet_ros.video import clips_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('recipe', type=Path, help='YAML file, see config/distillation')
    parser.add_argument('--model', help="whose N_q is trained, in place of the recipe's: as for "
                        'impnet detect')
    parser.add_argument('--clips', type=Path, nargs='+', metavar='PATH', help='your own videos, '
                        "folders of images or bags, in place of the recipe's clips "
                        '(which lie in data/clips)')
    parser.add_argument('--pictures', type=Path, default=Path('data/pictures'), metavar='FOLDER',
                        help='of the pictures that move, if the recipe has any')
    parser.add_argument('--output', type=Path, metavar='FOLDER', help='for the pieces, the state '
                        'and the weights (default: runs/MODEL_memory)')


@on_threads(1)  # sums over more threads round otherwise
def run(args: argparse.Namespace) -> None:
    """Make the pieces that are not there yet, train on from the last state, keep a better N_q."""
    recipe = DistillRecipe.load(args.recipe)
    if args.output:
        require_folder('--output', args.output)
    clips = args.clips or [clips_folder() / clip for clip in recipe.clips]
    recipe = replace(recipe, model=args.model or recipe.model,
                     clips=tuple(clip.name for clip in clips))
    network = load_network(recipe.model, 'cpu', recipe.runtime)
    if network.boxes_only:
        raise ValueError(f'distil: model {network.name!r}: expected one whose features can be '
                         'carried, got one of boxes only, which remembers no feature')
    began = time.monotonic()
    name = re.sub(r'\W+', '_', network.name) + '_memory'
    folder = args.output or Path('runs') / name
    provenance = {'recipe': asdict(recipe), 'licence': recipe.licence,
                  'teacher': f'{network.name} on sharp frames',
                  'data_sha256': _hashes(recipe, clips, args.pictures)}
    of_clips, of_pictures = make_pieces(recipe, network, clips, args.pictures, folder / 'pieces')
    if of_clips:
        of_clips, held_out = hold_back(of_clips, recipe.held_out)
    else:
        of_pictures, held_out = hold_back(of_pictures, recipe.held_out)
    quality = train(recipe, network, of_clips + of_pictures, folder)
    if held_out and not _is_better(recipe, network, quality, held_out):
        print(f'not kept: no better than what {network.name} weighs by now; nothing written '
              f'({time.monotonic() - began:.0f} s)')
        return
    path = network.save_with_quality(folder, name, quality, provenance)
    print(f'kept: {path} ({time.monotonic() - began:.0f} s)\nsha256 {sha256(path)}')


def _hashes(recipe: DistillRecipe, clips: list[Path], pictures: Path) -> dict[str, str]:
    """SHA-256 of the files that are learned from."""
    files = [clip for clip in clips if not clip.is_dir()]
    if recipe.moving_pictures:
        files += [pictures / name for name in sorted({*OBJECTS, *BACKDROPS})]
    return {path.name: sha256(path) for path in files}


def _is_better(recipe: DistillRecipe, network: Network, quality: PairQuality,
               paths: list[Path]) -> bool:
    """Compare N_q with what the network has, and say what comes out."""
    known = network.quality or PairQuality()  # untrained it is the rule
    before, now = (held_out_losses(recipe, network, item, paths) for item in (known, quality))
    better = sum(new < old for old, new in zip(before, now))
    print(f'held out: {len(paths)} pieces; loss against the teacher {mean(now):.4f}, with '
          f'{"the N_q that it has" if network.quality else "the rule, as it has no N_q,"} '
          f'{mean(before):.4f}; better on {better} of {len(paths)}')
    return mean(now) < mean(before)
