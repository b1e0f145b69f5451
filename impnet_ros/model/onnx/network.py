# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Anybody's detector, imported, as a network of the stream."""
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import logging
from pathlib import Path
from typing import Any

from impnet_ros.config import DetectionConfig
from impnet_ros.model.contract import Boxes, Network
from impnet_ros.model.levels import Flow, Levels
from impnet_ros.model.onnx import counting
from impnet_ros.model.onnx.cutting import halves
from impnet_ros.model.onnx.declaration import Declaration, declared
from impnet_ros.model.onnx.decoding import decode, largest_label, suppressed
from impnet_ros.model.onnx.errors import ERRORS, first_line
from impnet_ros.model.onnx.evidence import class_logits
from impnet_ros.model.onnx.fitting import input_of, laid_out, Placement, placement
from impnet_ros.model.onnx.importing import Asked, import_detector, made_up
from impnet_ros.model.onnx.moving import brought_along
from impnet_ros.model.onnx.own_quality import quality_of, with_quality
from impnet_ros.model.onnx.reading import read_onnx
from impnet_ros.model.onnx.runtimes import choose, open_runtime, Run
from impnet_ros.model.onnx.windows import flow_in_windows, Window, window
from impnet_ros.model.sight import pair_quality
from impnet_ros.model.sight.dis_flow import dis_flow, flow_of_boxes
from impnet_ros.model.sight.picture import Picture
from impnet_ros.model.sight.warp import warp
from impnet_ros.model.weights import load_into, load_shipped
from impnet_ros.outputs import write_whole
import onnx
import torch
from torch import Tensor
from torch.nn import functional
from torchvision.ops import clip_boxes_to_image

_CARRIED_AT = 8
# Pixels a cell of the flow along which boxes are carried, where no features are.

_log = logging.getLogger(__name__)

_MISFITS: tuple[type[Exception], ...] = (
    *ERRORS, KeyError, IndexError, TypeError, AssertionError, ArithmeticError)


@dataclass(frozen=True)
class _SeenLevels(Levels):
    """Levels of a key frame, with the borders as the detector saw them, which nothing carries."""

    seen: tuple[Tensor, ...] = ()


