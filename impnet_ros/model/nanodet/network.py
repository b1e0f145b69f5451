# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The compact detector as a network of the stream: NanoDet-g, DIS flow, a small learned N_q."""
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from impnet_ros.config import DetectionConfig
from impnet_ros.labels import COCO_80
from impnet_ros.model.levels import Levels, with_levels
from impnet_ros.model.nanodet.boxes import (best_candidates, candidates, candidates_at, logit,
                                            select)
from impnet_ros.model.nanodet.detector import CHANNELS, CLASSES, INPUT_SIZE, NanoDet, STRIDES
from impnet_ros.model.onnx.runtimes import choose_runtime
from impnet_ros.model.precision import computed_in
from impnet_ros.model.sight import pair_quality as nanodet_quality
from impnet_ros.model.sight import training_free as quality_gate
from impnet_ros.model.sight.dis_flow import FlowLevels
from impnet_ros.model.sight.picture import make_picture, normalised, Picture
from impnet_ros.model.sight.warp import warp, warp_where
from impnet_ros.model.weights import load_into, load_shipped
from impnet_ros.threads import on_threads, thread_beside
import numpy as np
import torch
from torch import nn, Tensor
from torch.nn import functional

BACKGROUND = -7.0
"""Class logit of a cell in which nothing is seen, a score of 0.001."""

Image = np.ndarray[Any, Any] | Tensor | Picture


