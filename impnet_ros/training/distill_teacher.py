# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The teacher that a memory is distilled from: the detector itself, on sharp frames, seen often.

It sees a frame, its mirror image, and both of the frames before and after, brought here by flow:
more than any causal detector of one frame can know. So it does not simply praise the newest
feature, as a teacher of the same single frame would.
"""
from dataclasses import dataclass

from impnet_ros.model.nanodet.detector import BINS, CHANNELS, CLASSES
from impnet_ros.model.nanodet.network import NanoDetNetwork
from impnet_ros.model.sight.warp import warp
from impnet_ros.training.distill_scenes import Image
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

CLASSES_KEPT = 16
"""Classes of a piece that are learned from, the most likely ones: the others are empty."""

NEIGHBOURS = ((0, 2.0), (-2, 1.0), (-1, 1.0), (1, 1.0), (2, 1.0))
"""Frames that the teacher sees, and how much they count."""


@dataclass(frozen=True)
class Piece:
    """
    A short video as the student and the teacher see it.

    Attributes
    ----------
    versions : list of tuple
        (pictures, levels) of each version, sharp first, then spoilt; a frame's levels are half
        (1, CLASSES_KEPT + 4 BINS, h, w), frames that were not spoilt share theirs.
    teacher : list of tuple
        The teacher's levels, likewise.

    """

    versions: list[tuple[list, list[tuple[Tensor, ...]]]]
    teacher: list[tuple[Tensor, ...]]


@torch.inference_mode()
def make_piece(network: NanoDetNetwork, video: list[Image], spoilt: list[list[Image]]) -> Piece:
    """Run detector and teacher over a video and its spoilt versions."""
    seen: dict[int, tuple] = {}

    def see(image: Image) -> tuple:
        if id(image) not in seen:
            picture = network.prepare(image)
            seen[id(image)] = picture, network.features(picture).maps
        return seen[id(image)]

    sharp = [see(image) for image in video]
    mirrored = [_mirrored(network, image) for image in video]
    twice = [tuple((a + b) / 2 for a, b in zip(levels, other))
             for (_, levels), other in zip(sharp, mirrored)]
    pictures = [picture for picture, _ in sharp]
    teacher = [_with_neighbours(network, pictures, twice, index) for index in range(len(video))]
    best = torch.stack([level[0, :CLASSES].amax(dim=(1, 2)) for levels in teacher
                        for level in levels]).amax(dim=0)
    kept = torch.cat((best.topk(CLASSES_KEPT).indices.sort().values,
                      torch.arange(CLASSES, CHANNELS)))
    versions = []
    for version in (video, *spoilt):
        both = [see(image) for image in version]
        versions.append(([picture for picture, _ in both],
                         [_half(levels, kept) for _, levels in both]))
    return Piece(versions, [_half(levels, kept) for levels in teacher])


def _half(levels: tuple[Tensor, ...], kept: Tensor) -> tuple[Tensor, ...]:
    return tuple(level[:, kept].half() for level in levels)


def _mirrored(network: NanoDetNetwork, image: Image) -> tuple[Tensor, ...]:
    """Levels of the mirror image, mirrored back: left and right sides change places too."""
    order = torch.arange(CHANNELS)
    left, right = (slice(CLASSES + side * BINS, CLASSES + (side + 1) * BINS) for side in (0, 2))
    order[left], order[right] = order[right].clone(), order[left].clone()
    mirror = network.prepare(np.ascontiguousarray(image[:, ::-1]))
    return tuple(level[:, order].flip(3) for level in network.features(mirror).maps)


def _with_neighbours(network: NanoDetNetwork, pictures: list, levels: list[tuple[Tensor, ...]],
                     index: int) -> tuple[Tensor, ...]:
    """Mean over a frame and its neighbours, where these show the same."""
    total = [torch.zeros_like(level) for level in levels[index]]
    weight = [torch.zeros_like(level[:, :1]) for level in levels[index]]
    for offset, share in NEIGHBOURS:
        other = index + offset
        if not 0 <= other < len(pictures):
            continue
        carried: tuple[Tensor, ...] = levels[other]
        trust = [torch.full_like(item, share) for item in weight]
        if offset:
            flow = network.flow(pictures[index], pictures[other])
            carried = tuple(warp(level, field) for level, field in zip(levels[other], flow.levels))
            doubt = network.mismatch(pictures[index], pictures[other], flow)
            trust = [share * (1 - functional.adaptive_max_pool2d(doubt, item.shape[2:]))
                     for item in weight]
        for number, (level, much) in enumerate(zip(carried, trust)):
            total[number] += much * level
            weight[number] += much
    return tuple(a / b for a, b in zip(total, weight))
