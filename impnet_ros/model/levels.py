# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Feature levels: what the feature network hands to flow, memory and task network."""
from collections.abc import Iterable

from torch import Tensor


class Levels(tuple[Tensor, ...]):
    """
    Feature maps of one picture, finest first, and the size of the picture that they describe.

    A tuple of tensors (B, C_i, h_i, w_i). The size travels with the features because the task
    network needs it to give boxes in pixels of the original image. A plain tuple serves where
    no size is needed.

    Attributes
    ----------
    image_size : tuple of int
        (height, width) of the original image in pixels.

    """

    image_size: tuple[int, int]

    def __new__(cls, levels: Iterable[Tensor], image_size: tuple[int, int]) -> 'Levels':
        """Make levels of a picture of `image_size` (height, width)."""
        self = super().__new__(cls, levels)
        self.image_size = image_size
        return self


def with_levels(like: tuple[Tensor, ...], levels: Iterable[Tensor]) -> tuple[Tensor, ...]:
    """Give `levels` the picture size of `like`, where that has one."""
    return Levels(levels, like.image_size) if isinstance(like, Levels) else tuple(levels)
