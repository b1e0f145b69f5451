# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
R-FCN: position-sensitive score maps, voted on within each proposal.

Dai et al., "R-FCN: Object Detection via Region-based Fully Convolutional Networks", 2016. Boxes
are class-agnostic: eight values a bin, of which the last four are the object's.
"""
from typing import Literal

from impnet_ros.model.paper.ps_roi_pool import cells_of_bins, pool_bins
from torch import nn, Tensor
from torch.nn import functional
from torchvision.ops import ps_roi_align

BINS = 7
Pooling = Literal['ps_roi_pool', 'ps_roi_align']


class PositionSensitive(nn.Conv2d):
    """
    A 1x1 convolution to D values for each of the 7 x 7 bins.

    The weights lie value-major (D, 7, 7), as published ones do. The output is bin-major, which is
    how pooling reads it: reordering the weights is 20 times cheaper than reordering the maps.

    Parameters
    ----------
    channels, values : int
        Of the feature; D.

    """

    def __init__(self, channels: int, values: int) -> None:
        super().__init__(channels, values * BINS * BINS, 1)
        self.values = values
        nn.init.normal_(self.weight, std=0.01)
        assert self.bias is not None
        nn.init.zeros_(self.bias)

    def forward(self, feature: Tensor) -> Tensor:
        """Turn (B, channels, h, w) into maps (B, 7 * 7 * D, h, w), bin-major."""
        weight, bias = (tensor.unflatten(0, (self.values, -1)).transpose(0, 1).flatten(0, 1)
                        for tensor in (self.weight, self.bias))
        return functional.conv2d(feature, weight, bias)


class RFCN(nn.Module):
    """
    Score maps and box maps, and the vote within each proposal.

    Parameters
    ----------
    channels : int
        Of its half of the feature, 512 in the paper.
    classes : int
        Without the background, which is added in front as class 0.
    pooling : str
        'ps_roi_pool' (MSRA's rounding) or 'ps_roi_align' (torchvision's, without rounding).

    """

    def __init__(self, channels: int, classes: int, pooling: Pooling = 'ps_roi_pool') -> None:
        super().__init__()
        self.cls = PositionSensitive(channels, classes + 1)
        self.bbox = PositionSensitive(channels, 8)
        self.pooling = pooling

    def forward(self, feature: Tensor) -> tuple[Tensor, Tensor]:
        """Turn (B, channels, h, w) into score maps and box maps, both bin-major."""
        return self.cls(feature), self.bbox(feature)

    def vote(self, score_maps: Tensor, box_maps: Tensor, rois: Tensor,
             stride: int = 16) -> tuple[Tensor, Tensor]:
        """
        Average the bins of each proposal.

        Parameters
        ----------
        score_maps, box_maps : Tensor
            (B, 49 (classes + 1), h, w), (B, 49 * 8, h, w), bin-major, of `forward`.
        rois : Tensor
            (N, 5): picture in the batch, x1, y1, x2, y2 in pixels of the network's input.
        stride : int
            Pixels a feature cell.

        Returns
        -------
        scores, deltas : Tensor
            (N, classes + 1), (N, 8).

        """
        if self.pooling == 'ps_roi_pool':
            size = score_maps.shape[2], score_maps.shape[3]
            cells = cells_of_bins(rois, BINS, 1 / stride, size)
            return (pool_bins(score_maps, cells, BINS).mean(dim=1),
                    pool_bins(box_maps, cells, BINS).mean(dim=1))
        rois = rois.to(score_maps.dtype)
        scores, deltas = (
            ps_roi_align(maps.unflatten(1, (BINS * BINS, -1)).transpose(1, 2).flatten(1, 2), rois,
                         BINS, 1 / stride).mean(dim=(2, 3)) for maps in (score_maps, box_maps))
        return scores, deltas
