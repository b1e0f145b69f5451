# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What N_q is trained by: its impression over a piece, compared with what the teacher sees."""
from itertools import pairwise

from impnet_ros.model.contract import Network
from impnet_ros.model.impression import absorb, aggregate
from impnet_ros.model.levels import Levels
from impnet_ros.model.sight.pair_quality import PairQuality
from impnet_ros.training.distill_recipe import DistillRecipe
from impnet_ros.training.distill_teacher import Maps, Piece
from numpy.random import Generator
import torch
from torch import Tensor
from torch.nn import functional

SURE = 0.2
"""Score of the teacher above which there is something whose box counts."""


def sequence_losses(network: Network, quality: PairQuality, piece: Piece, rng: Generator,
                    recipe: DistillRecipe) -> dict[str, Tensor]:
    """
    Unroll the impression over the key frames of one version of a piece.

    Every fused task feature is compared with what the teacher says of that frame. For reference,
    'alone' is the loss of the key frames' own features.
    """
    pictures, maps = piece.versions[rng.integers(len(piece.versions))]
    length = int(recipe.segment_lengths[rng.integers(len(recipe.segment_lengths))])
    keys = list(range(int(rng.integers(length)), len(pictures), length))
    if len(keys) > recipe.most_keys:
        start = int(rng.integers(len(keys) - recipe.most_keys + 1))
        keys = keys[start:start + recipe.most_keys]

    def seen(index: int) -> Levels:
        return network.levels_of(pictures[index], [item.float() for item in maps[index]])

    losses = []
    f_imp = seen(keys[0])
    for before, index in pairwise(keys):
        f_k = seen(index)
        f_imp_warped = network.propagate(f_imp, network.flow(pictures[index], pictures[before]))
        w_k = _weights(network, quality, piece.classes, f_imp_warped, f_k)
        f_task = aggregate(f_imp_warped, f_k, w_k)
        losses.append((*_losses(network, piece.classes, f_task, piece.teacher[index]),
                       sum(_losses(network, piece.classes, f_k, piece.teacher[index]))))
        f_imp = absorb(f_k, f_task, 1.0)
    classes, boxes, alone = (torch.stack([torch.as_tensor(item) for item in part]).mean()
                             for part in zip(*losses))
    return {'classes': classes, 'boxes': boxes, 'alone': alone.detach()}


def _weights(network: Network, quality: PairQuality, kept: Tensor, old: Levels,
             new: Levels) -> tuple[Tensor, ...]:
    """w_k of each level, by the kept classes alone."""
    return tuple(quality(network.class_logits(a, number)[:, kept],
                         network.class_logits(b, number)[:, kept], *facts, number)
                 for number, (a, b, *facts) in enumerate(zip(old.maps, new.maps, old.facts,
                                                             new.facts, strict=True)))


def _losses(network: Network, kept: Tensor, levels: Levels,
            teacher: Maps) -> tuple[Tensor, Tensor]:
    """Quality focal loss of the classes, and distance of the boxes where there is something."""
    classes = torch.zeros(())
    boxes = torch.zeros(())
    weight = torch.tensor(1e-3)
    for number, (level, told) in enumerate(zip(levels.maps, teacher, strict=True)):
        wanted = told.float()
        logits, wanted_logits = (network.class_logits(item, number)[:, kept] + network.empty_logit
                                 for item in (level, wanted))
        target = wanted_logits.sigmoid()
        error = functional.binary_cross_entropy_with_logits(logits, target, reduction='none')
        # Less the target's own entropy, so that the teacher's answer costs nothing.
        error = error - functional.binary_cross_entropy(target, target, reduction='none')
        classes = classes + (error * (logits.sigmoid() - target).abs()).sum()
        sure = target.amax(dim=1)
        sure = torch.where(sure > SURE, sure, 0.0)
        boxes = boxes + (network.box_distance(level, wanted, number) * sure).sum()
        weight = weight + sure.sum()
    return classes / (weight + 3.0), boxes / (weight + 3.0)
