# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The compact detector as a network of the stream: NanoDet-g and what it learned to remember."""
from collections.abc import Callable, Iterable, Sequence
import logging

from impnet_ros.config import DetectionConfig
from impnet_ros.labels import COCO_80
from impnet_ros.model.contract import Boxes, Network
from impnet_ros.model.levels import Flow, Levels
from impnet_ros.model.nanodet.boxes import (best_candidates, candidates, candidates_at, logit,
                                            select)
from impnet_ros.model.nanodet.detector import BINS, CHANNELS, CLASSES, INPUT_SIZE, NanoDet, STRIDES
from impnet_ros.model.nanodet.graph import nanodet_onnx
from impnet_ros.model.nanodet.ncnn_graph import nanodet_ncnn
from impnet_ros.model.nanodet.shape import input_shape
from impnet_ros.model.onnx.runtimes import choose
from impnet_ros.model.precision import computed_in
from impnet_ros.model.sight.dis_flow import flow_of_boxes
from impnet_ros.model.sight.pair_quality import PairQuality
from impnet_ros.model.sight.picture import normalised, Picture
from impnet_ros.model.sight.warp import warp, warp_where
from impnet_ros.model.static_part import StaticPart
from impnet_ros.model.weights import load_into, load_shipped
from impnet_ros.threads import on_threads
import torch
from torch import nn, Tensor
from torch.nn import functional

BACKGROUND = -7.0
"""Class logit of a cell in which nothing is seen, a score of 0.001."""

# Of blue, green and red, as the detector was trained.
_MEAN = (103.53, 116.28, 123.675)
_DEVIATION = (57.375, 57.12, 58.395)


_log = logging.getLogger(__name__)