class ImportedNetwork(Network):
    """
    A detector from an ONNX file, in two halves (tier A) or whole (tier B).

    A picture of it is the image at the size that it has in the input; borders are added by
    `features`, and cells of borders are no part of the levels. Maps are relative to an empty
    cell. The levels of a whole detector are its outputs, which nothing carries.

    Parameters
    ----------
    model : ModelProto
        In the form that an import gives.
    declaration : Declaration
        What it says of itself.
    name : str
        For people.
    device : torch.device
        Where the graph runs; maps and boxes are in the host's memory.

    Attributes
    ----------
    runtime : str
        What runs it, see `run_with`.

    """

    def __init__(self, model: onnx.ModelProto, declaration: Declaration, name: str,
                 device: torch.device) -> None:
        self.name = name
        self._where = device
        self.declaration = declaration
        self.class_names = declaration.class_names
        self.boxes_only = declaration.tier == 'B'
        self.features_pay = declaration.features_pay
        self.strides = tuple(level.stride for level in declaration.levels) or (_CARRIED_AT,)
        self._outputs = [item.name for item in model.graph.output]
        self._model = model
        self._cut = [name for level in declaration.levels for name in level.tensors]
        if not self.boxes_only:
            self.quality = quality_of(model) or _shipped_quality()
            self._empty = [torch.tensor(level.empty)[:, None, None]
                           for level in declaration.levels]
        self.runtime = ''
        self._told_unnamed = False

    @classmethod
    def load(cls, path: Path, device: torch.device) -> 'ImportedNetwork':
        """
        Load a file: an imported one, or one whose metadata tells all.

        Raises
        ------
        ValueError
            If the file cannot be used; the message says why, and what to type.

        """
        model = read_onnx(path)
        try:
            declaration = declared(model)
            if declaration is None:
                imported = import_detector(model, Asked(), ())
                model, declaration = imported.model, imported.declaration
                _log.info('%s was not imported: done now, tier %s; impnet import-detector keeps '
                          'that', path, declaration.tier)
                for note in imported.notes:
                    _log.warning('%s: %s', path, note)
            return cls(model, declaration, path.stem, device)
        except ValueError as error:
            raise ValueError(f'{path}: {error}') from error

    def run_with(self, precision: torch.dtype, runtime: str) -> None:
        """Choose what runs the graph; its precision is the file's own."""
        if precision != torch.float32:
            raise ValueError("precision: expected 'float32' for an ONNX file, which has its own, "
                             f'got {str(precision).removeprefix("torch.")!r}')
        if runtime in ('torch', 'ncnn'):
            raise ValueError("runtime: expected 'auto', 'cpu', 'openvino', 'cuda' or 'tensorrt' "
                             f'for an ONNX file, got {runtime!r}')
        example = input_of(made_up(self.declaration.picture.size), self.declaration.picture)
        graph = self._model.SerializeToString()
        self._task: Run | None = None
        try:
            if not self.boxes_only:
                graph, task = halves(self._model, self._cut)
                self._task = open_runtime(task, 'cpu', trusted=False)
        except ValueError as error:
            raise self._misfit(error) from error
        self._run, self.runtime, told = choose(graph, runtime, [example], self._where,
                                               trusted=False)
        self._try()
        _log.info('%s: runtime %s', self.name, told)

    @torch.inference_mode()
    def _try(self) -> None:
        """Look once, so that a declaration that does not fit its graph is told at once."""
        try:
            picture = self.prepare(made_up(self.declaration.picture.size))
            levels = self.features(picture)
            self.task(levels, None, DetectionConfig(score_threshold=0.01))
            if not self.boxes_only:
                for number, level in enumerate(levels.maps):
                    self.class_logits(level, number)
        except _MISFITS as error:
            raise self._misfit(error) from error

    def _misfit(self, error: Exception) -> ValueError:
        return ValueError(f'{self.name}: the declaration does not fit the graph, import the '
                          f'original again (impnet import-detector): {first_line(error)}')

    def input_size(self, image_size: tuple[int, int], side: int | None = None) -> tuple[int, int]:
        """Give the size that an image has in the input, without borders."""
        super().input_size(image_size, side)
        place = self._place(image_size)
        return place.height, place.width

    def cells(self, picture: Picture) -> list[tuple[int, int]]:
        """Rows and columns of each level, cells of borders left out."""
        if self.boxes_only:
            return super().cells(picture)
        return [item.size for item in self._windows(picture.image_size)]

    def motion(self, picture: Picture, later: Picture) -> Flow:
        """Boxes need no more than a coarse flow."""
        return flow_of_boxes(picture, later)

    def features(self, picture: Picture) -> Levels:
        """N_feat: joined maps of each level; for a whole detector its outputs."""
        outputs = self._run([laid_out(picture.pixels.cpu(), picture.image_size,
                                      self.declaration.picture)])
        if self.boxes_only:
            return Levels(tuple(item.float() for item in outputs), picture.image_size)
        maps, seen, first = [], [], 0
        for level, empty, item in zip(self.declaration.levels, self._empty,
                                      self._windows(picture.image_size), strict=True):
            seen.append(torch.cat(outputs[first:first + len(level.tensors)], dim=1).float())
            maps.append(seen[-1][:, :, item.top:item.bottom, item.left:item.right] - empty)
            first += len(level.tensors)
        levels = self.levels_of(picture, maps)
        return _SeenLevels(levels.maps, levels.image_size, levels.facts, tuple(seen))

    def flow(self, picture: Picture, key_picture: Picture) -> Flow:
        """F(I_i, I_key), from target to key frame."""
        if self.boxes_only:
            return super().flow(picture, key_picture)
        field = dis_flow(picture.grey, key_picture.grey)
        return flow_in_windows(picture.grey, key_picture.grey, field,
                               self._windows(picture.image_size))

    def class_logits(self, level: Tensor, number: int) -> Tensor:
        """(B, classes, h, w), in the terms of the shipped N_q, which so serves other detectors."""
        return class_logits(level + self._empty[number], self.declaration.levels[number])

    def box_distance(self, level: Tensor, wanted: Tensor, number: int) -> Tensor:
        """Distance of the channels that are no scores."""
        which = self.declaration.levels[number]
        scores = {*which.objectness, *(channel for found in which.classes for channel in found)}
        others = [channel for channel in range(level.shape[1]) if channel not in scores]
        return functional.smooth_l1_loss(level[:, others], wanted[:, others],
                                         reduction='none').mean(dim=1)

    def save_with_quality(self, folder: Path, name: str, quality: pair_quality.PairQuality,
                          provenance: Mapping[str, Any]) -> Path:
        """Write the whole detector once more, with N_q in it."""
        path = folder / f'{name}.onnx'
        made = with_quality(self._model, self.declaration, quality, provenance)
        write_whole(path, made.SerializeToString())
        return path

    def task(self, levels: Levels, flow: Flow | None, detection: DetectionConfig) -> Boxes:
        """N_task: boxes of a frame, best first."""
        layout, size = self.declaration.layout, self.declaration.picture.size
        outputs = dict(zip(self._outputs, self._read(levels, flow), strict=True))
        boxes, scores, labels = decode(layout, outputs, size, detection.score_threshold)
        if layout.kind == 'list' and not self._told_unnamed:
            self._tell_unnamed(largest_label(layout, outputs, detection.score_threshold))
        boxes = self._place(levels.image_size).to_image(boxes)
        if flow is not None and self.boxes_only:
            boxes = brought_along(boxes, flow.levels[0], levels.image_size)
        if layout.suppress:
            boxes, scores, labels = suppressed((boxes, scores, labels), detection.nms_threshold)
        boxes = clip_boxes_to_image(boxes, levels.image_size)
        best = scores.argsort(descending=True, stable=True)[:detection.max_detections]
        return boxes[best], scores[best], labels[best]

    def _tell_unnamed(self, label: int) -> None:
        """Say, once, that what nothing names is left out."""
        if label >= len(self.class_names):
            self._told_unnamed = True
            _log.warning(
                '%s: detections of class %d are left out, as it has %d names: import the original '
                'again with all of them (impnet import-detector --labels FILE)', self.name,
                label, len(self.class_names))

    def parameters(self) -> int:
        """Count its weights."""
        return counting.parameters(self._model)

    def multiply_adds(self) -> tuple[int, int]:
        """Count multiply-adds, of the whole and of the task half."""
        if self.boxes_only:
            return counting.multiply_adds(self._model), 0
        _, task = halves(self._model, self._cut)
        return (counting.multiply_adds(self._model),
                counting.multiply_adds(onnx.ModelProto.FromString(task)))

    def _read(self, levels: Levels, flow: Flow | None) -> Sequence[Tensor]:
        """Give the graph's outputs for a key frame's levels, carried along a flow."""
        if self._task is None:
            return levels.maps
        if flow is None:
            return self._task(self._whole_maps(levels.maps, levels.image_size,
                                               getattr(levels, 'seen', None)))
        maps = [warp(item, field) for item, field in zip(levels.maps, flow.levels, strict=True)]
        return self._task(self._whole_maps(maps, levels.image_size, None))

    def _whole_maps(self, maps: Sequence[Tensor], image_size: tuple[int, int],
                    seen: Sequence[Tensor] | None) -> list[Tensor]:
        """Give the tensors of the cut: borders as they were seen, or empty."""
        tensors: list[Tensor] = []
        around = seen or [empty.expand(len(empty), *level.cells)[None] for level, empty in zip(
            self.declaration.levels, self._empty, strict=True)]
        for level, empty, part, item, whole in zip(
                self.declaration.levels, self._empty, maps, self._windows(image_size), around,
                strict=True):
            whole = whole.clone()
            whole[:, :, item.top:item.bottom, item.left:item.right] = part + empty
            tensors += whole.split(list(level.channels), dim=1)
        return tensors

    def _place(self, image_size: tuple[int, int]) -> Placement:
        return placement(image_size, self.declaration.picture.size, self.declaration.picture.fit)

    def _windows(self, image_size: tuple[int, int]) -> list[Window]:
        place = self._place(image_size)
        return [window(place, level.stride, level.cells) for level in self.declaration.levels]


def _shipped_quality() -> pair_quality.PairQuality:
    """Give the N_q of nanodet_g, which serves other dense heads untrained."""
    quality = pair_quality.PairQuality().eval()
    load_into(quality, load_shipped('nanodet_g_memory').tensors)
    return quality
