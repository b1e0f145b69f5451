# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Find what the outputs of a detector mean, from their shapes and from a picture's values."""
from collections.abc import Mapping
from dataclasses import replace
from typing import TypedDict

from impnet_ros.model.onnx.families import Family
from impnet_ros.model.onnx.layout import cell_table, Layout, pyramids_of
from impnet_ros.model.onnx.stated import MOST_CLASSES
from torch import Tensor

Outputs = Mapping[str, Tensor]


class _Units(TypedDict):
    normalised: bool
    box_format: str


_BINS = (8, 11, 17, 16)
# Bins of a side, NanoDet-Plus's and PicoDet's first.

_MOST_LISTED = 10_000
# Rows of final detections.


def find_layout(outputs: Outputs, size: tuple[int, int], family: Family,
                classes: int) -> Layout:
    """
    Tell how to read a detector's outputs.

    Parameters
    ----------
    outputs : mapping of Tensor
        Of a picture, by name.
    size : tuple of int
        (height, width) of the input in pixels.
    family : Family
        For what looking does not tell.
    classes : int
        How many the labels say; 0 where nobody says.

    Raises
    ------
    ValueError
        If the outputs are of no layout that is known, or do not fit the labels.

    """
    flat = {name: _flat(value) for name, value in outputs.items()}
    layout = (_coverage(outputs, size) or _list(flat) or _bins_by_level(flat, size)
              or _pair(flat, size) or _single(flat, outputs, size, family, classes))
    if layout is None:
        raise ValueError(_unknown(outputs))
    if layout.kind == 'list':
        return replace(layout, classes=classes, first_label=family.first_label, suppress=False)
    if family.softmax and layout.kind == 'pair' and layout.logits:
        layout = replace(layout, classes=layout.classes - 1, softmax=True)
    if classes and layout.classes != classes:
        raise ValueError(f'labels: expected {layout.classes} for the outputs '
                         f'{_told(outputs)}, got {classes}')
    if not 1 <= layout.classes <= MOST_CLASSES:
        raise ValueError(f'expected 1 to {MOST_CLASSES} classes, got {layout.classes} in the '
                         f'outputs {_told(outputs)}')
    return replace(layout, single_label=family.single_label, centre=family.centre,
                   suppress=layout.kind == 'coverage' or family.carried)


def _flat(value: Tensor) -> Tensor:
    """Take the batch off."""
    return value[0] if value.ndim > 1 and value.shape[0] == 1 else value


def _coverage(outputs: Outputs, size: tuple[int, int]) -> Layout | None:
    """Recognise DetectNet_v2: maps (1, C, h, w) and (1, 4 C, h, w)."""
    if len(outputs) != 2 or any(value.ndim != 4 for value in outputs.values()):
        return None
    (fewer, scores), (more, boxes) = sorted(outputs.items(), key=lambda item: item[1].shape[1])
    if boxes.shape[1] != 4 * scores.shape[1] or boxes.shape[2:] != scores.shape[2:]:
        return None
    return Layout('coverage', (more,), (fewer,), classes=scores.shape[1],
                  strides=(round(size[0] / scores.shape[2]),), logits=_are_logits(scores))


def _list(flat: Outputs) -> Layout | None:
    """Recognise final detections in several tensors, or NMS's output in one."""
    boxes = [name for name, value in flat.items() if value.ndim == 2 and value.shape[1] == 4]
    if len(flat) == 3 and len(boxes) == 1:
        others = [name for name in flat if name != boxes[0] and flat[name].ndim == 1]
        if len(others) == 2:
            first, second = sorted(others, key=lambda name: _looks_like_labels(name, flat[name]))
            return Layout('list', (boxes[0],), (first,), second, columns=(0, -1, -1),
                          **_units(flat[boxes[0]]))
    if len(flat) == 2:
        for name, value in flat.items():
            other, = (item for item in flat if item != name)
            if value.ndim == 2 and value.shape[1] == 5 and flat[other].ndim == 1:
                return Layout('list', (name,), (name,), other, columns=(0, 4, -1))
    return None


