# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Sprites: deterministic, exact boxes and flow, everything drawn inside the frame."""
import cv2
from impnet_ros.data.sprite_motion import Curve, Path
from impnet_ros.data.sprite_scene import cut_out, Scene, Sprite
from impnet_ros.data.sprites import SpriteConfig, SpriteSet
import numpy as np
import pytest

SMALL = SpriteConfig(height=96, width=128, frames=12)


def steady(value):
    none = np.zeros(1)
    return Curve(value, none, none, none)


def test_same_seed_gives_the_same_bytes():
    first, second = SpriteSet(2, 5, SMALL)[1], SpriteSet(9, 5, SMALL)[1]
    for index in (0, 7):
        assert np.array_equal(first.frame(index), second.frame(index))
        assert np.array_equal(first.truth(index).boxes, second.truth(index).boxes)
    assert not np.array_equal(first.frame(0), SpriteSet(2, 6, SMALL)[1].frame(0))


def test_frames_do_not_depend_on_the_order_of_calls():
    video = SpriteSet(1, 5, SMALL)[0]
    forward = [video.frame(index) for index in range(12)]
    backward = [video.frame(index) for index in reversed(range(12))][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(forward, backward))


def test_box_of_a_square_of_known_place():
    outline = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    white = cut_out(np.full((8, 8, 3), 255, np.uint8), np.full((8, 8), 255, np.uint8))
    # Half width 10 about pixel centre 29.5: the pixels 20..39 belong to it.
    path = Path(steady(29.5), steady(29.5), steady(np.log(10.0)), steady(0.0))
    camera = Path(steady(0.0), steady(0.0), steady(0.0), steady(0.0))
    scene = Scene(np.zeros((64, 64, 3), np.uint8), (Sprite(white, outline, path, 0, range(1)),),
                  camera, (60, 60))
    rows, columns = np.nonzero(scene.render(0)[..., 0] > 127)
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (20, 20, 39, 39)


def test_boxes_surround_what_is_drawn():
    video = SpriteSet(1, 3, SpriteConfig(frames=1, most_objects=1, degraded_share=0.0))[0]
    truth = video.truth(0)
    rows, columns = np.nonzero(video.scene.owners(0))
    seen = np.array([columns.min(), rows.min(), columns.max(), rows.max()])
    assert np.abs(truth.boxes[0] - seen).max() <= 1.0


def test_exact_flow_carries_a_frame_onto_another():
    video = SpriteSet(4, 8, SpriteConfig(degraded_share=0.0, frames=9))[2]
    flow = video.flow(2, 6)
    grid = np.stack(np.meshgrid(np.arange(160), np.arange(160)), axis=-1).astype(np.float32)
    carried = cv2.remap(video.frame(6), grid + flow, None, cv2.INTER_LINEAR)
    target = video.frame(2)
    error = np.abs(carried.astype(int) - target).mean(axis=2)
    unmoved = np.abs(video.frame(6).astype(int) - target).mean(axis=2)
    assert np.median(error) <= 4
    assert error.mean() < 0.5 * unmoved.mean()
    assert np.abs(video.flow(3, 3)).max() < 1e-4


def test_degraded_frames_differ_and_clean_ones_do_not():
    video = SpriteSet(20, 2, SpriteConfig(frames=40))[0]
    for index, degradation in enumerate(video.degradations):
        changed = not np.array_equal(video.frame(index), video.clean_frame(index))
        assert changed == (degradation.kind in ('motion_blur', 'defocus', 'low_light'))


def test_all_classes_and_kinds_occur():
    videos = SpriteSet(40, 0, SpriteConfig(frames=20))
    labels = {int(label) for video in (videos[i] for i in range(40))
              for label in video.truth(0).labels}
    kinds = {item.kind for i in range(40) for item in videos[i].degradations}
    assert labels == set(range(6))
    assert kinds == {'none', 'motion_blur', 'defocus', 'low_light', 'occlusion'}


@pytest.mark.parametrize('wrong', [{'height': 8}, {'frames': 0}, {'degraded_share': 1.0},
                                   {'smallest': 0.5, 'largest': 0.4}])
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValueError, match='expected .* got'):
        SpriteConfig(**wrong)


def test_indices_outside_are_refused():
    videos = SpriteSet(1, 0, SMALL)
    with pytest.raises(IndexError, match='expected 0..0, got 1'):
        videos[1]
    with pytest.raises(IndexError, match='expected 0..11, got 12'):
        videos[0].frame(12)
