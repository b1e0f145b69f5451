# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a network makes of pictures: feature levels, and the flow that they are carried along."""
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np
from torch import Tensor

Array = np.ndarray[Any, Any]


class Later(Sequence[Tensor]):
    """Tensors that are made when somebody asks: few settings need all that a frame could tell."""

    def __init__(self, make: Callable[[], Sequence[Tensor]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> tuple[Tensor, ...]:
        return tuple(self._make())

    @overload
    def __getitem__(self, place: int) -> Tensor: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Tensor]: ...

    def __getitem__(self, place: int | slice) -> Tensor | Sequence[Tensor]:
        """Make them all, give one or some."""
        return self._made[place]

    def __len__(self) -> int:
        """Make them all, count."""
        return len(self._made)


@dataclass(frozen=True)
class Levels:
    """
    Feature maps of one picture, finest first, or of a batch of pictures of one size.

    Attributes
    ----------
    maps : tuple of Tensor
        (B, C_i, h_i, w_i), relative to an empty cell: where the warp looks outside a picture it
        finds zeros, which must mean "nothing there".
    image_size : tuple of int
        (height, width) of the original image in pixels; boxes are in these pixels.
    facts : sequence of Tensor
        (B, FACTS, h_i, w_i), what the memory's weights need to know of the picture that a map
        comes from (`sight.pair_quality`); carried and mixed as the maps are. Empty for networks
        whose own N_q needs none.

    """

    maps: tuple[Tensor, ...]
    image_size: tuple[int, int]
    facts: Sequence[Tensor] = ()


@dataclass(frozen=True)
class DenseFlow:
    """
    A flow field at the resolution at which it was solved, in the host's memory.

    Attributes
    ----------
    grey, key_grey : numpy.ndarray
        uint8 (h, w), of the target frame and of the key frame.
    field : numpy.ndarray
        float32 (h, w, 2), (x, y) in pixels of these, from the target to the key frame.

    """

    grey: Array
    key_grey: Array
    field: Array


@dataclass(frozen=True)
class Flow:
    """
    F(I_i, I_key): where each cell of a target frame is in the key frame.

    Attributes
    ----------
    levels : tuple of Tensor
        (B, 2, h_i, w_i) a feature level, (x, y) in cells, from the target to the key frame; on
        the features' device or in the host's memory.
    scale : Tensor, optional
        S, (B, C, h, w), for networks of one level that learned it; None is 1 everywhere.
    dense : DenseFlow, optional
        What the levels were made of; None for a learned flow.

    """

    levels: tuple[Tensor, ...]
    scale: Tensor | None = None
    dense: DenseFlow | None = None
