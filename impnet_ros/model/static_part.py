# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A part of a network that is computed without looking at values: what other programs can run."""
from dataclasses import dataclass

from torch import nn, Tensor


@dataclass(frozen=True)
class StaticPart:
    """
    All but warp, NMS and pooling by proposals.

    Attributes
    ----------
    module : Module
        One input, one or several outputs.
    example : Tensor
        An input, (1, C, H, W).
    multiple : int
        Of what its height and width are multiples.
    outputs : tuple of str
        Names.

    """

    module: nn.Module
    example: Tensor
    multiple: int
    outputs: tuple[str, ...]
