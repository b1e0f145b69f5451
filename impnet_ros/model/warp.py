# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""W: carry a feature along a flow field."""
import torch
from torch import Tensor
from torch.nn import functional


def warp(feature: Tensor, flow: Tensor) -> Tensor:
    """
    Sample `feature` bilinearly where `flow` points to.

    out[y, x] = feature[y + flow_y, x + flow_x], zero outside; a zero flow is the identity. With
    align_corners the normalisation is by W - 1 and H - 1: dividing by W, or leaving
    align_corners out, would shift the feature at zero flow.

    Parameters
    ----------
    feature : Tensor
        (B, C, h, w), the key frame's feature; B may be 1 for a whole batch of flows.
    flow : Tensor
        (B, 2, h, w), (x, y) in feature cells, from the target frame to the key frame.

    Returns
    -------
    Tensor
        (B, C, h, w), the feature aligned with the target frame.

    Raises
    ------
    ValueError
        If the flow is not (B, 2, h, w) over the feature's h x w.

    """
    if flow.ndim != 4 or flow.shape[1] != 2 or flow.shape[2:] != feature.shape[2:]:
        raise ValueError(f'flow: expected (B, 2, {feature.shape[2]}, {feature.shape[3]}), '
                         f'got {tuple(flow.shape)}')
    batch, _, height, width = flow.shape
    x = torch.arange(width, dtype=flow.dtype, device=flow.device)
    y = torch.arange(height, dtype=flow.dtype, device=flow.device)[:, None]
    grid = torch.stack((2 * (x + flow[:, 0]) / max(width - 1, 1) - 1,
                        2 * (y + flow[:, 1]) / max(height - 1, 1) - 1), dim=-1)
    return functional.grid_sample(feature.expand(batch, -1, -1, -1), grid.to(feature.dtype),
                                  mode='bilinear', padding_mode='zeros', align_corners=True)
