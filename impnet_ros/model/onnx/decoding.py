# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From a detector's outputs to boxes, scores and labels."""
from collections.abc import Mapping

from impnet_ros.model.onnx.layout import cell_table, Layout
import torch
from torch import Tensor
from torchvision.ops import batched_nms, box_convert, clip_boxes_to_image

Found = tuple[Tensor, Tensor, Tensor]
"""Boxes float32 (n, 4), x1 y1 x2 y2 in pixels of the input; scores (n,); labels int64 (n,)."""

BEFORE_NMS = 3000
"""Most candidates that reach NMS; matters at tiny thresholds."""

_COVERAGE_SCALE, _COVERAGE_CENTRE = 35.0, 0.5
# What DetectNet_v2 divides its boxes by, and adds to a cell's place, in pixels.


def decode(layout: Layout, outputs: Mapping[str, Tensor], size: tuple[int, int],
           score_threshold: float) -> Found:
    """
    Read boxes from outputs, before NMS.

    Parameters
    ----------
    layout : Layout
        What the outputs mean.
    outputs : mapping of Tensor
        By name, of one picture.
    size : tuple of int
        (height, width) of the input in pixels.
    score_threshold : float
        Smallest score, 0..1.

    """
    if layout.kind == 'list':
        boxes, scores, labels = _listed(layout, outputs, score_threshold)
    else:
        boxes, scores, labels = _dense(layout, outputs, size, score_threshold)
    if layout.normalised:
        boxes = boxes * boxes.new_tensor((size[1], size[0], size[1], size[0]))
    return boxes, scores, labels


def suppressed(found: Found, nms_threshold: float) -> Found:
    """Drop the weaker of two boxes of one class that overlap by more, best first."""
    boxes, scores, labels = found
    # It moves classes apart by the largest coordinate, so none may be negative.
    moved = boxes.double() - boxes.double().amin() if len(boxes) else boxes
    kept = batched_nms(moved, scores.to(moved), labels, nms_threshold)
    return boxes[kept], scores[kept], labels[kept]


def class_peaks(layout: Layout, outputs: Mapping[str, Tensor]) -> Tensor:
    """Give the largest score of each class, wherever it is, (classes,)."""
    if layout.kind != 'list':
        return _scores(layout, outputs)[1].amax(dim=0)
    _, scores, labels = _listed(layout, outputs, 0.0)
    return torch.zeros(layout.classes).scatter_reduce(0, labels, scores, 'amax')


def _dense(layout: Layout, outputs: Mapping[str, Tensor], size: tuple[int, int],
           score_threshold: float) -> Found:
    values, scores = _scores(layout, outputs)
    place, label, score = _above(scores, score_threshold, layout.single_label)
    return _boxes(layout, values, place, label, size), score, label