class NanoDetNetwork(nn.Module):
    """
    NanoDet-g behind the five methods of `impnet_ros.stream.types.Network`.

    A level is (1, CHANNELS + FACTS, h, w): the detector's outputs relative to those of an empty
    cell, then what the weights need to know of the picture (`nanodet_quality`, or `quality_gate`
    without a learned N_q, with fewer FACTS). The warp looks for zeros outside the picture: so they
    mean "nothing there", where outputs of zero would mean a score of one half for every class.
    Levels have strides 8, 16 and 32 on the resized image.

    Parameters
    ----------
    detector : NanoDet
        With its weights.
    device : torch.device
        Where it runs; flow is always computed on the CPU, and detections always come to it.
    detection : DetectionConfig, optional
        Thresholds; may be replaced at any time as `network.detection`.
    runtime : str
        What runs the detector, see `impnet_ros.model.onnx.runtimes`.
    quality : PairQuality, optional
        N_q with its weights; without it the weights are the training-free ones.
    precision : torch.dtype
        Of the detector's convolutions; everything else is float32.

    """

    name = 'nanodet_g'
    class_names = COCO_80
    box_memory = True
    """Features and boxes together find more than features alone (docs/memory.md)."""

    def __init__(self, detector: NanoDet, device: torch.device,
                 detection: DetectionConfig | None = None, runtime: str = 'torch',
                 quality: nanodet_quality.PairQuality | None = None,
                 precision: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.device = device
        self.precision = precision
        self.detection = detection or DetectionConfig()
        empty = torch.tensor([BACKGROUND] * CLASSES + [0.0] * (CHANNELS - CLASSES))
        self.register_buffer('empty', empty[:, None, None].to(device), persistent=False)
        self.quality = None if quality is None else quality.to(device).eval()
        # Channels last is the faster memory layout for these convolutions.
        self.detector = detector.to(device, memory_format=torch.channels_last).eval()
        example = torch.zeros(1, 3, INPUT_SIZE, INPUT_SIZE, device=device)
        self._run_detector = choose_runtime(self.detector, runtime, example, STRIDES[-1])

    @classmethod
    def load(cls, device: torch.device, detection: DetectionConfig | None = None,
             runtime: str = 'torch', learned: bool = True,
             precision: torch.dtype = torch.float32) -> 'NanoDetNetwork':
        """Build the network with the weights that come with the package, N_q's if `learned`."""
        detector = NanoDet()
        load_into(detector, load_shipped('nanodet_g').tensors)
        quality = nanodet_quality.PairQuality() if learned else None
        if quality is not None:
            load_into(quality, load_shipped('nanodet_g_memory').tensors)
        return cls(detector, device, detection, runtime, quality, precision)

    @property
    def beside(self) -> ThreadPoolExecutor | None:
        """
        Give a thread in which flow, propagate and mismatch may run while features runs.

        None where PyTorch computes on one thread, or on a GPU, which works while the host goes on.
        """
        alone = self.device.type != 'cpu' or torch.get_num_threads() == 1
        return None if alone else thread_beside()

    def prepare(self, image: Image) -> Picture:
        """Make a picture of a uint8 (H, W, 3) RGB image; a picture is returned as it is."""
        return image if isinstance(image, Picture) else make_picture(image, INPUT_SIZE)

    def features(self, image: Image) -> Levels:
        """N_feat: (1, CHANNELS + FACTS, h, w) a level."""
        picture = self.prepare(image)
        pixels = normalised(picture, self.device)
        with computed_in(self.precision, self.device):
            outputs = self._run_detector(pixels)
        memory = quality_gate if self.quality is None else nanodet_quality
        facts = memory.picture_facts(picture.grey, _cells(picture), self.device)
        return Levels((torch.cat((output.float() + head.add_bias(-self.empty), fact), dim=1)
                       for head, output, fact
                       in zip(self.detector.heads, outputs, facts, strict=True)),
                      picture.image_size)

    def flow(self, image: Image, key_image: Image) -> tuple[Tensor, ...]:
        """F(I_i, I_key): (1, 2, h, w) a level, (x, y) in cells, from target to key frame."""
        picture = self.prepare(image)
        return FlowLevels.between(picture.grey, self.prepare(key_image).grey, _cells(picture))

    @on_threads(1)
    def propagate(self, levels: tuple[Tensor, ...],
                  flow: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """W a level; the scale map S is 1, as nothing here was trained to scale."""
        carried = [warp(level, field) for level, field in zip(levels, flow, strict=True)]
        if self.quality is not None and isinstance(flow, FlowLevels):
            told = nanodet_quality.journey(
                flow.grey, flow.key_grey, flow.field,
                [(level.shape[2], level.shape[3]) for level in carried], self.device)
            for level, item in zip(carried, told, strict=True):
                level[:, CHANNELS + nanodet_quality.AGE:] += item  # fresh from the warp
        return with_levels(levels, carried)

    @on_threads(1)
    def mismatch(self, image: Image, key_image: Image, flow: tuple[Tensor, ...]) -> Tensor:
        """(1, 1, h, w) at stride 8, 0..1: how little the flow explains of the picture."""
        cells = tuple(flow[0].shape[2:])
        here, there = (quality_gate.grey_levels(self.prepare(item).grey, [cells],
                                                flow[0].device)[0] for item in (image, key_image))
        return quality_gate.picture_mismatch(here, warp(there, flow[0]))

    def clarity(self, image: Image) -> float:
        """Log of the detail in the picture, noise not counted."""
        return quality_gate.sharpness(self.prepare(image).grey)

    @on_threads(1)
    def weights(self, f_imp_warped: tuple[Tensor, ...],
                f_k: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """w_k, (1, 1, h, w) a level, the share of the new feature in 0..1."""
        weights = []
        for number, (old, new) in enumerate(zip(f_imp_warped, f_k, strict=True)):
            pair = old[:, :CLASSES], new[:, :CLASSES], old[:, CHANNELS:], new[:, CHANNELS:]
            weights.append(quality_gate.gate_weights(*pair) if self.quality is None
                           else self.quality(*pair, number))
        return tuple(weights)

    @on_threads(1)
    def trust(self, levels: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """(1, 1, h, w) a level, 0..1: how surely a carried feature is in its place."""
        if self.quality is None:
            return tuple(torch.ones_like(level[:, :1]) for level in levels)
        return tuple(nanodet_quality.certainty(level[:, CHANNELS:], stride)
                     for level, stride in zip(levels, STRIDES, strict=True))

    def task(self, levels: tuple[Tensor, ...]) -> tuple[Tensor, Tensor, Tensor]:
        """N_task: boxes (N, 4) in pixels of the original image, scores (N,), labels (N,)."""
        return self.task_at(levels, None, self.detection.score_threshold)

    def task_along(self, levels: tuple[Tensor, ...],
                   flow: tuple[Tensor, ...]) -> tuple[Tensor, Tensor, Tensor]:
        """Give what `task(propagate(levels, flow))` gives, at a third of the cost."""
        return self.task_at(levels, flow, self.detection.score_threshold)

    @on_threads(1)
    def task_at(self, levels: tuple[Tensor, ...], flow: tuple[Tensor, ...] | None,
                score_threshold: float) -> tuple[Tensor, Tensor, Tensor]:
        """Give what `task`, or `task_along` with a flow, would give at another threshold."""
        if self.device.type != 'cpu':
            carried = levels if flow is None else with_levels(levels, (
                warp(level[:, :CHANNELS], field)
                for level, field in zip(levels, flow, strict=True)))
            return self._found_unwatched(carried, score_threshold)
        if flow is not None:
            return self._found_along(levels, flow, score_threshold)
        return self._select(levels, *_joined(
            candidates(level[0, :CHANNELS] + self.empty, stride, score_threshold)
            for level, stride in zip(levels, STRIDES, strict=True)))

    def _found_along(self, levels: tuple[Tensor, ...], flow: tuple[Tensor, ...],
                     score_threshold: float) -> tuple[Tensor, Tensor, Tensor]:
        """
        Look only where something can be found.

        A warped class output is a mean of four cells' outputs: where all of them are below the
        threshold it is too, and need not be computed.
        """
        lowest = logit(score_threshold) - BACKGROUND - 1e-3  # rounding must not lose a cell
        found = []
        for level, field, stride in zip(levels, flow, STRIDES, strict=True):
            wanted = functional.pad(level[0, :CLASSES].amax(dim=0), (1, 1, 1, 1)) >= lowest
            values, cells = warp_where(level[:, :CHANNELS], field, wanted)
            found.append(candidates_at(values + self.empty[..., 0], cells, level.shape[3], stride,
                                       score_threshold))
        return self._select(levels, *_joined(found))

    def _found_unwatched(self, levels: tuple[Tensor, ...],
                         score_threshold: float) -> tuple[Tensor, Tensor, Tensor]:
        """Look with the host waiting once, for the candidates to arrive in its memory."""
        boxes, scores, labels = _joined(
            best_candidates(level[0, :CHANNELS] + self.empty, stride)
            for level, stride in zip(levels, STRIDES, strict=True))
        found = torch.cat((boxes, scores[:, None], labels[:, None].to(boxes)), dim=1).cpu()
        found = found[found[:, 4] >= score_threshold]
        return self._select(levels, found[:, :4], found[:, 4], found[:, 5].long())

    def _select(self, levels: tuple[Tensor, ...], boxes: Tensor, scores: Tensor,
                labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        if not isinstance(levels, Levels):
            raise ValueError('levels: expected Levels of `features`, which know the image size, '
                             f'got {type(levels).__name__}')
        height, width = levels.image_size
        rows, columns = levels[0].shape[2:]
        scale = (width / (columns * STRIDES[0]), height / (rows * STRIDES[0]))
        return select(boxes, scores, labels, self.detection, scale, levels.image_size)


def _joined(found: Iterable[tuple[Tensor, Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
    """Join boxes, scores and labels of all levels."""
    boxes, scores, labels = (torch.cat(parts) for parts in zip(*found, strict=True))
    return boxes, scores, labels


def _cells(picture: Picture) -> list[tuple[int, int]]:
    """Rows and columns of each level."""
    height, width = picture.pixels.shape[:2]
    return [(height // stride, width // stride) for stride in STRIDES]
