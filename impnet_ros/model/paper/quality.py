# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""N_q: how good a feature is, position by position (section 3.3, aggregation unit)."""
from torch import nn, Tensor


class QualityNet(nn.Sequential):
    """
    Three convolutions to one raw score; see `impression.softmax_weight` for what becomes of it.

    The paper says only '3x3x256, 1x1x16, 1x1x1, randomly initialised'. ReLU between them and
    N(0, .01) are those of the reference's other new layers; they start w_k close to 0.5, the fixed
    weight of method (c).

    Parameters
    ----------
    channels : int
        Of the feature.
    hidden : tuple of int
        Outputs of the first two convolutions, (256, 16) in the paper.

    """

    def __init__(self, channels: int, hidden: tuple[int, int] = (256, 16)) -> None:
        first, second = hidden
        super().__init__(nn.Conv2d(channels, first, 3, padding=1), nn.ReLU(),
                         nn.Conv2d(first, second, 1), nn.ReLU(), nn.Conv2d(second, 1, 1))
        for layer in self:
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, std=0.01)
                nn.init.zeros_(layer.bias)

    def forward(self, feature: Tensor) -> Tensor:
        """Turn a feature (B, channels, h, w) into raw scores (B, 1, h, w)."""
        return super().forward(feature)
