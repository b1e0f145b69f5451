# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Warping only where something can be found gives what warping everything gives."""
from impnet_ros import DetectionConfig, load_network
from impnet_ros.model.levels import Flow, Levels
from impnet_ros.model.nanodet.detector import CHANNELS, CLASSES
from impnet_ros.model.sight.warp import warp, warp_where
import pytest
import torch
from torch.nn import functional


def bordered(inside, border=False):
    return functional.pad(inside, (1, 1, 1, 1), value=border)


def random_flow(generator, height, width, pixels):
    return pixels * torch.randn(1, 2, height, width, generator=generator)


@pytest.mark.parametrize(('flow', 'cells'), [
    ((0, 0), [5, 6, 9, 10]),      # at (1, 1), (1, 2), (2, 1), (2, 2)
    ((1, 0), [4, 5, 8, 9]),       # what is at x + 1 comes to x
    ((0.5, 0), [4, 5, 6, 8, 9, 10]),
    ((0, -2), [13, 14]),          # one wanted row has left the picture
    ((40, 0), []),
])
def test_only_cells_that_see_something_wanted(flow, cells):
    """The wanted cells of a 4 x 4 feature are the inner four; zero flow sees a cell itself."""
    wanted = torch.zeros(4, 4, dtype=torch.bool)
    wanted[1:3, 1:3] = True
    feature = torch.arange(32.0).view(1, 2, 4, 4)
    field = torch.tensor(flow, dtype=torch.float32).view(1, 2, 1, 1).expand(1, 2, 4, 4)
    values, found = warp_where(feature, field, bordered(wanted))
    assert set(cells) <= set(found.tolist())
    # Cells that touch a wanted one with weight zero may be among them, no others.
    assert len(found) <= 9
    torch.testing.assert_close(values, warp(feature, field).flatten(2)[0][:, found])


def test_nothing_wanted_and_all_wanted():
    generator = torch.Generator().manual_seed(0)
    feature, flow = torch.randn(1, 3, 5, 7, generator=generator), random_flow(generator, 5, 7, 3)
    values, cells = warp_where(feature, flow, torch.zeros(7, 9, dtype=torch.bool))
    assert values.shape == (3, 0) and len(cells) == 0
    values, cells = warp_where(feature, flow, torch.ones(7, 9, dtype=torch.bool))
    assert cells.tolist() == list(range(35))
    torch.testing.assert_close(values, warp(feature, flow).flatten(2)[0])


def test_zeros_outside_may_be_wanted():
    outside = bordered(torch.zeros(3, 3, dtype=torch.bool), border=True)
    _, cells = warp_where(torch.ones(1, 1, 3, 3), torch.full((1, 2, 3, 3), -9.0), outside)
    assert cells.tolist() == list(range(9))


def random_levels(generator, scale):
    """Levels of an image of 96 x 64 pixels; scale tells how many logits are high."""
    levels = []
    for height, width in ((8, 12), (4, 6), (2, 3)):
        level = torch.randn(1, CHANNELS, height, width, generator=generator)
        level[:, :CLASSES] *= scale
        levels.append(level)
    return Levels(tuple(levels), (64, 96))


@pytest.mark.parametrize('threshold', [0.0, 0.0005, 0.001, 0.05, 0.35, 0.9, 1.0])
@pytest.mark.parametrize('scale', [0.1, 3.0])
@pytest.mark.parametrize('pixels', [0.0, 0.4, 5.0])
def test_same_detections_as_the_whole_warp(threshold, scale, pixels):
    """For thresholds below and above what is outside of the picture (a score of 0.001)."""
    network, detection = load_network('nanodet_g', 'cpu'), DetectionConfig(threshold, 0.6, 300)
    generator = torch.Generator().manual_seed(7)
    levels = random_levels(generator, scale)
    flow = Flow(tuple(random_flow(generator, *level.shape[2:], pixels) for level in levels.maps))
    expected = network.task(network.propagate(levels, flow), None, detection)
    found = network.task(levels, flow, detection)
    for one, other in zip(expected, found, strict=True):
        torch.testing.assert_close(other, one, rtol=0, atol=1e-4)
    assert bool((found[1] >= threshold).all()) and len(found[1]) <= 300
