# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet distil`: teach nanodet_g's N_q what to remember, without labels."""
import argparse
from dataclasses import asdict
from pathlib import Path
import time

from impnet_ros.model.nanodet.network import NanoDetNetwork
from impnet_ros.model.sight.pair_quality import PairQuality
from impnet_ros.model.weights import save_weights, sha256, Weights
from impnet_ros.threads import on_threads
from impnet_ros.training.distill_losses import sequence_losses
from impnet_ros.training.distill_recipe import DistillRecipe
from impnet_ros.training.distill_scenes import (BACKDROPS, clip_pieces, moving_pictures, OBJECTS,
                                                spoil)
from impnet_ros.training.distill_teacher import make_piece, Piece
from impnet_ros.training.training_state import load_state, save_state
import numpy as np
from numpy.random import Generator
import torch
from tqdm import tqdm


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('recipe', type=Path, help='YAML file, see config/distillation')
    parser.add_argument('--clips', type=Path, default=Path('data/clips'), metavar='FOLDER')
    parser.add_argument('--pictures', type=Path, default=Path('data/pictures'), metavar='FOLDER')
    parser.add_argument('--output', type=Path, default=Path('runs/nanodet_g_memory'),
                        metavar='FOLDER', help='for the pieces, the state and the weights')


@on_threads(1)  # sums over more threads round otherwise
def run(args: argparse.Namespace) -> None:
    """Make the pieces that are not there yet, train on from the last state, write the weights."""
    recipe = DistillRecipe.load(args.recipe)
    began = time.monotonic()
    data = [args.clips / clip for clip in recipe.clips]
    if recipe.moving_pictures:
        data += [args.pictures / name for name in sorted({*OBJECTS, *BACKDROPS})]
    data_sha256 = {path.name: sha256(path) for path in data}
    pieces = make_pieces(recipe, args.clips, args.pictures, args.output / 'pieces')
    quality = train(recipe, pieces, args.output)
    provenance = {'recipe': asdict(recipe), 'licence': recipe.licence,
                  'teacher': 'nanodet_g on sharp frames', 'data_sha256': data_sha256}
    path = args.output / 'nanodet_g_memory.safetensors'
    digest = save_weights(path, Weights(quality.state_dict(), {'hidden': 24}, provenance))
    print(f'{digest}  {path} ({time.monotonic() - began:.0f} s)')


def make_pieces(recipe: DistillRecipe, clips: Path, pictures: Path, folder: Path) -> list[Path]:
    """Run the teacher over all videos; pieces that are already in the folder are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    network = NanoDetNetwork.load(torch.device('cpu'))
    made = []

    def add(name: str, video: list, rng: Generator) -> None:
        path = folder / f'{name}.pt'
        if not path.exists():
            spoilt = [spoil(video, rng) for _ in range(recipe.spoilt_versions)]
            part = path.with_suffix('.part')
            torch.save(make_piece(network, video, spoilt), part)
            part.replace(path)
        made.append(path)

    for number, clip in enumerate(recipe.clips):
        for index, video in enumerate(tqdm(list(clip_pieces(clips / clip, recipe.frames)), clip)):
            rng = np.random.default_rng((recipe.seed, 0, number, index))
            add(f'{Path(clip).stem}_{index}', video, rng)
    for index in tqdm(range(recipe.moving_pictures), 'moving pictures'):
        rng = np.random.default_rng((recipe.seed, 1, index))
        add(f'pictures_{index}', moving_pictures(pictures, recipe.frames, rng), rng)
    if not made:
        raise ValueError(f'clips, moving_pictures: expected clips of {recipe.frames} frames or '
                         f'more, or moving pictures, got {list(recipe.clips)} and '
                         f'{recipe.moving_pictures}')
    return made


def train(recipe: DistillRecipe, paths: list[Path], folder: Path,
          until: int | None = None) -> PairQuality:
    """
    Train N_q on the pieces.

    Saves its state in the folder every hundred steps and goes on from there; what a step draws
    depends on the seed and its number only, so a training that was cut in two ends as one that was
    not. `until` ends it before that step.
    """
    torch.manual_seed(recipe.seed)
    quality = PairQuality()
    optimiser = torch.optim.AdamW(quality.parameters(), lr=recipe.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.learning_rate, recipe.steps)
    parts = {'quality': quality, 'optimiser': optimiser, 'schedule': schedule}
    first = load_state(folder, parts, asdict(recipe))
    pieces = [_loaded(path, recipe.frames) for path in paths]
    last = min(until or recipe.steps, recipe.steps)
    bar = tqdm(range(first, last), 'distil', initial=first, total=recipe.steps)
    smooth: dict[str, float] = {}
    for step in bar:
        rng = np.random.default_rng((recipe.seed, 2, step))
        optimiser.zero_grad()
        for _ in range(recipe.batch_size):
            piece = pieces[rng.integers(len(pieces))]
            losses = sequence_losses(quality, piece, rng, recipe)
            loss = losses['classes'] + recipe.box_share * losses['boxes']
            # Clear sequences have little to lose and count as much as spoilt ones.
            loss = loss / (losses['alone'] + 0.1)
            (loss / recipe.batch_size).backward()
            for name, value in losses.items():  # for the eye only
                value = float(value.detach())
                smooth[name] = 0.99 * smooth.get(name, value) + 0.01 * value
        torch.nn.utils.clip_grad_norm_(quality.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        bar.set_postfix({name: f'{value:.4f}' for name, value in smooth.items()}, refresh=False)
        if (step + 1) % 100 == 0 or step + 1 == last:
            save_state(folder, parts, step + 1, asdict(recipe))
            tqdm.write(f'{step + 1}: ' + ', '.join(f'{k} {v:.4f}' for k, v in smooth.items()))
    return quality


def _loaded(path: Path, frames: int) -> Piece:
    piece: Piece = torch.load(path, weights_only=False)
    if len(piece.teacher) != frames:
        raise ValueError(f'{path}: expected {frames} frames, as the recipe says, got '
                         f'{len(piece.teacher)}: made by another recipe, choose another folder')
    return piece