class NanoDetNetwork(Network):
    """
    NanoDet-g.

    A map is (1, CHANNELS, h, w), the detector's outputs relative to those of an empty cell: the
    zeros that the warp finds outside the picture mean "nothing there", where outputs of zero
    would mean a score of one half for every class.

    Parameters
    ----------
    detector : NanoDet
        With its weights.
    device : torch.device
        Where it runs; flow is always computed on the CPU, and detections always come to it.
    quality : PairQuality, optional
        N_q with its weights.

    """

    name = 'nanodet_g'
    class_names = COCO_80
    strides = STRIDES
    empty_logit = BACKGROUND
    fixed_size = False
    features_pay = False

    def __init__(self, detector: NanoDet, device: torch.device,
                 quality: PairQuality | None = None) -> None:
        self.device = device
        self.quality = None if quality is None else quality.to(device).eval()
        # Channels last is the faster memory layout for these convolutions.
        self.detector = detector.to(device).to(memory_format=torch.channels_last).eval()
        empty = torch.tensor([BACKGROUND] * CLASSES + [0.0] * (CHANNELS - CLASSES))
        self.empty = empty[:, None, None].to(device)
        self.precision = torch.float32
        self._run_detector: Callable[[Tensor], Sequence[Tensor]] = self.detector

    @classmethod
    def load(cls, device: torch.device, learned: bool = True) -> 'NanoDetNetwork':
        """Build the network with the weights that come with the package, N_q's if `learned`."""
        detector = NanoDet()
        load_into(detector, load_shipped('nanodet_g').tensors)
        quality = PairQuality() if learned else None
        if quality is not None:
            load_into(quality, load_shipped('nanodet_g_memory').tensors)
        return cls(detector, device, quality)

    def run_with(self, precision: torch.dtype, runtime: str) -> None:
        """Choose the precision of the detector's convolutions, and what runs them."""
        plain = precision == torch.float32
        self.precision = precision
        self._run_detector = self.detector
        self.runtime = 'torch'
        if runtime == 'torch' or (runtime == 'auto' and (self.device.type != 'cpu' or not plain)):
            return
        if not plain:
            raise ValueError(f"precision: expected 'float32' with runtime {runtime!r}, got "
                             f'{str(precision).removeprefix("torch.")!r}')
        example = torch.randn(1, 3, INPUT_SIZE, INPUT_SIZE,
                              generator=torch.Generator().manual_seed(0)).to(self.device)
        with torch.inference_mode():
            run, self.runtime, told = (
                (nanodet_ncnn(self.detector), runtime, runtime) if runtime == 'ncnn' else
                choose(nanodet_onnx(self.detector), runtime, [example], self.device,
                       rival=lambda pixels: list(self.detector(pixels[0]))))
        if self.runtime != 'torch':
            self._run_detector = lambda pixels: run([pixels])
        _log.info('nanodet_g: runtime %s', told)

    def input_size(self, image_size: tuple[int, int], side: int | None = None) -> tuple[int, int]:
        """Give about the image's own shape, of about a square's area; see `input_shape`."""
        return input_shape(image_size, INPUT_SIZE if side is None else side)

    def motion(self, picture: Picture, later: Picture) -> Flow:
        """Boxes need no more than a coarse flow."""
        return flow_of_boxes(picture, later)

    def features(self, picture: Picture) -> Levels:
        """N_feat: (1, CHANNELS, h, w) a level."""
        pixels = normalised(picture, _MEAN, _DEVIATION, self.device, bgr=True)
        with computed_in(self.precision, self.device):
            outputs = self._run_detector(pixels)
        above_empty = self.detector.add_biases([-self.empty] * len(STRIDES))
        return self.levels_of(picture, [
            (output.to(self.device).float() + other).contiguous()
            for output, other in zip(outputs, above_empty, strict=True)])

    def class_logits(self, level: Tensor, number: int) -> Tensor:
        """(1, CLASSES, h, w)."""
        return level[:, :CLASSES]

    def mirrored(self, level: Tensor, number: int) -> Tensor:
        """Mirror the cells; bins of the left and the right side change places."""
        order = torch.arange(CHANNELS)
        left, right = (slice(CLASSES + side * BINS, CLASSES + (side + 1) * BINS)
                       for side in (0, 2))
        order[left], order[right] = order[right].clone(), order[left].clone()
        return level[:, order].flip(3)

    def box_distance(self, level: Tensor, wanted: Tensor, number: int) -> Tensor:
        """Divergence of the sides' distributions, all four together."""
        sides, wanted_sides = (functional.log_softmax(
            item[:, CLASSES:].unflatten(1, (4, BINS)), dim=2) for item in (level, wanted))
        return (wanted_sides.exp() * (wanted_sides - sides)).sum(dim=(1, 2))

    @on_threads(1)
    def task(self, levels: Levels, flow: Flow | None, detection: DetectionConfig) -> Boxes:
        """N_task; along a flow it looks only where something can be found."""
        if self.device.type != 'cpu':
            found = self._unwatched(levels, flow, detection.score_threshold)
        elif flow is not None:
            found = _joined(self._along(levels, flow, detection.score_threshold))
        else:
            found = _joined(candidates(item[0] + self.empty, stride, detection.score_threshold)
                            for item, stride in zip(levels.maps, STRIDES, strict=True))
        height, width = levels.image_size
        rows, columns = levels.maps[0].shape[2:]
        scale = (width / (columns * STRIDES[0]), height / (rows * STRIDES[0]))
        return select(*found, detection, scale, levels.image_size)

    def _along(self, levels: Levels, flow: Flow, score_threshold: float) -> Iterable[Boxes]:
        """
        Give a level's candidates at a third of the cost of warping all of it.

        A warped class output is a mean of four cells' outputs: where all of them are below the
        threshold it is too, and need not be computed.
        """
        lowest = logit(score_threshold) - BACKGROUND - 1e-3  # rounding must not lose a cell
        for item, field, stride in zip(levels.maps, flow.levels, STRIDES, strict=True):
            wanted = functional.pad(item[0, :CLASSES].amax(dim=0), (1, 1, 1, 1)) >= lowest
            values, cells = warp_where(item, field, wanted)
            yield candidates_at(values + self.empty[..., 0], cells, item.shape[3], stride,
                                score_threshold)

    def _unwatched(self, levels: Levels, flow: Flow | None, score_threshold: float) -> Boxes:
        """Look with the host waiting once, for the candidates to arrive in its memory."""
        maps = levels.maps if flow is None else [
            warp(item, field) for item, field in zip(levels.maps, flow.levels, strict=True)]
        boxes, scores, labels = _joined(best_candidates(item[0] + self.empty, stride)
                                        for item, stride in zip(maps, STRIDES, strict=True))
        found = torch.cat((boxes, scores[:, None], labels[:, None].to(boxes)), dim=1).cpu()
        found = found[found[:, 4] >= score_threshold]
        return found[:, :4], found[:, 4], found[:, 5].long()

    def parts(self) -> dict[str, nn.Module]:
        """Name the detector's branches, and N_q."""
        parts = dict(self.detector.named_children())
        return parts if self.quality is None else {**parts, 'quality': self.quality}

    def static_parts(self) -> dict[str, StaticPart]:
        """All convolutions belong to the features, see `NanoDet`."""
        names = tuple(f'level_{stride}' for stride in STRIDES)
        return {'features': StaticPart(self.detector, torch.zeros(1, 3, 320, 416), STRIDES[-1],
                                       names)}


def _joined(found: Iterable[Boxes]) -> Boxes:
    """Join boxes, scores and labels of all levels."""
    boxes, scores, labels = (torch.cat(parts) for parts in zip(*found, strict=True))
    return boxes, scores, labels
