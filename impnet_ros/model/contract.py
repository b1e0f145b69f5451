# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What a network is: the one thing that the stream, the node and every command know of a detector.

A detector writes `features`, `task` and its class names. Flow, propagation and the weights of the
memory are given here; a network that has learned its own overrides them.
"""
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from impnet_ros.config import DetectionConfig
from impnet_ros.model.levels import Array, Flow, Later, Levels
from impnet_ros.model.sight import compare, pair_quality
from impnet_ros.model.sight.dis_flow import flow_between
from impnet_ros.model.sight.picture import make_picture, Picture, shrunk
from impnet_ros.model.sight.warp import warp
from impnet_ros.model.static_part import StaticPart
from impnet_ros.model.weights import save_quality
from impnet_ros.threads import on_threads, spare_thread
import torch
from torch import nn, Tensor
from torch.nn import functional

Boxes = tuple[Tensor, Tensor, Tensor]
"""Boxes float (N, 4), x1 y1 x2 y2 in pixels of the original image; scores (N,); labels (N,)."""


class Network(ABC):
    """
    A detector in two halves, and how its features are carried along a video.

    Attributes
    ----------
    name : str
        For people.
    class_names : tuple of str
        Names of the labels that `task` gives.
    strides : tuple of int
        Pixels of the network's input a cell, one a feature level, finest first.
    device : torch.device
        Where it computes.
    runtime : str
        What runs its features, as `run_with` chose it.
    detection : DetectionConfig
        Thresholds where nobody sets any.
    boxes_only : bool
        Its features cannot be carried: it is looked at on key frames, and boxes are carried
        between them. Settings that need more are refused.
    fixed_size : bool
        It takes pictures of one size only.
    glance_side : int
        Side in pixels of a square of the area at which it glances, where it takes other sizes and
        nobody says; half the area of its own input is about right.
    box_memory : bool
        Whether box memory is recommended beside the features.
    features_pay : bool
        Whether features carried beside boxes find more than boxes alone; where not, mode `auto`
        carries boxes only.
    empty_logit : float
        Class logit of an empty cell, to which `class_logits` are relative.
    quality : PairQuality, optional
        N_q; None weighs by rule, without any training.

    """

    name: str = 'network'
    class_names: tuple[str, ...] = ()
    strides: tuple[int, ...] = ()
    device: torch.device = torch.device('cpu')
    runtime: str = 'torch'
    detection: DetectionConfig = DetectionConfig()
    boxes_only: bool = False
    fixed_size: bool = True
    glance_side: int = 288
    box_memory: bool = True
    features_pay: bool = True
    empty_logit: float = -7.0  # a score of 0.001
    quality: pair_quality.PairQuality | None = None

    # To write.

    @abstractmethod
    def features(self, picture: Picture) -> Levels:
        """N_feat: feature levels of a picture; `levels_of` makes them of plain maps."""

    @abstractmethod
    def task(self, levels: Levels, flow: Flow | None, detection: DetectionConfig) -> Boxes:
        """
        N_task: what `detection` lets through in a frame.

        Parameters
        ----------
        levels : Levels
            Of a key frame.
        flow : Flow, optional
            From the frame to the key frame; None is the key frame itself.
        detection : DetectionConfig
            Thresholds of this call.

        """

    # Given, for detectors whose maps are levels of cells.

    def input_size(self, image_size: tuple[int, int], side: int | None = None) -> tuple[int, int]:
        """
        Choose the size, (height, width), at which an image is looked at.

        Parameters
        ----------
        image_size : tuple of int
            (height, width) of the image in pixels.
        side : int, optional
            Side of a square of about the wanted area, for networks without a `fixed_size`; None
            is the network's own choice.

        """
        if side is not None:
            raise ValueError(f'{self.name}: takes pictures of one size, got side {side}')
        return image_size

    def prepare(self, image: Array | Tensor, side: int | None = None) -> Picture:
        """Make the picture of a uint8 (H, W, 3) RGB image, once a frame."""
        return make_picture(image, self.input_size((image.shape[0], image.shape[1]), side))

    def glance(self, picture: Picture, side: int) -> Picture:
        """Make a smaller picture of a frame's own, of about a square's area, to look again."""
        return shrunk(picture, self.input_size(picture.image_size, side))

    def cells(self, picture: Picture) -> list[tuple[int, int]]:
        """Rows and columns of each level."""
        return _cells(picture, self.strides)

    def levels_of(self, picture: Picture, maps: Sequence[Tensor]) -> Levels:
        """Join maps (1, C_i, h_i, w_i), relative to an empty cell, with the picture's facts."""
        return Levels(tuple(maps), picture.image_size, Later(lambda: pair_quality.picture_facts(
            picture.grey, self.cells(picture), self.device)))

    def flow(self, picture: Picture, key_picture: Picture) -> Flow:
        """F(I_i, I_key), from target to key frame."""
        strides = self.strides or (compare.CELL,)  # boxes alone follow a flow too
        return flow_between(picture.grey, key_picture.grey, _cells(picture, strides), strides)

    def motion(self, picture: Picture, later: Picture) -> Flow:
        """Give the flow along which boxes are carried from a picture to the next; a cheap one."""
        return self.flow(picture, later)

    def flows(self, pictures: Sequence[Picture], key_picture: Picture) -> list[Flow]:
        """Give the flow of each of several pictures to one key frame."""
        return [self.flow(picture, key_picture) for picture in pictures]

    @on_threads(1)
    def propagate(self, levels: Levels, flow: Flow) -> Levels:
        """W and S: carry levels along a flow."""
        maps = [warp(item, field) for item, field in zip(levels.maps, flow.levels, strict=True)]
        if flow.scale is not None:
            maps = [item * flow.scale for item in maps]
        facts = [warp(item, field) for item, field in zip(levels.facts, flow.levels)]
        if facts and flow.dense is not None:
            told = pair_quality.journey(
                flow.dense, [(item.shape[2], item.shape[3]) for item in facts], self.device)
            facts = [pair_quality.add_journey(item, way)
                     for item, way in zip(facts, told, strict=True)]
        return Levels(tuple(maps), levels.image_size, tuple(facts))

    def class_logits(self, level: Tensor, number: int) -> Tensor:
        """
        Give what a map says of its classes, for the weights of the memory.

        Parameters
        ----------
        level : Tensor
            (B, C, h, w).
        number : int
            Which level it is, 0 the finest.

        Returns
        -------
        Tensor
            (B, classes, h, w), logits relative to an empty cell; here one of zeros, by which the
            weights go by the pictures alone.

        """
        return torch.zeros_like(level[:, :1])

    def mirrored(self, level: Tensor, number: int) -> Tensor | None:
        """
        Bring the map of a mirrored picture back: cells, and left and right in their channels.

        None where nobody has said how; the teacher of `impnet distil` does without the mirror.
        """
        return None

    def box_distance(self, level: Tensor, wanted: Tensor, number: int) -> Tensor:
        """
        Tell how far boxes are from those wanted, (B, h, w), for the loss of `impnet distil`.

        Here it is the distance of all channels; a network that knows which of them are boxes does
        better.
        """
        return functional.smooth_l1_loss(level, wanted, reduction='none').mean(dim=1)

    @on_threads(1)
    def weights(self, f_imp_warped: Levels, f_k: Levels) -> tuple[Tensor, ...]:
        """w_k, (B, 1, h_i, w_i) a level: the share of the new feature in 0..1, eq. (2)."""
        found = []
        for number, (old, new, *facts) in enumerate(zip(
                f_imp_warped.maps, f_k.maps, f_imp_warped.facts, f_k.facts, strict=True)):
            pair = self.class_logits(old, number), self.class_logits(new, number), *facts
            found.append(pair_quality.rule(*pair) if self.quality is None
                         else self.quality(*pair, number))
        return tuple(found)

    @on_threads(1)
    def trust(self, levels: Levels) -> tuple[Tensor, ...]:
        """
        Tell how surely carried levels are in their place, (B, 1, h_i, w_i) a level, 0..1.

        Beside box memory the impression keeps no larger share: boxes carry the rest better.
        """
        if not levels.facts:
            return tuple(torch.ones_like(item[:, :1]) for item in levels.maps)
        return tuple(pair_quality.certainty(facts, stride)
                     for facts, stride in zip(levels.facts, self.strides, strict=True))

    @on_threads(1)
    def mismatch(self, picture: Picture, key_picture: Picture, flow: Flow) -> Tensor:
        """(1, 1, h, w), 0..1: how little a flow explains of a picture."""
        here, there = picture.coarse, key_picture.coarse
        there = compare.grey_along(there, _at(flow.levels[0].cpu(), here.shape[2:]))
        return compare.picture_mismatch(here, there)

    def clarity(self, picture: Picture) -> float:
        """Log of the detail in a picture, noise not counted."""
        return picture.sharpness

    @property
    def spare_thread(self) -> Executor | None:
        """
        Give a thread in which flow and propagation may run while `features` runs.

        None where PyTorch computes on one thread, or on a GPU, which works while the host goes on.
        """
        alone = self.device.type != 'cpu' or torch.get_num_threads() == 1
        return None if alone else spare_thread()

    def run_with(self, precision: torch.dtype, runtime: str) -> None:
        """
        Compute in another precision, or by another program; called once, before any picture.

        Raises
        ------
        ValueError
            If the network cannot.

        """
        if runtime not in ('auto', 'torch'):
            raise ValueError(f"runtime: expected 'auto' or 'torch' for model {self.name!r}, got "
                             f'{runtime!r}')
        if precision != torch.float32:
            raise ValueError(f"precision: expected 'float32' for model {self.name!r}, got "
                             f'{str(precision).removeprefix("torch.")!r}')

    def save_with_quality(self, folder: Path, name: str, quality: pair_quality.PairQuality,
                          provenance: Mapping[str, Any]) -> Path:
        """Write an N_q that `impnet distil` trained; here a file for `load_quality`."""
        path = folder / f'{name}.safetensors'
        save_quality(path, quality, provenance)
        return path

    def parts(self) -> dict[str, nn.Module]:
        """Name the parts that tables list; every parameter belongs to exactly one."""
        return {}

    def static_parts(self) -> dict[str, StaticPart]:
        """Name the parts that `impnet export` can write."""
        return {}


def _cells(picture: Picture, strides: Sequence[int]) -> list[tuple[int, int]]:
    height, width = picture.size
    return [(-(-height // stride), -(-width // stride)) for stride in strides]


def _at(field: Tensor, cells: Sequence[int]) -> Tensor:
    """Bring a flow (1, 2, h, w) in cells to a grid of other cells."""
    rows, columns = field.shape[2:]
    if (rows, columns) == tuple(cells):
        return field
    ratio = field.new_tensor((cells[1] / columns, cells[0] / rows))
    return functional.interpolate(field, tuple(cells), mode='bilinear') * ratio[:, None, None]
