# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the paper's network sees of an image."""
from impnet_ros.model.paper.picture import input_size, resized
from impnet_ros.model.paper.presets import tiny
import numpy as np
import pytest
import torch


@pytest.mark.parametrize('size, expected', [
    ((600, 1000), (600, 1000)), ((720, 1280), (562, 1000)), ((480, 640), (600, 800)),
    ((1280, 720), (1000, 562)), ((337, 600), (562, 1000)), ((2, 3000), (1, 1000)),
    ((400, 667), (600, 1000))])
def test_resizing_is_the_papers(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert input_size(size, 600, 1000) == expected
    image = np.zeros((*size, 3), np.uint8)
    assert resized(image, 600, 1000).shape == (1, 3, *expected)


def test_normalisation() -> None:
    net = tiny(pixel_deviation=(1.0, 2.0, 4.0), pixel_mean=(10.0, 20.0, 30.0), short_side=32,
               long_side=32, flow_mean=(1.0, 2.0, 3.0))
    image = np.full((32, 32, 3), (50, 60, 70), np.uint8)
    picture = net.prepare(image)
    assert picture.pixels[0, :, 0, 0].tolist() == [50, 60, 70]
    assert picture.normalised[0, :, 0, 0].tolist() == [40, 20, 10]
    torch.testing.assert_close(picture.half[0, :, 3, 3], torch.tensor([49., 58, 67]) / 255)
    assert picture.image_size == (32, 32)


def test_a_picture_keeps_its_own_memory() -> None:
    """A driver may reuse its buffer for the next image."""
    net = tiny(short_side=32, long_side=32)
    image = np.full((32, 32, 3), 50, np.uint8)
    picture = net.prepare(image)
    before = picture.pixels.clone()
    image[:] = 0
    assert picture.pixels.equal(before)