def _scores(layout: Layout, outputs: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Values of all places that boxes are made of, (N, ...), and their scores, (N, classes)."""
    boxes = _joined(outputs, layout.boxes, layout.transposed[0], layout.kind)
    scores = _joined(outputs, layout.scores, layout.transposed[1], layout.kind)
    objectness = scores[:, 4:5] if layout.objectness else None
    if layout.kind == 'rows':
        scores = scores[:, 5 if layout.objectness else 4:]
    elif layout.kind == 'bins' and layout.boxes == layout.scores:
        boxes = boxes[:, layout.classes:]
    if layout.softmax:
        scores = scores.softmax(dim=1)
    elif layout.logits:
        scores = scores.sigmoid()
        objectness = None if objectness is None else objectness.sigmoid()
    scores = scores[:, layout.first_class:layout.first_class + layout.classes]
    return boxes, scores if objectness is None else scores * objectness


def _joined(outputs: Mapping[str, Tensor], names: tuple[str, ...], transposed: bool,
            kind: str) -> Tensor:
    """All places of the levels as rows, (N, values)."""
    if kind == 'coverage':
        return outputs[names[0]][0].flatten(1).T.float()
    parts = [outputs[name].reshape(outputs[name].shape[-2:]).float() for name in names]
    return torch.cat([part.T if transposed else part for part in parts])


def _above(scores: Tensor, score_threshold: float, single: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Places, labels and scores of what reaches a threshold, the best if there are too many."""
    if single:
        best, label = scores.max(dim=1)
        place = (best >= score_threshold).nonzero()[:, 0]
        label, score = label[place], best[place]
    else:
        place, label = (scores >= score_threshold).nonzero(as_tuple=True)
        score = scores[place, label]
    if len(score) > BEFORE_NMS:
        score, kept = score.topk(BEFORE_NMS)
        place, label = place[kept], label[kept]
    return place, label, score


def _boxes(layout: Layout, values: Tensor, place: Tensor, label: Tensor,
           size: tuple[int, int]) -> Tensor:
    """Boxes (n, 4) of some places."""
    if layout.kind == 'coverage':
        sides = values[place].view(len(place), -1, 4)[torch.arange(len(place)), label]
        cells = cell_table(size, layout.strides)[place]
        centre = cells[:, :2] * cells[:, 2:] + _COVERAGE_CENTRE
        return torch.cat((centre - sides[:, :2] * _COVERAGE_SCALE,
                          centre + sides[:, 2:] * _COVERAGE_SCALE), dim=1)
    if layout.kind == 'bins':
        cells = cell_table(size, layout.strides)[place]
        bins = values[place].view(len(place), 4, layout.bins).softmax(dim=2)
        sides = (bins * torch.arange(layout.bins)).sum(dim=2)
        centre = cells[:, :2] + layout.centre
        boxes = torch.cat((centre - sides[:, :2], centre + sides[:, 2:]), dim=1) * cells[:, 2:]
        return clip_boxes_to_image(boxes, size) if layout.clipped else boxes
    boxes = values[place, :4]
    if layout.grid:
        cells = cell_table(size, layout.strides)[place]
        boxes = torch.cat((boxes[:, :2] + cells[:, :2], boxes[:, 2:].exp()), dim=1) * cells[:, 2:]
    return _corners(boxes, layout.box_format)


def _corners(boxes: Tensor, box_format: str) -> Tensor:
    """Give x1 y1 x2 y2."""
    if box_format == 'yxyx':
        return boxes[:, (1, 0, 3, 2)]
    converted: Tensor = box_convert(boxes, box_format, 'xyxy')
    return converted


def largest_label(layout: Layout, outputs: Mapping[str, Tensor], score_threshold: float) -> int:
    """Give the largest label of a list's detections, named or not; -1 where there is none."""
    _, scores, labels = _columns(layout, outputs)
    return max(labels[scores >= score_threshold].tolist(), default=-1)


def _listed(layout: Layout, outputs: Mapping[str, Tensor], score_threshold: float) -> Found:
    boxes, scores, labels = _columns(layout, outputs)
    kept = (scores >= score_threshold) & (labels >= 0) & (labels < layout.classes)
    boxes, scores, labels = boxes[kept], scores[kept], labels[kept]
    best = scores.argsort(descending=True, stable=True)
    return _corners(boxes[best], layout.box_format), scores[best], labels[best]


def _columns(layout: Layout, outputs: Mapping[str, Tensor]) -> Found:
    """Give boxes, scores and labels of a list as they are."""
    rows = outputs[layout.boxes[0]]
    rows = rows.reshape(-1, rows.shape[-1]).float()
    first, score_column, label_column = layout.columns
    boxes = rows[:, first:first + 4]
    scores = (rows[:, score_column] if score_column >= 0
              else outputs[layout.scores[0]].reshape(-1).float())
    if label_column < 0 and not layout.labels:
        labels = torch.zeros(len(rows), dtype=torch.long)
    else:
        labels = (rows[:, label_column] if label_column >= 0
                  else outputs[layout.labels].reshape(-1)).long() - layout.first_label
    count = int(outputs[layout.count]) if layout.count else len(rows)
    return boxes[:count], scores[:count], labels[:count]
