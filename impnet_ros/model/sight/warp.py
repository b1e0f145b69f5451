# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""W: carry a feature along a flow field."""
from impnet_ros.model.device import upload
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
        (B, 2, h, w), (x, y) in feature cells, from the target frame to the key frame; on the
        feature's device or in the host's memory.

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
    flow = upload(flow, feature.device)
    gathers_fast = (feature.device.type == 'cpu' and feature.dtype == flow.dtype
                    and feature.is_contiguous(memory_format=torch.channels_last))
    # A side of one cell has no corners to align: grid_sample would ignore the flow along it.
    if gathers_fast or 1 in feature.shape[2:]:
        return _gather(feature, *_places(flow))
    return _sample(feature.expand(flow.shape[0], -1, -1, -1), *_places(flow))


def warp_where(feature: Tensor, flow: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """
    Warp, at the cells only that can see something wanted: what `warp` gives there.

    A warped cell is a mean of the four cells around the place that the flow points to. Where none
    of them is wanted, the cell is left out; mostly that is nearly all of them.

    Parameters
    ----------
    feature : Tensor
        (1, C, h, w), the key frame's feature.
    flow : Tensor
        (1, 2, h, w), as for `warp`.
    wanted : Tensor
        bool (h + 2, w + 2), the cells of the feature that are wanted, with a border of one cell
        that says whether the zeros outside are.

    Returns
    -------
    values : Tensor
        (C, n), the warped feature.
    cells : Tensor
        int64 (n,), where, counted row by row.

    """
    height, width = flow.shape[2:]
    x, y = (place.flatten() for place in _places(flow))
    # any_of_four[i, j]: whether one of the cells (i - 1, j - 1) .. (i, j) is wanted.
    above = wanted[:-1] | wanted[1:]
    any_of_four = above[:, :-1] | above[:, 1:]
    row = (y.floor().long() + 1).clamp(0, height)
    column = (x.floor().long() + 1).clamp(0, width)
    cells = any_of_four[row, column].nonzero()[:, 0]
    if not len(cells):
        return feature.new_zeros(feature.shape[1], 0), cells
    values = _sample(feature, x[None, None, cells], y[None, None, cells])
    return values[0, :, 0], cells


def _places(flow: Tensor) -> tuple[Tensor, Tensor]:
    """Where each cell's flow points to, x and y in cells, (B, h, w) each."""
    height, width = flow.shape[2:]
    x = torch.arange(width, dtype=flow.dtype, device=flow.device)
    y = torch.arange(height, dtype=flow.dtype, device=flow.device)[:, None]
    return x + flow[:, 0], y + flow[:, 1]


def _sample(feature: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """(B, C, h, w) of a feature at places (B, rows, columns) in cells, zero outside."""
    height, width = feature.shape[2:]
    grid = torch.stack((2 * x / max(width - 1, 1) - 1, 2 * y / max(height - 1, 1) - 1), dim=-1)
    # The eight bits of a bfloat16 place would shift a half-precision feature by parts of a cell.
    kind = torch.promote_types(feature.dtype, grid.dtype)
    sampled = functional.grid_sample(feature.to(kind), grid.to(kind), mode='bilinear',
                                     padding_mode='zeros', align_corners=True)
    return sampled.to(feature.dtype)


def _gather(feature: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """
    Give what `_sample` does by adding up four rows of channels for each place.

    For a feature of the paper's 1024 channels that lies channels last in a CPU's memory this takes
    a fifth of the time, and the result lies channels last again, as convolutions like it.
    """
    batch, channels, height, width = feature.shape
    left, top = x.floor(), y.floor()
    right_share, bottom_share = x - left, y - top
    columns = torch.stack((left, left + 1, left, left + 1), dim=-1)
    rows = torch.stack((top, top, top + 1, top + 1), dim=-1)
    shares = torch.stack(((1 - right_share) * (1 - bottom_share), right_share * (1 - bottom_share),
                          (1 - right_share) * bottom_share, right_share * bottom_share), dim=-1)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    # Neither share nor number means anything outside; a flow that is no number leads there too.
    cells = (torch.where(inside, rows, 0.0).long() * width
             + torch.where(inside, columns, 0.0).long())
    shares = torch.where(inside, shares, 0.0)
    if batch > 1:
        pictures = torch.arange(batch, device=cells.device)[:, None, None, None]
        cells = cells + pictures * (height * width)
    sampled = functional.embedding_bag(
        cells.flatten(0, 2), feature.permute(0, 2, 3, 1).reshape(-1, channels), mode='sum',
        per_sample_weights=shares.to(feature.dtype).flatten(0, 2))
    return sampled.view(*x.shape, channels).permute(0, 3, 1, 2)
