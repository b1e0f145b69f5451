# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Position-sensitive pooling against a loop with MSRA's rounding, and beside torchvision's."""
import math

from impnet_ros.model.paper.ps_roi_pool import cells_of_bins, ps_roi_pool, to_bin_major
import pytest
import torch
from torchvision import ops


def reference(maps: torch.Tensor, rois: torch.Tensor, bins: int, scale: float) -> torch.Tensor:
    """Pool cell by cell, as MSRA's operator is documented: round, scale, then cut into bins."""
    _, channels, height, width = maps.shape
    values = channels // bins ** 2
    out = torch.zeros(len(rois), values, bins, bins)
    for n, (picture, *corners) in enumerate(rois.tolist()):
        x1, y1, x2, y2 = (math.floor(value + 0.5) for value in corners)
        left, top = x1 * scale, y1 * scale
        wide, high = max((x2 + 1) * scale - left, .1), max((y2 + 1) * scale - top, .1)
        for row in range(bins):
            for column in range(bins):
                y = range(max(math.floor(top + row * high / bins), 0),
                          min(math.ceil(top + (row + 1) * high / bins), height))
                x = range(max(math.floor(left + column * wide / bins), 0),
                          min(math.ceil(left + (column + 1) * wide / bins), width))
                for value in range(values):
                    cells = maps[int(picture), (value * bins + row) * bins + column]
                    if len(y) and len(x):
                        out[n, value, row, column] = cells[y.start:y.stop, x.start:x.stop].mean()
    return out


def random_rois(count: int, pictures: int, size: float) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    corner = torch.rand(count, 2, generator=generator) * size
    side = torch.rand(count, 2, generator=generator) ** 2 * size
    boxes = torch.cat((corner, corner + side), dim=1).clamp(max=size)
    return torch.cat((torch.arange(count)[:, None] % pictures, boxes), dim=1)


@pytest.mark.parametrize('scale', [1 / 16, 1 / 8])
def test_against_the_loop(scale: float) -> None:
    maps = torch.randn(2, 3 * 49, 13, 14, generator=torch.Generator().manual_seed(0))
    rois = random_rois(12, 2, 200.0)
    rois = torch.cat((rois, torch.tensor([[0., 50, 60, 40, 20], [1, 219, 203, 219, 203],
                                          [0, 0, 0, 223, 207]])))
    torch.testing.assert_close(ps_roi_pool(maps, rois, 7, scale),
                               reference(maps, rois, 7, scale), rtol=0, atol=1e-5)


def test_by_hand() -> None:
    """A box over the whole 2x2 map with 2x2 bins: each bin reads one cell of its own channel."""
    maps = torch.arange(16.).view(1, 4, 2, 2)
    roi = torch.tensor([[0., 0, 0, 31, 31]])
    assert ps_roi_pool(maps, roi, 2, 1 / 16).flatten().tolist() == [0, 5, 10, 15]


def test_outside_the_map_is_zero() -> None:
    roi = torch.tensor([[0., 500, 500, 600, 600]])
    assert ps_roi_pool(torch.ones(1, 49, 5, 5), roi).eq(0).all()


def test_beside_torchvision() -> None:
    """
    Equal channel order, other rounding.

    Equal where neither rounds: a box of whole bins whose last row and column torchvision drops
    does not touch the map's border.
    """
    maps = torch.randn(1, 2 * 49, 20, 20, generator=torch.Generator().manual_seed(1))
    roi = torch.tensor([[0., 16, 32, 16 + 14 * 16 - 1, 32 + 14 * 16 - 1]])
    theirs = torch.cat((roi[:, :3], roi[:, 3:] + 1), dim=1)
    torch.testing.assert_close(ps_roi_pool(maps, roi),
                               ops.ps_roi_pool(maps, theirs, 7, 1 / 16))
    rois = random_rois(40, 1, 300.0)
    ours, other = ps_roi_pool(maps, rois), ops.ps_roi_pool(maps, rois, 7, 1 / 16)
    votes, other_votes = ours.mean(dim=(2, 3)), other.mean(dim=(2, 3))
    assert (votes - other_votes).abs().mean() > 0.005  # so torchvision's cannot stand in
    assert torch.corrcoef(torch.stack((votes.flatten(), other_votes.flatten())))[0, 1] > 0.5


def test_gradient_is_spread_over_the_cells() -> None:
    maps = torch.randn(1, 4, 3, 4, dtype=torch.double, requires_grad=True)
    rois = torch.tensor([[0., 3, 5, 40, 30], [0, 20, 2, 60, 47]], dtype=torch.double)
    assert torch.autograd.gradcheck(lambda x: ps_roi_pool(x, rois, 2, 1 / 16), (maps,))


def test_cells_by_hand() -> None:
    """One box of 2 x 2 cells in a feature of 3 x 4, two bins a side: a cell each."""
    cells = cells_of_bins(torch.tensor([[1., 16, 16, 47, 47]]), 2, 1 / 16, (3, 4))
    assert cells.counts.tolist() == [1, 1, 1, 1] and cells.offsets.tolist() == [0, 1, 2, 3]
    places = [(12 + row * 4 + column) * 4 + number for number, (row, column)
              in enumerate([(1, 1), (1, 2), (2, 1), (2, 2)])]
    assert cells.rows.tolist() == places


def test_no_box() -> None:
    assert ps_roi_pool(torch.ones(1, 49, 5, 5), torch.zeros(0, 5)).shape == (0, 1, 7, 7)


def test_bin_major() -> None:
    maps = torch.arange(12.).view(1, 12, 1, 1)  # 3 values of 4 bins
    assert to_bin_major(maps, 4).flatten().tolist() == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]
