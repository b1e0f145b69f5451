# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Recognise final detections, and what stands where in them, by those of pictures."""
from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import TypedDict

from impnet_ros.model.onnx.layout import Layout
from impnet_ros.model.onnx.values import (
    are_corners, are_normalised, are_shares, are_whole, have_extents)
import torch
from torch import Tensor

Flat = Mapping[str, Tensor]
"""Outputs of one picture by name, the batch taken off."""

MOST = 10_000
"""Rows of final detections."""

LOOK_AGAIN = 'give --picture with things that it knows'

_ORDERS = {6: ((0, 4, 5), (2, 1, 0), (0, 5, 4), (2, 0, 1)),
           7: ((1, 6, 5), (1, 5, 6), (3, 2, 1), (3, 1, 2))}
# First box column, score, label, by the number of columns; of seven the first is the picture's.


class _Units(TypedDict):
    normalised: bool
    box_format: str


def in_several(pictures: Sequence[Flat], pixels: bool) -> Layout | None:
    """
    Recognise final detections in several tensors: boxes, scores and labels, or boxes with scores.

    Parameters
    ----------
    pictures : sequence of mapping
        Outputs of each picture.
    pixels : bool
        Whether the family is known to give pixels; else nothing seen tells nothing.

    Raises
    ------
    ValueError
        If these are such, but what is what cannot be told.

    """
    first = pictures[0]
    count, names = _counted(first)
    boxes = [name for name in names if first[name].ndim == 2 and first[name].shape[1] == 4]
    lists = [name for name in names if first[name].ndim == 1]
    if len(names) == 3 and len(boxes) == 1 and len(lists) == 2:
        if len({len(first[name]) for name in names}) > 1:
            return None
        joined = _joined(pictures, names, count)
        scores, labels = _told_apart(joined, lists)
        seen = joined[scores] > 0
        _require_shares(joined[scores])
        return Layout('list', tuple(boxes), (scores,), labels, columns=(0, -1, -1), count=count,
                      **_units(joined[boxes[0]][seen], pixels))
    if len(names) == 2:
        for name, other in permutations(names):
            if first[name].ndim == 2 and first[name].shape[1] == 5 and first[other].ndim == 1:
                rows = _joined(pictures, names, count)[name]
                _require_shares(rows[:, 4])
                return Layout('list', (name,), (name,), other, columns=(0, 4, -1), count=count,
                              **_units(rows[rows[:, 4] > 0, :4], pixels))
    return None


def in_one(pictures: Sequence[Flat], dense: bool, known: bool) -> Layout | None:
    """
    Recognise final detections in one tensor of six or seven columns.

    Parameters
    ----------
    pictures : sequence of mapping
        Outputs of each picture.
    dense : bool
        Whether there are as many rows as a dense head has places.
    known : bool
        Whether six columns are known to be box, score and label, should nothing be seen.

    Returns
    -------
    Layout, optional
        None where the rows are no final detections.

    Raises
    ------
    ValueError
        If they are, but nothing was seen that tells their columns.

    """
    count, names = _counted(pictures[0])
    if len(names) != 1 or pictures[0][names[0]].ndim != 2:
        return None
    rows = _joined(pictures, names, count)[names[0]]
    if rows.shape[1] not in _ORDERS or len(pictures[0][names[0]]) > MOST:
        return None
    seen = rows[rows.abs().amax(dim=1) > 0]
    if not len(seen) and known and rows.shape[1] == 6:
        return Layout('list', (names[0],), (names[0],), columns=_ORDERS[6][0], count=count)
    if not len(seen):
        raise _nothing_seen(names[0], pictures[0])
    for order in _ORDERS[rows.shape[1]]:
        first, score, label = order
        if order == _ORDERS[rows.shape[1]][0]:  # boxes of untrained ones may be none
            fits = _are_scored(seen, score, label) and (
                not dense or _are_boxes(seen, first, score))
        else:  # rows without a score only fill up
            fits = (_are_scored(seen, score, label) and _are_boxes(seen, first, score)
                    and are_whole(seen[seen[:, score] <= 0]))
        if fits:
            scored = seen[seen[:, score] > 0]
            return Layout('list', (names[0],), (names[0],), columns=order, count=count,
                          **_units(scored[:, first:first + 4], True))
    return None


