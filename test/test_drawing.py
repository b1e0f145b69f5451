# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Drawing shows the boxes where they are and leaves the input alone."""
import cv2
from impnet_ros.drawing import caption, class_color, draw_detections, write_picture
from impnet_ros.stream.types import Detections
import numpy as np
import pytest
import torch


def detections(boxes, **kwargs):
    return Detections(torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
                      torch.full((len(boxes),), 0.9), torch.zeros(len(boxes), dtype=torch.long),
                      stamp_s=0.0, **kwargs)


def test_nothing_seen_leaves_the_picture_as_it_is():
    image = np.full((60, 80, 3), 7, np.uint8)
    drawn = draw_detections(image, detections([], is_key=False), ['cat'])
    np.testing.assert_array_equal(drawn, image)
    assert not np.shares_memory(drawn, image)


def test_box_edges_have_the_class_colour_and_the_input_is_unchanged():
    image = np.zeros((200, 300, 3), np.uint8)[..., ::-1]
    drawn = draw_detections(image, detections([[50, 80, 150, 160]], is_key=False), ['cat'])
    assert tuple(drawn[120, 50]) == class_color(0) and tuple(drawn[160, 100]) == class_color(0)
    assert not drawn[120, 100].any() and not image.any()


def test_boxes_outside_the_picture_do_no_harm():
    image = np.zeros((20, 30, 3), np.uint8)
    boxes = [[-50, -50, -10, -10], [25, 15, 400, 300], [0, 0, 30, 20]]
    assert draw_detections(image, detections(boxes), ['cat'], 'key').shape == (20, 30, 3)


def test_caption_says_key_or_age():
    assert caption(detections([], mean_weight=0.5)) == 'key  w_k 0.50'
    assert caption(detections([], is_key=False, age=-3)) == 'age -3  w_k 1.00'


def test_a_picture_is_written_in_its_colours(tmp_path):
    red = np.zeros((4, 5, 3), np.uint8)
    red[..., 0] = 255
    write_picture(tmp_path / 'red.png', red)
    assert cv2.imread(str(tmp_path / 'red.png'))[0, 0].tolist() == [0, 0, 255]


def test_a_picture_that_has_no_place_says_why(tmp_path):
    full = tmp_path / 'full.png'
    full.symlink_to('/dev/full')
    with pytest.raises(OSError, match='No space left'):
        write_picture(full, np.zeros((4, 5, 3), np.uint8))
