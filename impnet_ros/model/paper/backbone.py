# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
N_feat: ResNet at stride 16 with a 3x3 convolution on top.

Section 3.3 of the paper; dilation 6 and ReLU of the appended convolution as in
msracver/Deep-Feature-Flow.
"""
import math
from typing import Literal

from torch import nn, Tensor
from torch.nn import functional
from torchvision.models.resnet import Bottleneck

StrideStyle = Literal['msra', 'torchvision']
STRIDE = 16
"""Pixels of the network's input a feature cell, for every width and depth."""


def _stage(channels: int, width: int, blocks: int, stride: int, dilation: int,
           style: StrideStyle) -> nn.Sequential:
    """Bottleneck blocks; `stride` is taken by the first, `dilation` by every 3x3."""
    layers = nn.Sequential()
    for index in range(blocks):
        step = stride if index == 0 else 1
        outputs = width * Bottleneck.expansion
        downsample = None if index else nn.Sequential(
            nn.Conv2d(channels, outputs, 1, step, bias=False), nn.BatchNorm2d(outputs))
        block = Bottleneck(channels, width, step, downsample, dilation=dilation)
        if style == 'msra':  # Caffe's original: the stride is on the first 1x1, not on the 3x3
            block.conv1.stride, block.conv2.stride = (step, step), (1, 1)
        layers.append(block)
        channels = outputs
    return layers


class Trunk(nn.Module):
    """
    ResNet without its classifier, stride 16; layers are named as in torchvision.

    The last stage has stride 1 and all its 3x3 convolutions are dilated by 2. torchvision's
    `replace_stride_with_dilation` would leave the first of them at dilation 1.

    Parameters
    ----------
    width : int
        Channels of the first convolution; 64 for ResNet-101. The output has 32 times as many.
    blocks : tuple of int
        Bottleneck blocks of the four stages; (3, 4, 23, 3) for ResNet-101.
    style : str
        'msra' (weights from Caffe and MXNet) or 'torchvision': where the stride is.

    """

    def __init__(self, width: int, blocks: tuple[int, int, int, int],
                 style: StrideStyle) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = _stage(width, width, blocks[0], 1, 1, style)
        self.layer2 = _stage(width * 4, width * 2, blocks[1], 2, 1, style)
        self.layer3 = _stage(width * 8, width * 4, blocks[2], 2, 1, style)
        self.layer4 = _stage(width * 16, width * 8, blocks[3], 1, 2, style)
        self.out_channels = width * 32
        self._initialise(sum(blocks))

    def _initialise(self, blocks: int) -> None:
        """Start so that the signal keeps its size even where normalisation is frozen at (0, 1)."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')
            elif isinstance(module, Bottleneck):
                nn.init.constant_(module.bn3.weight, 1 / math.sqrt(blocks))

    def forward(self, pixels: Tensor) -> Tensor:
        """
        Extract the last stage's feature.

        Parameters
        ----------
        pixels : Tensor
            (B, 3, H, W), normalised.

        Returns
        -------
        Tensor
            (B, 32 width, ceil(H / 16), ceil(W / 16)).

        """
        x = self.maxpool(functional.relu(self.bn1(self.conv1(pixels))))
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


class Backbone(nn.Module):
    """
    The feature network: trunk, then a 3x3 convolution with dilation 6 and ReLU.

    Parameters
    ----------
    trunk : Trunk
    channels : int
        Of the feature: 1024 in the paper, the first half for the RPN, the second for R-FCN.
    dilation : int
        Of the appended convolution.

    """

    def __init__(self, trunk: Trunk, channels: int, dilation: int = 6) -> None:
        super().__init__()
        self.trunk = trunk
        self.feat_conv = nn.Conv2d(trunk.out_channels, channels, 3, padding=dilation,
                                   dilation=dilation)
        nn.init.normal_(self.feat_conv.weight, std=0.01)
        nn.init.zeros_(self.feat_conv.bias)

    def freeze(self, stages: int) -> None:
        """Keep conv1, the first `stages` - 1 residual stages and all normalisation untrained."""
        for module in (self.trunk.conv1, self.trunk.layer1, self.trunk.layer2,
                       self.trunk.layer3, self.trunk.layer4)[:stages]:
            module.requires_grad_(False)
        for module in self.trunk.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.requires_grad_(False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Turn (B, 3, H, W) normalised pixels into f, (B, channels, ceil(H/16), ceil(W/16))."""
        return functional.relu(self.feat_conv(self.trunk(pixels)))
