# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The teacher that a memory is distilled from: the detector itself, on sharp frames, seen often.

It sees a frame, its mirror image, and both of the frames before and after, brought here by flow:
more than any causal detector of one frame can know. So it does not simply praise the newest
feature, as a teacher of the same single frame would.
"""
from dataclasses import dataclass

from impnet_ros.model.contract import Network
from impnet_ros.model.sight.picture import Picture
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

Maps = tuple[Tensor, ...]


@dataclass(frozen=True)
class Piece:
    """
    A short video as the student and the teacher see it.

    Attributes
    ----------
    versions : list of tuple
        (pictures, maps) of each version, sharp first, then spoilt; a frame's maps are half
        (1, C_i, h_i, w_i), frames that were not spoilt share theirs.
    teacher : list of tuple
        The teacher's maps, likewise.
    classes : Tensor
        int64 (n,), the classes that are learned from.
    best : float
        The teacher's best score in it.

    """

    versions: list[tuple[list[Picture], list[Maps]]]
    teacher: list[Maps]
    classes: Tensor
    best: float


@torch.no_grad()
def make_piece(network: Network, video: list[Image], spoilt: list[list[Image]]) -> Piece:
    """
    Run detector and teacher over a video and its spoilt versions.

    Raises
    ------
    ValueError
        If the network's levels have no facts, which N_q compares.

    """
    seen: dict[int, tuple[Picture, Maps]] = {}

    def see(image: Image) -> tuple[Picture, Maps]:
        if id(image) not in seen:
            picture = network.prepare(image)
            seen[id(image)] = picture, _features(network, picture)
        return seen[id(image)]

    sharp = [see(image) for image in video]
    twice = [_with_mirror(network, image, maps) for image, (_, maps) in zip(video, sharp)]
    pictures = [picture for picture, _ in sharp]
    teacher = [_with_neighbours(network, pictures, twice, index) for index in range(len(video))]
    best = torch.stack([network.class_logits(level, number)[0].amax(dim=(1, 2))
                        for maps in teacher for number, level in enumerate(maps)]).amax(dim=0)
    versions = []
    for version in (video, *spoilt):
        both = [see(image) for image in version]
        versions.append(([picture for picture, _ in both], [_half(maps) for _, maps in both]))
    return Piece(versions, [_half(maps) for maps in teacher],
                 best.topk(min(CLASSES_KEPT, len(best))).indices.sort().values,
                 float((best.max() + network.empty_logit).sigmoid()))


def _features(network: Network, picture: Picture) -> Maps:
    levels = network.features(picture)
    if not levels.facts:
        raise ValueError(f'distil: model {network.name!r}: expected levels with facts of the '
                         'picture (Network.levels_of), which N_q compares, got none')
    return levels.maps


def _half(maps: Maps) -> Maps:
    return tuple(level.half() for level in maps)


def _with_mirror(network: Network, image: Image, maps: Maps) -> Maps:
    """Mean of an image's maps and its mirror image's, for networks that can mirror them back."""
    if network.mirrored(maps[0], 0) is None:
        return maps
    picture = network.prepare(np.ascontiguousarray(image[:, ::-1]))
    back = [network.mirrored(level, number)
            for number, level in enumerate(network.features(picture).maps)]
    return tuple(own if other is None else (own + other) / 2
                 for own, other in zip(maps, back, strict=True))


def _with_neighbours(network: Network, pictures: list[Picture], seen: list[Maps],
                     index: int) -> Maps:
    """Mean over a frame and its neighbours, where these show the same."""
    total = [torch.zeros_like(level) for level in seen[index]]
    weight = [torch.zeros_like(level[:, :1]) for level in seen[index]]
    for offset, share in NEIGHBOURS:
        other = index + offset
        if not 0 <= other < len(pictures):
            continue
        carried: Maps = seen[other]
        trust = [torch.full_like(item, share) for item in weight]
        if offset:
            flow = network.flow(pictures[index], pictures[other])
            carried = tuple(warp(level, field) for level, field in zip(seen[other], flow.levels))
            doubt = network.mismatch(pictures[index], pictures[other], flow)
            trust = [share * (1 - functional.adaptive_max_pool2d(doubt, item.shape[2:]))
                     for item in weight]
        for number, (level, much) in enumerate(zip(carried, trust)):
            total[number] += much * level
            weight[number] += much
    return tuple(a / b for a, b in zip(total, weight))