def _looks_like_labels(name: str, value: Tensor) -> int:
    """More for labels than for scores."""
    if not value.is_floating_point():
        return 3
    named = name.lower()
    if any(word in named for word in ('label', 'class', 'cls')):
        return 2
    if any(word in named for word in ('score', 'conf', 'prob')):
        return 0
    return 1 + int(bool((value == value.round()).all()))


def _bins_by_level(flat: Outputs, size: tuple[int, int]) -> Layout | None:
    """Recognise classes and bins apart, a pair of tensors a level (PicoDet, older NanoDet)."""
    if len(flat) < 2 or len(flat) % 2 or any(value.ndim != 2 for value in flat.values()):
        return None
    by_places: dict[int, list[str]] = {}
    for name, value in flat.items():
        by_places.setdefault(value.shape[0], []).append(name)
    if any(len(names) != 2 for names in by_places.values()):
        return None
    scores, sides = [], []
    for count in sorted(by_places, reverse=True):
        names = by_places[count]
        which = [name for name in names if flat[name].shape[1] in {4 * bins for bins in _BINS}]
        if not which:
            return None
        # Where both could be bins, probabilities are the classes.
        sides.append(max(which, key=lambda name: float(flat[name].abs().max())))
        scores += [name for name in names if name != sides[-1]]
    found = next(iter(pyramids_of(sum(by_places), size)), None)
    if found is None or found[1] != 1:
        return None
    return Layout('bins', tuple(sides), tuple(scores), classes=flat[scores[0]].shape[1],
                  bins=flat[sides[0]].shape[1] // 4, strides=found[0],
                  logits=_are_logits(flat[scores[0]]))


def _pair(flat: Outputs, size: tuple[int, int]) -> Layout | None:
    """Recognise boxes (N, 4) and scores (N, C) or (C, N)."""
    if len(flat) != 2 or any(value.ndim != 2 for value in flat.values()):
        return None
    names = sorted((name for name, value in flat.items() if 4 in value.shape),
                   key=lambda name: ('box' in name.lower() or 'det' in name.lower(),
                                     float(flat[name].abs().max())), reverse=True)
    if not names:
        return None
    boxes = names[0]
    scores, = (name for name in flat if name != boxes)
    turned = flat[boxes].shape[1] != 4
    values = flat[boxes].T if turned else flat[boxes]
    across = flat[scores].shape[0] != len(values)
    if len(values) not in flat[scores].shape:
        return None
    return Layout('pair', (boxes,), (scores,), classes=flat[scores].shape[0 if across else 1],
                  box_format='xyxy' if _are_corners(values) else 'cxcywh',
                  transposed=(turned, across), normalised=_is_normalised(values),
                  logits=_are_logits(flat[scores]))


def _single(flat: Outputs, outputs: Outputs, size: tuple[int, int], family: Family,
            classes: int) -> Layout | None:
    """Recognise one tensor of rows."""
    tables = [name for name, value in flat.items() if value.ndim == 2]
    if len(tables) != 1 or any(value.ndim == 4 for value in outputs.values()):
        return None
    name, = tables
    table = flat[name]
    places = [side for side in table.shape if any(pyramids_of(side, size))]
    if table.shape[1] in (6, 7) and len(table) <= _MOST_LISTED and not any(
            len(strides) > 2 for strides, _ in pyramids_of(table.shape[0], size)):
        rotated = table.shape[1] == 7 and bool(table[:, 0].any())  # else the picture's number
        return None if rotated else _columns(name, table)
    along = table.shape.index(places[0]) if places else int(table.shape[1] > table.shape[0])
    rows = table.T if along == 1 else table
    width = rows.shape[1]
    strides = next(iter(pyramids_of(len(rows), size)), ((), 1))
    bins = next((count for count in _BINS if width - 4 * count == classes), 0) if classes else 0
    if not classes and family.centre == 0:  # NanoDet's only
        bins = _BINS[0]
    if bins:
        return Layout('bins', (name,), (name,), classes=width - 4 * bins, bins=bins,
                      strides=strides[0], transposed=(along == 1,) * 2,
                      logits=_are_logits(rows[:, :width - 4 * bins]))
    objectness = {4: False, 5: True}.get(width - classes, family.objectness) and along == 0
    first = 5 if objectness else 4
    if width <= first:
        return None
    grid = bool(strides[0]) and strides[1] == 1 and _is_relative(rows, size, strides[0])
    return Layout('rows', (name,), (name,), classes=width - first, box_format='cxcywh',
                  transposed=(along == 1,) * 2, objectness=objectness, grid=grid,
                  logits=_are_logits(rows[:, 4:]), strides=strides[0] if grid else (),
                  normalised=not grid and _is_normalised(rows[:, :4]))


