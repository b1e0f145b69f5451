# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Cuts are found, and nothing else is taken for one."""
from pathlib import Path

import cv2
from impnet_ros.evaluation.scene_cut import is_cut, thumbnail
from impnet_ros.video import open_video
import numpy as np

BLOCKS = np.random.default_rng(0).integers(0, 255, (6, 8, 3), dtype=np.uint8)
SCENE = cv2.resize(BLOCKS, (160, 120), interpolation=cv2.INTER_CUBIC)
OTHER = np.ascontiguousarray(255 - SCENE[::-1])


def test_another_scene_is_a_cut() -> None:
    """Its negative, turned upside down."""
    assert is_cut(thumbnail(SCENE), thumbnail(OTHER))


def test_light_blur_and_motion_are_none() -> None:
    """A third of the light, defocus, a shift by five of 160 pixels; a covered lens."""
    for changed in (SCENE // 3, 255 - (255 - SCENE) // 2, cv2.GaussianBlur(SCENE, (0, 0), 6),
                    np.roll(SCENE, 5, axis=1), np.zeros_like(SCENE)):
        assert not is_cut(thumbnail(SCENE), thumbnail(changed))
        assert not is_cut(thumbnail(changed), thumbnail(SCENE))


def test_real_cuts(bikes: Path) -> None:
    """The five of the clip, seen by eye, and none beside them."""
    small = [thumbnail(np.asarray(frame.image)) for frame in open_video(bikes).frames]
    found = [index for index in range(1, len(small)) if is_cut(small[index - 1], small[index])]
    assert found == [30, 76, 137, 187, 242]