def of_one_class(pictures: Sequence[Flat]) -> Layout | None:
    """
    Recognise final detections without labels: boxes and scores, in one tensor or two.

    Returns
    -------
    Layout, optional
        Of one class; None where what was seen are no corners with falling scores, as NMS gives
        them and a dense head does not.

    Raises
    ------
    ValueError
        If nothing was seen.

    """
    count, names = _counted(pictures[0])
    tables = [name for name in names if pictures[0][name].ndim == 2]
    lists = [name for name in names if pictures[0][name].ndim == 1]
    if len(tables) != 1 or len(tables) + len(lists) != len(names) or (
            pictures[0][tables[0]].shape[1] + len(lists) != 5):
        return None
    joined = _joined(pictures, names, count)
    rows = joined[tables[0]]
    if not rows.any():
        raise _nothing_seen(tables[0], pictures[0])
    source = (lists or tables)[0]
    apart = [flat[source] if lists else flat[source][:, 4] for flat in pictures]
    scores = torch.cat(apart).clamp(min=0)
    if not 1 < len(rows) == len(scores) or not are_corners(rows[scores > 0, :4]) or (
            not are_shares(scores) or are_whole(scores)
            or any(bool((each.clamp(min=0).diff() > 0).any()) for each in apart)):
        return None
    return Layout('list', (tables[0],), (source,), classes=1, count=count,
                  columns=(0, -1 if lists else 4, -1), **_units(rows[scores > 0, :4], True))


def more_columns(rows: Tensor) -> int:
    """Count the columns behind final detections of six, as poses and masks have them."""
    if rows.shape[1] <= 7:
        return 0
    few = rows[:, :6]
    seen = few[few.abs().amax(dim=1) > 0]
    found = _are_scored(seen, 4, 5) and _are_boxes(seen, 0, 4)
    return rows.shape[1] - 6 if found else 0


def _are_scored(rows: Tensor, score: int, label: int) -> bool:
    """Tell if two columns can be scores and labels; rows that fill up have a score of 0."""
    if not are_shares(rows[:, score].clamp(min=0)):
        return False
    rows = rows[rows[:, score] > 0]
    labels = rows[:, label]
    if rows.shape[1] == 7 and bool(rows[:, 0].any()):  # the picture's number
        return False
    return bool(len(rows)) and are_whole(labels) and bool((labels >= 0).all())


def _are_boxes(rows: Tensor, first: int, score: int) -> bool:
    boxes = rows[rows[:, score] > 0, first:first + 4]
    return are_corners(boxes) or (are_normalised(boxes) and have_extents(boxes))


def _nothing_seen(name: str, flat: Flat) -> ValueError:
    return ValueError(f'{name} {tuple(flat[name].shape)} seems to hold final detections, but has '
                      f'none of this picture, which would tell what its columns are: {LOOK_AGAIN}')


def _counted(flat: Flat) -> tuple[str, list[str]]:
    """Give the output that says how many rows count, '' for none, and the others."""
    single = [name for name, value in flat.items() if value.numel() == 1 and are_whole(value)]
    counts = [name for name in single if 'num' in name.lower()] or [
        name for name in single if not flat[name].is_floating_point()]
    others = [name for name in flat if name not in counts]
    if len(counts) == 1 and (len(others) == 3 or (
            len(others) == 1 and flat[others[0]].shape[-1:] != (5,))):
        return counts[0], others
    return '', list(flat)


def _joined(pictures: Sequence[Flat], names: Sequence[str], count: str) -> dict[str, Tensor]:
    """Give the rows of all pictures."""
    return {name: torch.cat([flat[name][:int(flat[count])] if count else flat[name]
                             for flat in pictures]) for name in names}


def _told_apart(joined: Flat, names: Sequence[str]) -> tuple[str, str]:
    """Give the names of the scores and of the labels."""
    whole = [name for name in names if not joined[name].is_floating_point()]
    if len(whole) != 1 and len(joined[names[0]]):
        # Labels are whole numbers; scores are in 0..1, and 0 where rows only fill up.
        whole = [name for name in names if are_whole(joined[name])
                 and not all(are_whole(joined[other]) for other in names)]
    if len(whole) != 1:
        whole = [name for name in names
                 if any(word in name.lower() for word in ('label', 'class', 'cls'))
                 and not any(word in name.lower() for word in ('score', 'conf', 'prob'))]
    if len(whole) != 1:
        raise ValueError(f'which of {" and ".join(names)} is the scores cannot be told, as it '
                         f'sees nothing in this picture: {LOOK_AGAIN}')
    scores, = (name for name in names if name != whole[0])
    return scores, whole[0]


def _require_shares(scores: Tensor) -> None:
    if not are_shares(scores.clamp(min=0)):
        raise ValueError(f'expected scores in 0..1, got up to {float(scores.max()):g}')


def _units(boxes: Tensor, pixels: bool) -> _Units:
    """Tell the units and the format of final boxes."""
    if not len(boxes) and not pixels:
        raise ValueError('whether boxes are in pixels cannot be told, as it sees nothing in this '
                         f'picture: {LOOK_AGAIN}')
    normalised = are_normalised(boxes)
    return {'normalised': normalised,
            'box_format': 'cxcywh' if normalised and not are_corners(boxes) else 'xyxy'}
