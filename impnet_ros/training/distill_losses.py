# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What N_q is taught by: its impression over a piece, compared with what the teacher sees."""
from itertools import pairwise

from impnet_ros.model.impression import absorb, aggregate
from impnet_ros.model.levels import DenseFlow, Levels
from impnet_ros.model.nanodet.detector import BINS, STRIDES
from impnet_ros.model.nanodet.network import BACKGROUND
from impnet_ros.model.sight.dis_flow import dis_flow, flow_in_cells
from impnet_ros.model.sight.pair_quality import add_journey, journey, PairQuality, picture_facts
from impnet_ros.model.sight.picture import Picture
from impnet_ros.model.sight.warp import warp
from impnet_ros.training.distill_recipe import DistillRecipe
from impnet_ros.training.distill_teacher import CLASSES_KEPT, Piece
from numpy.random import Generator
import torch
from torch import Tensor
from torch.nn import functional


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
    losses = []
    f_imp = _with_facts(pictures[keys[0]], levels[keys[0]])
    for before, index in pairwise(keys):
        f_k = _with_facts(pictures[index], levels[index])
        f_imp_warped = _carried(f_imp, pictures[index], pictures[before])
        f_task = aggregate(f_imp_warped, f_k, fused_weights(quality, f_imp_warped, f_k))
        losses.append((*_losses(f_task, piece.teacher[index]),
                       sum(_losses(f_k, piece.teacher[index]))))
        f_imp = absorb(f_k, f_task, 1.0)
    classes, boxes, alone = (torch.stack([torch.as_tensor(item) for item in part]).mean()
                             for part in zip(*losses))
    return {'classes': classes, 'boxes': boxes, 'alone': alone.detach()}


def fused_weights(quality: PairQuality, old: Levels, new: Levels) -> tuple[Tensor, ...]:
    """w_k of each level."""
    return tuple(quality(a[:, :CLASSES_KEPT], b[:, :CLASSES_KEPT], *facts, level)
                 for level, (a, b, *facts) in enumerate(zip(old.maps, new.maps, old.facts,
                                                            new.facts, strict=True)))


def _with_facts(picture: Picture, maps: tuple[Tensor, ...]) -> Levels:
    facts = picture_facts(picture.grey, [tuple(item.shape[2:]) for item in maps], maps[0].device)
    return Levels(tuple(item.float() for item in maps), picture.image_size, tuple(facts))


def _carried(levels: Levels, picture: Picture, key_picture: Picture) -> Levels:
    field = dis_flow(picture.grey, key_picture.grey)
    sizes = [tuple(item.shape[2:]) for item in levels.maps]
    told = journey(DenseFlow(picture.grey, key_picture.grey, field), sizes, levels.maps[0].device)
    flows = [flow_in_cells(field, size, stride / 2) for size, stride in zip(sizes, STRIDES)]
    return Levels(
        tuple(warp(item, flow) for item, flow in zip(levels.maps, flows)), picture.image_size,
        tuple(add_journey(warp(item, flow), way)
              for item, flow, way in zip(levels.facts, flows, told)))


def _losses(levels: Levels, teacher: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
    """Quality focal loss of the classes, and divergence of the sides where there is something."""
    classes = torch.zeros(())
    boxes = torch.zeros(())
    weight = torch.tensor(1e-3)
    for level, told in zip(levels.maps, teacher):
        target = (told[:, :CLASSES_KEPT].float() + BACKGROUND).sigmoid()
        logits = level[:, :CLASSES_KEPT] + BACKGROUND
        error = functional.binary_cross_entropy_with_logits(logits, target, reduction='none')
        # Less the target's own entropy, so that the teacher's answer costs nothing.
        error = error - functional.binary_cross_entropy(target, target, reduction='none')
        classes = classes + (error * (logits.sigmoid() - target).abs()).sum()
        sure = target.amax(dim=1)
        sure = torch.where(sure > 0.2, sure, 0.0)
        sides, told_sides = (functional.log_softmax(
            item[:, CLASSES_KEPT:].float().unflatten(1, (4, BINS)), dim=2)
            for item in (level, told))
        apart = (told_sides.exp() * (told_sides - sides)).sum(dim=(1, 2))
        boxes = boxes + (apart * sure).sum()
        weight = weight + sure.sum()
    return classes / (weight + 3.0), boxes / (weight + 3.0)
