# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
NanoDet-g, the compact detector of the default model: N_feat and a linear N_task.

Architecture of RangiLyu/nanodet (Apache-2.0), config `nanodet-g`, with batch normalisation folded
into 34 plain convolutions: stem, four CSP stages, a path-aggregation pyramid (PAN), one head a
level. The weights come from `impnet_ros.model.nanodet.importing`.
"""
from collections.abc import Sequence

import torch
from torch import nn, Tensor
from torch.nn import functional

CLASSES = 80
"""COCO-80, see `impnet_ros.labels`."""

BINS = 11
"""Bins of the distribution of each box side, in strides: 0..10."""

STRIDES = (8, 16, 32)
"""Pixels of the input a cell, one a level."""

INPUT_SIZE = 416
"""Side of the square input in pixels, as trained; other shapes of its area cost the same."""

CHANNELS = CLASSES + 4 * BINS
"""Outputs a cell: class logits, then bins of the left, top, right and bottom side."""

_WIDTH = 128
_STAGES = ((32, 1, 1), (64, 2, 2), (128, 2, 2), (256, 2, 3))  # width, stride, inner blocks


class ConvLeaky(nn.Conv2d):
    """A convolution that keeps the size at stride 1, then LeakyReLU with slope 0.1."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, 3, stride, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) -> (B, outputs, h / stride, w / stride)."""
        return functional.leaky_relu(super().forward(x), 0.1, inplace=True)


class Block(nn.Module):
    """Inner block: two 3x3 of half the width; the second one's output in front of the first's."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = ConvLeaky(width, width // 2)
        self.second = ConvLeaky(width // 2, width // 2)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, h, w) -> the same shape."""
        first = self.first(x)
        return torch.cat((self.second(first), first), dim=1)


class Stage(nn.Module):
    """CSP stage: a 3x3 with the stride, blocks, a 3x3; that in front of the entry's output."""

    def __init__(self, inputs: int, width: int, stride: int, blocks: int) -> None:
        super().__init__()
        self.entry = ConvLeaky(inputs, width, stride)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(blocks)))
        self.exit = ConvLeaky(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) -> (B, 2 width, h / stride, w / stride)."""
        entry = self.entry(x)
        return torch.cat((self.exit(self.blocks(entry)), entry), dim=1)


class Pan(nn.Module):
    """Three levels of one width, each told of the coarser ones (down) and the finer ones (up)."""

    def __init__(self, inputs: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.laterals = nn.ModuleList(nn.Conv2d(count, width, 1) for count in inputs)

    def forward(self, stages: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """(B, inputs_i, h_i, w_i), each half as large as the last -> (B, width, h_i, w_i)."""
        fine, middle, coarse = (
            lateral(x) for lateral, x in zip(self.laterals, stages, strict=True))
        middle = middle + functional.interpolate(coarse, scale_factor=2.0, mode='bilinear')
        fine = fine + functional.interpolate(middle, scale_factor=2.0, mode='bilinear')
        # Bilinear resizing by exactly 1/2 is the mean of each 2x2 cells.
        middle = middle + functional.avg_pool2d(fine, 2)
        coarse = coarse + functional.avg_pool2d(middle, 2)
        return fine, middle, coarse


class Head(nn.Module):
    """One level's head: 3x3 and LeakyReLU, then a 1x1 whose bias is kept apart."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.conv = ConvLeaky(width, width)
        self.linear = nn.Conv2d(width, outputs, 1, bias=False)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, h, w) -> (B, outputs, h, w), without the bias."""
        output: Tensor = self.linear(self.conv(x))
        return output

    def add_bias(self, x: Tensor) -> Tensor:
        """(B, outputs, h, w) without the bias -> with it: logits."""
        return x + self.bias[:, None, None]


class NanoDet(nn.Module):
    """
    The whole detector up to the bias of its last convolutions.

    That place is where the stream splits it: everything after (bias, sigmoid, boxes) is N_task.
    Warp and fusion are linear and act on each channel alone, a 1x1 convolution acts on each cell
    alone, so carrying its CHANNELS outputs gives what carrying the 128 channels before it would,
    and saves the convolution on every frame. The bias must stay behind: where the warp looks
    outside the picture it gives zero, and a zero feature has the bias as its output.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvLeaky(3, 32, stride=2)
        widths = [32, *(2 * width for width, _, _ in _STAGES)]
        self.stages = nn.ModuleList(
            Stage(inputs, *stage) for inputs, stage in zip(widths, _STAGES, strict=False))
        self.pan = Pan(tuple(widths[2:]), _WIDTH)
        self.heads = nn.ModuleList(Head(_WIDTH, CHANNELS) for _ in STRIDES)

    def add_biases(self, levels: Sequence[Tensor]) -> list[Tensor]:
        """(B, CHANNELS, h_i, w_i) a level without its bias -> with it: logits."""
        heads = [head for head in self.heads if isinstance(head, Head)]
        return [head.add_bias(level) for head, level in zip(heads, levels, strict=True)]

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """
        Compute the outputs of each level's last convolution without its bias.

        Parameters
        ----------
        x : Tensor
            (B, 3, H, W), BGR, normalised; H and W multiples of 32, trained at 416.

        Returns
        -------
        tuple of Tensor
            (B, CHANNELS, H / s, W / s) for s in STRIDES.

        """
        x = functional.max_pool2d(self.stem(x), 3, stride=2, padding=1)
        stages = []
        for stage in self.stages:
            x = stage(x)
            stages.append(x)
        levels = self.pan(tuple(stages[1:]))
        return tuple(head(level) for head, level in zip(self.heads, levels, strict=True))

    def raw_outputs(self, x: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """
        Compute what the original graph gives.

        Parameters
        ----------
        x : Tensor
            (B, 3, H, W), as for `forward`.

        Returns
        -------
        tuple of Tensor
            Class scores after the sigmoid, (B, h * w, CLASSES) a level.
        tuple of Tensor
            Bins of the box sides before the softmax, (B, h * w, 4 * BINS) a level.

        """
        outputs = [level.flatten(2).transpose(1, 2) for level in self.add_biases(self(x))]
        return (tuple(output[..., :CLASSES].sigmoid() for output in outputs),
                tuple(output[..., CLASSES:] for output in outputs))
