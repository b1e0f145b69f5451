# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the outputs of a detector mean, as decoding needs to know it."""
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product

import torch
from torch import Tensor

KINDS = ('rows', 'pair', 'bins', 'coverage', 'list')
BOX_FORMATS = ('xyxy', 'cxcywh', 'xywh', 'yxyx')

_USUAL = ((8, 16, 32), (8, 16, 32, 64), (4, 8, 16, 32), (8, 16, 32, 64, 128), (16, 32), (16,),
          (32,), (8,), (4, 8, 16, 32, 64))
_STRIDES = (2, 4, 8, 16, 32, 64, 128)
PYRAMIDS = tuple(dict.fromkeys((*_USUAL, *(_STRIDES[first:last] for first, last in combinations(
    range(len(_STRIDES) + 1), 2)))))
"""Strides, finest first, of the heads that there may be, usual ones first."""


@dataclass(frozen=True)
class Layout:
    """
    Outputs of a detector, by name, and how to read them.

    Attributes
    ----------
    kind : str
        Of `KINDS`: 'rows', one a place, box first, then scores; 'pair', boxes and scores apart;
        'bins', sides as distributions; 'coverage', maps (DetectNet); 'list', final detections.
    boxes, scores : tuple of str
        Outputs that hold them; the same one for both, or one a level.
    labels : str
        Output that holds the labels of a 'list' in several tensors; '' where all have one class.
    classes : int
        Number of classes.
    box_format : str
        Of `BOX_FORMATS`.
    normalised : bool
        Whether boxes are in 0..1 of the input in place of its pixels.
    transposed : tuple of bool
        Whether places are along the last axis of boxes, of scores.
    objectness : bool
        Whether a fifth value of each row is to be multiplied in.
    logits : bool
        Whether scores are still to go through the sigmoid.
    grid : bool
        Whether boxes are relative to their cells, (xy + cell) s and exp(wh) s.
    bins : int
        Bins of a side.
    strides : tuple of int
        Pixels a cell of the levels that the places come from, where that matters.
    centre : float
        Where in its cell a box of bins is measured from, 0..1.
    clipped : bool
        Whether boxes are cut at the input's border before NMS.
    columns : tuple of int
        Of a 'list' in one tensor: its first box column, score, label (-1: other tensor).
    first_label : int
        The file's label of the first class.
    single_label : bool
        Whether a place gives its best class only.
    suppress : bool
        Whether overlapping boxes are still to be dropped.
    softmax : bool
        Whether scores are logits of one softmax a place, "no object" behind the classes.
    first_class : int
        Place of the first class among the scores; 1 where the background is before it.
    count : str
        Output that says how many rows of a 'list' are detections; '' for all.

    """

    kind: str
    boxes: tuple[str, ...]
    scores: tuple[str, ...]
    labels: str = ''
    classes: int = 0
    box_format: str = 'xyxy'
    normalised: bool = False
    transposed: tuple[bool, bool] = (False, False)
    objectness: bool = False
    logits: bool = False
    grid: bool = False
    bins: int = 0
    strides: tuple[int, ...] = ()
    centre: float = 0.5
    clipped: bool = False
    columns: tuple[int, int, int] = (0, 4, 5)
    first_label: int = 0
    single_label: bool = True
    suppress: bool = True
    softmax: bool = False
    first_class: int = 0
    count: str = ''


def cell_counts(size: tuple[int, int], strides: tuple[int, ...]) -> list[tuple[int, int]]:
    """Rows and columns of each level of an input (height, width)."""
    return [(-(-size[0] // stride), -(-size[1] // stride)) for stride in strides]


def pyramids_of(places: int, size: tuple[int, int]) -> Iterator[tuple[tuple[int, ...], int]]:
    """Yield the strides and the anchors a cell that give as many places in an input."""
    for strides, anchors in product(PYRAMIDS, (1, 3)):
        cells = sum(rows * columns for rows, columns in cell_counts(size, strides))
        if places == anchors * cells and (anchors == 1 or len(strides) > 1):
            yield strides, anchors


@lru_cache(maxsize=8)
@torch.inference_mode(mode=False)
def cell_table(size: tuple[int, int], strides: tuple[int, ...]) -> Tensor:
    """
    List the cells of all levels, finest first, row by row.

    Returns
    -------
    Tensor
        float32 (N, 3): column, row, stride.

    """
    parts = []
    for (rows, columns), stride in zip(cell_counts(size, strides), strides, strict=True):
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing='ij')
        parts.append(torch.stack((x, y, torch.full_like(x, stride)), dim=2).view(-1, 3).float())
    return torch.cat(parts)
