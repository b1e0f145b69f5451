# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The pieces that a memory is trained on: made once, kept in files, a part of them held back."""
from collections.abc import Sequence
import hashlib
import math
from pathlib import Path

from impnet_ros.model.contract import Network
from impnet_ros.training.distill_recipe import DistillRecipe
from impnet_ros.training.distill_scenes import clip_pieces, Image, moving_pictures, spoil
from impnet_ros.training.distill_teacher import make_piece, Piece
from impnet_ros.training.training_state import save_whole
from impnet_ros.video import open_video
import numpy as np
from numpy.random import Generator
import torch
from tqdm import tqdm


def make_pieces(recipe: DistillRecipe, network: Network, clips: Sequence[Path], pictures: Path,
                folder: Path) -> tuple[list[Path], list[Path]]:
    """
    Run the teacher over all videos; pieces that are already in the folder are kept.

    Parameters
    ----------
    recipe : DistillRecipe
        What to make of them.
    network : Network
        Student and teacher.
    clips : sequence of Path
        Videos, folders of images or bags.
    pictures : Path
        Folder of the pictures that move, if the recipe has any.
    folder : Path
        For the files. Their names say what they were made of.

    Returns
    -------
    tuple of list of Path
        Pieces of the clips, and of moving pictures.

    """
    folder.mkdir(parents=True, exist_ok=True)

    def keep(name: str, source: Path, video: list[Image], rng: Generator) -> Path:
        path = folder / f'{name}_{_mark(recipe, source)}.pt'
        if not path.exists():
            spoilt = [spoil(video, rng) for _ in range(recipe.spoilt_versions)]
            save_whole(path, make_piece(network, video, spoilt))
        return path

    count = sum(open_video(clip).count // recipe.frames for clip in clips)
    every = max(1, math.ceil(count / recipe.most_pieces))
    of_clips, of_pictures = [], []
    for number, clip in enumerate(clips):
        for index, video in tqdm(clip_pieces(clip, recipe.frames, every), clip.name):
            rng = np.random.default_rng((recipe.seed, 0, number, index))
            of_clips.append(keep(f'{number}_{clip.stem}_{index}', clip, video, rng))
    for index in tqdm(range(recipe.moving_pictures), 'moving pictures'):
        rng = np.random.default_rng((recipe.seed, 1, index))
        video = moving_pictures(pictures, recipe.frames, rng)
        of_pictures.append(keep(f'pictures_{index}', pictures, video, rng))
    if not of_clips and not of_pictures:
        raise ValueError(f'clips, moving_pictures: expected clips of {recipe.frames} frames or '
                         f'more, or moving pictures, got {[clip.name for clip in clips]} and '
                         f'{recipe.moving_pictures}')
    return of_clips, of_pictures


def hold_back(pieces: list[Path], share: float) -> tuple[list[Path], list[Path]]:
    """Cut off the last share of the pieces, one at least: (to learn from, held back)."""
    if not share:
        return pieces, []
    if len(pieces) < 2:
        raise ValueError(f'held_out: expected two pieces or more to hold one back, got '
                         f'{len(pieces)}: give more or longer videos, or set held_out: 0')
    kept = len(pieces) - min(max(round(share * len(pieces)), 1), len(pieces) - 1)
    return pieces[:kept], pieces[kept:]


def load_piece(path: Path) -> Piece:
    """Read a piece that `make_pieces` wrote."""
    piece: Piece = torch.load(path, weights_only=False)
    return piece


def _mark(recipe: DistillRecipe, source: Path) -> str:
    """Tell apart pieces of one name that differ in model, source or recipe."""
    what = (_known(Path(recipe.model)), recipe.runtime, _known(source), recipe.frames,
            recipe.spoilt_versions, recipe.seed)
    return hashlib.sha256(repr(what).encode()).hexdigest()[:8]


def _known(path: Path) -> tuple[str, ...]:
    """Give a path and, of a file, what changes with its content."""
    if not path.is_file():
        return (str(path),)
    known = path.stat()
    return str(path.resolve()), str(known.st_size), str(known.st_mtime_ns)
