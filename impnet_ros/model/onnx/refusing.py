# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Say of outputs why they are of no use, and what is."""
from collections.abc import Mapping

from impnet_ros.model.onnx.layout import Layout, pyramids_of
from impnet_ros.model.onnx.values import (
    are_corners, are_logits, are_whole, have_extents)
from torch import Tensor

Outputs = Mapping[str, Tensor]

MOST_QUERIES = 1000
"""Of a transformer: RT-DETR and D-FINE have 300, DINO 900."""


def require_boxes(name: str, boxes: Tensor) -> None:
    """Refuse boxes that are not decoded."""
    if not are_corners(boxes) and not have_extents(boxes):
        raise ValueError(f'{name}: expected boxes, got {tuple(boxes.shape)} with negative widths: '
                         'they seem to be relative to anchors that are not in the file; export '
                         'with the decoding')


def require_scores(name: str, scores: Tensor) -> None:
    """Refuse labels, angles and key points in the place of scores."""
    labels = [number for number, column in enumerate(scores.T)
              if float(column.max()) > 1 and are_whole(column)]
    if labels or (are_logits(scores) and float(scores.min()) >= 0):
        raise ValueError(f'{name}: expected {scores.shape[1]} scores behind each box, got numbers '
                         'that are none: a model of rotated boxes, poses or masks seems to be '
                         'meant, export a detection model; or an int8 file has boxes and scores '
                         'as one tensor, quantise again without its last nodes')


def require_queries(flat: Outputs, layout: Layout, size: tuple[int, int]) -> None:
    """Refuse a dense head in a transformer's place: nobody would suppress its boxes."""
    count = flat[layout.boxes[0]].shape[1 if layout.transposed[0] else 0]
    if count > MOST_QUERIES and any(pyramids_of(count, size)):
        raise ValueError(f'expected at most {MOST_QUERIES} queries of a transformer, got {count} '
                         f'rows in {told(flat)}, one for each cell of a dense head: it is of '
                         'another family, say which (--like)')


def told(outputs: Outputs) -> str:
    """Name outputs with their shapes."""
    return ', '.join(f'{name} {tuple(value.shape)}' for name, value in outputs.items())


def unknown(outputs: Outputs) -> str:
    """Say why outputs are of no use."""
    shapes = [tuple(value.shape) for value in outputs.values()]
    if all(len(shape) <= 2 for shape in shapes) and len(shapes) == 1:
        reason = 'a classifier seems to be meant: export a detector'
    elif len({4, *map(len, shapes)}) > 1 and any(len(shape) == 4 for shape in shapes):
        reason = 'a segmentation model seems to be meant: export a detection model'
    elif len(shapes) == 1 and len(shapes[0]) == 4:
        reason = ('a map of the picture: a segmentation or keypoint model seems to be meant, or '
                  'the head is not decoded; export a detection model with its decoding')
    elif len(shapes) == 2 and all(len(shape) == 4 for shape in shapes):
        reason = ('for DetectNet say --like detectnet; else the head is not decoded: export with '
                  'the decoding')
    elif any(len(shape) == 5 for shape in shapes) or (
            shapes and all(len(shape) == 4 for shape in shapes)):
        reason = ('the head is not decoded and its anchors are not in the file: export with the '
                  'decoding (for YOLOv5 and v7 with their own export, --grid)')
    else:
        reason = ('boxes, scores and labels were expected, in one tensor or three, perhaps with '
                  'a count, or one row of box and scores for each place of a usual head, or '
                  'each query of a transformer (--like rtdetr)')
    return f'outputs of no known layout: {told(outputs)}; {reason}'
