# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
F and S: FlowNet-S and the scale map, on pictures of half size.

FlowNet-S is from Dosovitskiy et al., "FlowNet: Learning Optical Flow with Convolutional Networks",
2015. That its last features are pooled once more, so that flow and scale map come at the features'
stride of 16, is from msracver/Deep-Feature-Flow.
"""

import torch
from torch import nn, Tensor
from torch.nn import functional

FLOW_UNIT = 2.5
"""Cells a unit of output: FlowNet learns pixels / 20, a cell is 8 pixels of the half picture."""

_SLOPE = 0.1


def halve(pixels: Tensor) -> Tensor:
    """Mean of 2x2 pixels, (B, C, ceil(H / 2), ceil(W / 2)); at odd borders of what is there."""
    return functional.avg_pool2d(pixels, 2, ceil_mode=True)


def _down(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, stride, padding=size // 2)


def _up(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    # Padding 1 crops the first row and column, as the reference does; `_cropped` does the others.
    return nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)


def _cropped(x: Tensor, like: Tensor) -> Tensor:
    return x[..., :like.shape[-2], :like.shape[-1]]


def _leaky(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, _SLOPE)


class FlowNetS(nn.Module):
    """
    FlowNet-S up to the features that flow and scale map are read from.

    Parameters
    ----------
    width : int
        Channels of the first convolution; 64 in the paper.

    Attributes
    ----------
    feature_channels : int
        Of the features: 194 for width 64.

    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.conv1 = _down(6, width, 7, 2)
        self.conv2 = _down(width, 2 * width, 5, 2)
        self.conv3 = _down(2 * width, 4 * width, 5, 2)
        self.conv3_1 = _down(4 * width, 4 * width, 3)
        self.conv4 = _down(4 * width, 8 * width, 3, 2)
        self.conv4_1 = _down(8 * width, 8 * width, 3)
        self.conv5 = _down(8 * width, 8 * width, 3, 2)
        self.conv5_1 = _down(8 * width, 8 * width, 3)
        self.conv6 = _down(8 * width, 16 * width, 3, 2)
        self.conv6_1 = _down(16 * width, 16 * width, 3)
        channels = 16 * width
        for level, skip, outputs in ((5, 8 * width, 8 * width), (4, 8 * width, 4 * width),
                                     (3, 4 * width, 2 * width), (2, 2 * width, width)):
            self.add_module(f'predict_flow{level + 1}', _down(channels, 2, 3))
            self.add_module(f'upsample_flow{level}', _up(2, 2))
            self.add_module(f'deconv{level}', _up(channels, outputs))
            channels = skip + outputs + 2
        self.predict_flow2 = _down(channels, 2, 3)
        self.feature_channels = channels
        self._initialise()

    def _initialise(self) -> None:
        for name, module in self.named_children():
            if 'flow' in name:
                nn.init.normal_(module.weight, std=0.01)
            else:
                nn.init.kaiming_normal_(module.weight, a=_SLOPE)
            nn.init.zeros_(module.bias)

    def forward(self, pair: Tensor) -> tuple[Tensor, Tensor]:
        """
        Estimate flow at the stride of the features.

        Parameters
        ----------
        pair : Tensor
            (B, 6, h, w): target frame, then key frame, half size, normalised pixels / 255.

        Returns
        -------
        flow : Tensor
            (B, 2, ceil(h / 8), ceil(w / 8)), (x, y) in feature cells, from target to key frame.
        features : Tensor
            (B, feature_channels, ceil(h / 8), ceil(w / 8)), what the scale map is read from.

        """
        x = _leaky(self.conv1(pair))
        skip2 = x = _leaky(self.conv2(x))
        skip3 = x = _leaky(self.conv3_1(_leaky(self.conv3(x))))
        skip4 = x = _leaky(self.conv4_1(_leaky(self.conv4(x))))
        skip5 = x = _leaky(self.conv5_1(_leaky(self.conv5(x))))
        x = _leaky(self.conv6_1(_leaky(self.conv6(x))))
        for level, skip in ((5, skip5), (4, skip4), (3, skip3), (2, skip2)):
            flow = self.get_submodule(f'upsample_flow{level}')(
                self.get_submodule(f'predict_flow{level + 1}')(x))
            up = self.get_submodule(f'deconv{level}')(x)
            x = torch.cat((skip, _leaky(_cropped(up, skip)), _cropped(flow, skip)), dim=1)
        features = functional.avg_pool2d(x, 2, ceil_mode=True)
        # Full precision under autocast too: places are cells up to 63 and fractions of them.
        return FLOW_UNIT * self.predict_flow2(features).float(), features


class ScaleMap(nn.Module):
    """
    S: how much of each channel of the carried feature to keep, 1 before training.

    A 1x1 convolution beside the flow's; the weights start at zero and are learned, the bias is one
    and stays so.

    Parameters
    ----------
    inputs, channels : int
        Channels of FlowNet-S's features and of the feature to scale.

    """

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels, inputs, 1, 1))
        self.bias: Tensor
        self.register_buffer('bias', torch.ones(channels))

    def forward(self, features: Tensor) -> Tensor:
        """Turn (B, inputs, h, w) into S, (B, channels, h, w)."""
        return functional.conv2d(features, self.weight, self.bias)
