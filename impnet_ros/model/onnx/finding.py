# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Find what the outputs of a detector mean, from their shapes and from a picture's values."""
from collections.abc import Mapping, Sequence
from dataclasses import replace

from impnet_ros.model.onnx.families import Family
from impnet_ros.model.onnx.layout import cell_table, Layout, pyramids_of
from impnet_ros.model.onnx.listing import in_one, in_several, more_columns, of_one_class
from impnet_ros.model.onnx.refusing import (
    require_boxes, require_queries, require_scores, told, unknown)
from impnet_ros.model.onnx.stated import MOST_CLASSES
from impnet_ros.model.onnx.values import (
    are_corners, are_logits, are_normalised, have_extents, sum_to_one)
import torch
from torch import Tensor

Outputs = Mapping[str, Tensor]

_BINS = (8, 11, 17, 16)
# Bins of a side, NanoDet-Plus's and PicoDet's first.


def find_layout(pictures: Sequence[Outputs], size: tuple[int, int], family: Family,
                classes: int) -> Layout:
    """
    Tell how to read a detector's outputs.

    Parameters
    ----------
    pictures : sequence of mapping of Tensor
        The outputs of each picture, by name.
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
    outputs = pictures[0]
    flat = {name: _flat(value, outputs) for name, value in outputs.items()}
    layout = _final(pictures, size, family, classes)
    if layout is not None and classes > 1 and layout.classes == 1:
        raise ValueError(f'labels: expected 1 for the outputs {told(outputs)}, which hold boxes '
                         f'and scores and no labels, got {classes}')
    if layout is not None:
        return replace(layout, classes=layout.classes or classes, first_label=family.first_label,
                       suppress=False)
    layout = (_coverage(outputs, size, family) or _bins_by_level(flat, size, family)
              or _pair(flat, size) or _single(flat, outputs, size, family, classes))
    if layout is None:
        raise ValueError(unknown(outputs))
    if not family.carried:
        require_queries(flat, layout, size)
    if family.softmax and layout.kind == 'pair':
        layout = _with_nothing_last(layout, flat)
    if classes and layout.classes != classes:
        shared = layout.kind == 'pair' and sum_to_one(_rows(flat[layout.scores[0]], layout))
        hint = (", and each row of scores has a sum of 1: one of them may be the background's, "
                'name that too (background,...)' if shared else
                ': give the names of this very model (--labels FILE)' + (
                    ', or its family, if that has an objectness (--like yolov5, yolox)'
                    if layout.kind == 'rows' and layout.classes == classes + 1 else ''))
        raise ValueError(f'labels: expected {layout.classes} for the outputs {told(outputs)}, '
                         f'got {classes}{hint}')
    if not 1 <= layout.classes <= MOST_CLASSES:
        raise ValueError(f'expected 1 to {MOST_CLASSES} classes, got {layout.classes} in the '
                         f'outputs {told(outputs)}')
    return replace(layout, single_label=family.single_label, centre=_centre(layout, family),
                   clipped=family.clipped, suppress=layout.kind == 'coverage' or family.carried)


def _centre(layout: Layout, family: Family) -> float:
    """Tell NanoDet-Plus, of four levels, from its elder, which measures as all others do."""
    return family.centre if 64 in layout.strides else Family.centre


def _flat(value: Tensor, outputs: Outputs) -> Tensor:
    """Take the batch off: of (1, 6) it is one where other outputs have it too."""
    if value.ndim == 4 and value.shape[1] == 1 and value.shape[3] == 7:  # Caffe's (1, 1, N, 7)
        return value[0, 0]
    batch = value.ndim > 2 or (value.ndim == 2 and (
        value.shape[1] not in (4, 5, 6, 7) or any(item.ndim > 2 for item in outputs.values())))
    return value[0] if batch and value.shape[0] == 1 else value


def _final(pictures: Sequence[Outputs], size: tuple[int, int], family: Family,
           classes: int) -> Layout | None:
    """Recognise final detections."""
    flats = [{name: _flat(value, outputs) for name, value in outputs.items()}
             for outputs in pictures]
    found = in_several(flats, family.named)
    tables = [value for value in flats[0].values() if value.ndim == 2]
    if found is not None or len(tables) != 1:
        return found
    found = in_one(flats, any(pyramids_of(len(tables[0]), size)), family.listed)
    own_rows = not family.carried and classes == tables[0].shape[1] - 4  # a transformer's
    if found is not None:
        return None if own_rows and found.normalised else found
    return of_one_class(flats)


def _coverage(outputs: Outputs, size: tuple[int, int], family: Family) -> Layout | None:
    """Recognise DetectNet_v2: maps (1, C, h, w) and (1, 4 C, h, w)."""
    if not family.coverage or len(outputs) != 2 or any(
            value.ndim != 4 for value in outputs.values()):
        return None
    (fewer, scores), (more, boxes) = sorted(outputs.items(), key=lambda item: item[1].shape[1])
    if boxes.shape[1] != 4 * scores.shape[1] or boxes.shape[2:] != scores.shape[2:]:
        return None
    return Layout('coverage', (more,), (fewer,), classes=scores.shape[1],
                  strides=(round(size[0] / scores.shape[2]),), logits=are_logits(scores))


def _bins_by_level(flat: Outputs, size: tuple[int, int], family: Family) -> Layout | None:
    """Recognise classes and bins apart, a pair of tensors a level (PicoDet, older NanoDet)."""
    if not family.bins or len(flat) < 2 or len(flat) % 2 or any(
            value.ndim != 2 for value in flat.values()):
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
                  logits=are_logits(flat[scores[0]]))


def _pair(flat: Outputs, size: tuple[int, int]) -> Layout | None:
    """Recognise boxes (N, 4) and scores (N, C) or (C, N)."""
    if len(flat) != 2 or any(value.ndim != 2 for value in flat.values()):
        return None
    names = sorted((name for name, value in flat.items() if 4 in value.shape),
                   key=lambda name: _likely_boxes(name, flat[name]), reverse=True)
    if not names:
        return None
    boxes = names[0]
    scores, = (name for name in flat if name != boxes)
    turned = flat[boxes].shape[1] != 4
    values = flat[boxes].T if turned else flat[boxes]
    across = flat[scores].shape[0] != len(values)
    if len(values) not in flat[scores].shape:
        return None
    require_boxes(boxes, values)
    return Layout('pair', (boxes,), (scores,), classes=flat[scores].shape[0 if across else 1],
                  box_format='xyxy' if are_corners(values) else 'cxcywh',
                  transposed=(turned, across), normalised=are_normalised(values),
                  logits=are_logits(flat[scores]))


def _likely_boxes(name: str, value: Tensor) -> tuple[bool, bool, float]:
    """Rank what may be boxes: by values, by name, by size."""
    rows = value if value.shape[1] == 4 else value.T
    named = any(word in name.lower() for word in ('box', 'coord', 'loc'))
    plausible = (are_corners(rows) or have_extents(rows)) and not sum_to_one(rows)
    return plausible, named, float(value.abs().max())


def _rows(scores: Tensor, layout: Layout) -> Tensor:
    return scores.T if layout.transposed[1] else scores


def _with_nothing_last(layout: Layout, flat: Outputs) -> Layout:
    """Leave "no object" out, the last class of a softmax that is still to come or is done."""
    if layout.logits or sum_to_one(_rows(flat[layout.scores[0]], layout)):
        return replace(layout, classes=layout.classes - 1, softmax=layout.logits)
    return layout  # the export left it out


def _single(flat: Outputs, outputs: Outputs, size: tuple[int, int], family: Family,
            classes: int) -> Layout | None:
    """Recognise one tensor of rows."""
    tables = [name for name, value in flat.items() if value.ndim == 2]
    if len(tables) != 1 or any(value.ndim == 4 for value in outputs.values()):
        return None
    name, = tables
    table = flat[name]
    more = more_columns(table)
    if more:
        raise ValueError(f'{name}: expected detections of six columns, got {more} more: a pose or '
                         'segmentation model seems to be meant, export a detection model')
    places = sorted((side for side in table.shape if any(pyramids_of(side, size))), reverse=True)
    if family.carried and not places:
        return None
    along = table.shape.index(places[0]) if places else int(table.shape[1] > table.shape[0])
    rows = table.T if along == 1 else table
    width = rows.shape[1]
    strides = next(iter(pyramids_of(len(rows), size)), ((), 1))
    bins = _bins_of(rows, family, classes)
    if bins:
        return Layout('bins', (name,), (name,), classes=width - 4 * bins, bins=bins,
                      strides=strides[0], transposed=(along == 1,) * 2,
                      logits=are_logits(rows[:, :width - 4 * bins]))
    objectness = {4: False, 5: family.objectness or not family.named}.get(
        width - classes, family.objectness) and along == 0
    first = 5 if objectness else 4
    if width <= first:
        return None
    normalised = are_normalised(rows[:, :4]) and have_extents(rows[:, :4])
    grid = (not normalised and family.carried and bool(strides[0]) and strides[1] == 1
            and _is_relative(rows, size, strides[0]))
    if not grid and not family.named:  # untrained YOLO26 has negative widths too
        require_boxes(name, rows[:, :4])
    require_scores(name, rows[:, first:])
    corners = not grid and strides[1] == 1 and _are_corners_of_cells(
        rows[:, :4] * (rows.new_tensor((*size, *size)[::-1]) if normalised else 1), size,
        strides[0])
    return Layout('rows', (name,), (name,), classes=width - first,
                  box_format='xyxy' if corners else 'cxcywh',
                  transposed=(along == 1,) * 2, objectness=objectness, grid=grid,
                  logits=are_logits(rows[:, 4:]), strides=strides[0] if grid else (),
                  normalised=normalised)


def _bins_of(rows: Tensor, family: Family, classes: int) -> int:
    """Tell the number of bins a side of rows that begin with the classes; 0 where none are."""
    if not family.bins:
        return 0
    width = rows.shape[1]
    inside = ((rows >= 0) & (rows <= 1.001)).all(dim=0)
    if bool(inside[0]):  # scores, so that bins, which are logits, begin where others do
        scores = int(torch.cat((inside, inside.new_zeros(1))).int().argmin())
        return next((count for count in _BINS if width - 4 * count == scores), 0)
    if not classes:
        return _BINS[0] if family.centre == 0 else 0  # NanoDet's only
    return next((count for count in _BINS if width - 4 * count == classes), 0)


def _is_relative(rows: Tensor, size: tuple[int, int], strides: tuple[int, ...]) -> bool:
    """Whether centres are told from the cells: then they do not grow along the picture."""
    cells = cell_table(size, strides)
    apart = (rows[:, :2] - cells[:, :2] * cells[:, 2:]) / cells[:, 2:]
    return float(apart.abs().median()) > float(rows[:, :2].abs().median())


def _are_corners_of_cells(boxes: Tensor, size: tuple[int, int],
                          strides: tuple[int, ...]) -> bool:
    """Whether the middle between corners is nearer to each place's cell than the first corner."""
    if not strides or not are_corners(boxes):
        return False
    cells = cell_table(size, strides)
    middles = (cells[:, :2] + 0.5) * cells[:, 2:]
    as_corners = ((boxes[:, :2] + boxes[:, 2:]) / 2 - middles) / cells[:, 2:]
    as_centres = (boxes[:, :2] - middles) / cells[:, 2:]
    return float(as_corners.abs().median()) < float(as_centres.abs().median())