def _columns(name: str, table: Tensor) -> Layout:
    """Tell the order of the columns of final detections."""
    def whole(column: Tensor) -> bool:
        return bool((column == column.round()).all())

    if table.shape[1] == 7:  # batch, box, then label and score in one order or the other
        score, label = (6, 5) if not len(table) or whole(table[:, 5]) else (5, 6)
        return Layout('list', (name,), (name,), columns=(1, score, label),
                      **_units(table[:, 1:5]))
    if len(table) and whole(table[:, 0]) and float(table[:, 1].max()) <= 1 < float(
            table[:, 4:].max()) and not whole(table[:, 5]):
        return Layout('list', (name,), (name,), columns=(2, 1, 0))  # Paddle's
    return Layout('list', (name,), (name,), columns=(0, 4, 5), **_units(table[:, :4]))


def _are_logits(scores: Tensor) -> bool:
    return bool(scores.numel()) and bool(scores.min() < 0 or scores.max() > 1.001)


def _is_normalised(boxes: Tensor) -> bool:
    """Whether boxes are in 0..1: those of a whole picture would be larger in pixels."""
    return bool(boxes.numel()) and 0 < float(boxes.abs().max()) <= 2


def _are_corners(boxes: Tensor) -> bool:
    """Whether nearly all boxes are x1 y1 x2 y2."""
    return float(((boxes[:, 2:] - boxes[:, :2]).amin(dim=1) > 0).float().mean()) > 0.9


def _units(boxes: Tensor) -> _Units:
    """Tell the units and the format of final boxes; rows of zeros are no boxes."""
    boxes = boxes[boxes.abs().amax(dim=1) > 0]
    normalised = _is_normalised(boxes)
    return {'normalised': normalised,
            'box_format': 'cxcywh' if normalised and not _are_corners(boxes) else 'xyxy'}


def _is_relative(rows: Tensor, size: tuple[int, int], strides: tuple[int, ...]) -> bool:
    """Whether centres are told from the cells: then they do not grow along the picture."""
    cells = cell_table(size, strides)
    apart = (rows[:, :2] - cells[:, :2] * cells[:, 2:]) / cells[:, 2:]
    return float(apart.abs().median()) > float(rows[:, :2].abs().median())


def _told(outputs: Outputs) -> str:
    return ', '.join(f'{name} {tuple(value.shape)}' for name, value in outputs.items())


def _unknown(outputs: Outputs) -> str:
    """Say why outputs are of no use."""
    shapes = [tuple(value.shape) for value in outputs.values()]
    if all(len(shape) <= 2 for shape in shapes) and len(shapes) == 1:
        reason = 'a classifier seems to be meant: export a detector'
    elif len({4, *map(len, shapes)}) > 1 and any(len(shape) == 4 for shape in shapes):
        reason = 'a segmentation model seems to be meant: export a detection model'
    elif any(len(shape) == 5 for shape in shapes) or (
            shapes and all(len(shape) == 4 for shape in shapes)):
        reason = ('the head is not decoded and its anchors are not in the file: export with the '
                  'decoding (for YOLOv5 and v7 with their own export, --grid)')
    else:
        reason = ('boxes, scores and labels were expected, in one tensor or three, or one row of '
                  'box and scores a place')
    return f'outputs of no known layout: {_told(outputs)}; {reason}'
