# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""FGFA's embedding network: features whose cosine says how alike two positions look."""
import math

from torch import nn, Tensor


class EmbeddingNet(nn.Sequential):
    """
    1x1, 3x3, 1x1 convolutions, as in msracver/Flow-Guided-Feature-Aggregation.

    Parameters
    ----------
    channels : int
        Of the feature, 1024 there.
    width : int
        Of the two inner layers, 512 there; the output is four times as wide.

    """

    def __init__(self, channels: int = 1024, width: int = 512) -> None:
        super().__init__(nn.Conv2d(channels, width, 1), nn.ReLU(),
                         nn.Conv2d(width, width, 3, padding=1), nn.ReLU(),
                         nn.Conv2d(width, 4 * width, 1))
        for layer in self:
            if isinstance(layer, nn.Conv2d):
                fan_in = layer.in_channels * math.prod(layer.kernel_size)
                nn.init.normal_(layer.weight, std=math.sqrt(2 / fan_in))
                nn.init.zeros_(layer.bias)

    def forward(self, feature: Tensor) -> Tensor:
        """Turn a feature (B, channels, h, w) into an embedding (B, 4 width, h, w)."""
        return super().forward(feature)
