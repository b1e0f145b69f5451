# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Flow without weights, on pictures whose motion is known."""
import cv2
from impnet_ros.model.sight.dis_flow import (dis_flow, flow_between, flow_in_cells,
                                             flow_of_boxes)
from impnet_ros.model.sight.picture import make_picture
import numpy as np
import pytest
import torch


def _texture(height: int, width: int) -> np.ndarray:
    noise = np.random.default_rng(0).normal(size=(height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.0)
    return np.clip(128 + 60 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def test_same_picture_has_no_flow() -> None:
    """A picture is where it was."""
    grey = _texture(96, 128)
    assert np.abs(dis_flow(grey, grey)).max() < 0.01


def test_flow_points_from_target_to_key() -> None:
    """What is at x in the target was at x + 5, y - 3 in the key picture."""
    big = _texture(140, 180)
    key = big[20:116, 20:148]
    target = big[17:113, 25:153]  # target[y, x] = key[y - 3, x + 5]
    flow = dis_flow(np.ascontiguousarray(target), np.ascontiguousarray(key))
    assert flow.shape == (96, 128, 2) and flow.dtype == np.float32
    inner = flow[16:-16, 16:-16]
    np.testing.assert_allclose(np.median(inner, axis=(0, 1)), (5, -3), atol=0.2)


def test_pictures_are_not_changed_and_calls_are_independent() -> None:
    """The same two pictures give the same flow whatever came between."""
    first, second = _texture(96, 128), np.ascontiguousarray(_texture(96, 128)[::-1])
    kept = first.copy()
    once = dis_flow(first, np.roll(first, 2, axis=1))
    dis_flow(second, first)
    np.testing.assert_array_equal(dis_flow(first, np.roll(first, 2, axis=1)), once)
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize(('size', 'stride', 'expected'), [
    ((26, 40), 4, (1.0, -0.5)), ((13, 20), 8, (0.5, -0.25)), ((104, 160), 1, (4.0, -2.0))])
def test_flow_in_cells(size: tuple[int, int], stride: float,
                       expected: tuple[float, float]) -> None:
    """Four pixels to the right are one cell of four pixels, half a cell of eight."""
    flow = np.empty((104, 160, 2), np.float32)
    flow[:] = (4.0, -2.0)
    cells = flow_in_cells(flow, size, stride)
    assert cells.shape == (1, 2, *size)
    torch.testing.assert_close(cells, torch.tensor(expected)[None, :, None, None].expand_as(cells))


def test_flow_in_cells_is_the_mean() -> None:
    """A cell half of which moves by two pixels moves by one."""
    flow = np.zeros((4, 4, 2), np.float32)
    flow[:2, :, 0] = 2
    torch.testing.assert_close(flow_in_cells(flow, (1, 1), 4).flatten(), torch.tensor([0.25, 0.0]))


def test_cells_that_the_picture_does_not_fill_take_the_flow_at_its_border() -> None:
    """Of 6 x 6 pixels two cells of four a side: the second is half border, not half nothing."""
    flow = np.zeros((6, 6, 2), np.float32)
    flow[:, 4:, 0] = 8
    assert flow_in_cells(flow, (2, 2), 4)[0, 0].tolist() == [[0, 2], [0, 2]]


@pytest.mark.parametrize('size', [(1, 1), (2, 9), (8, 200), (60, 5)])
def test_tiny_pictures_have_a_flow_too(size: tuple[int, int]) -> None:
    """The solver alone refuses them, or gives NaN; a standing picture stands still."""
    grey = _texture(200, 200)[:size[0], :size[1]]
    flow = dis_flow(grey, grey)
    assert flow.shape == (*size, 2) and np.abs(flow).max() < 0.01
    assert np.isfinite(dis_flow(grey, 255 - grey)).all()


def test_the_flow_between_two_pictures_fits_each_level() -> None:
    """Strides count the network's input, of which the grey pictures are half the size."""
    key = _texture(140, 180)[20:116, 20:148]
    grey = np.ascontiguousarray(_texture(140, 180)[20:116, 28:156])  # grey[x] = key[x + 8]
    flow = flow_between(grey, np.ascontiguousarray(key), [(24, 32), (12, 16)], (8, 16))
    for level, size, cells in zip(flow.levels, ((24, 32), (12, 16)), (2.0, 1.0), strict=True):
        assert level.shape == (1, 2, *size)
        assert float(level[0, 0].median()) == pytest.approx(cells, abs=0.05)
    assert flow.scale is None and flow.dense is not None
    assert flow.dense.grey is grey and flow.dense.field.shape == (96, 128, 2)


def test_the_flow_of_boxes_is_coarse_and_right() -> None:
    """A picture moved by 16 and 8 pixels: two cells and one on the median, and in most places."""
    big = np.repeat(_texture(300, 400)[..., None], 3, axis=2)
    views = [np.ascontiguousarray(big[top:top + 256, left:left + 320])
             for top, left in ((8, 16), (0, 0))]
    here, later = (make_picture(view, (256, 320)) for view in views)
    flow = flow_of_boxes(here, later)
    [level] = flow.levels
    assert level.shape == (1, 2, 32, 40)
    inner = level[0, :, 4:-4, 4:-4].flatten(1)
    torch.testing.assert_close(inner.median(dim=1).values, torch.tensor([2.0, 1.0]), rtol=0,
                               atol=0.05)
    assert ((inner - torch.tensor([[2.0], [1.0]])).abs() < 0.3).float().mean() > 0.75
