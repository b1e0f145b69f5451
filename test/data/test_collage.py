# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Scenes of cut-outs: what is drawn is where the truth says."""
from itertools import islice
from pathlib import Path
import subprocess
import sys

import cv2
from impnet_ros.data.coco_video import open_coco_video
from impnet_ros.data.collage import Collage, cut_out, CutOut, draw_walk, Walk
from impnet_ros.labels import COCO_80
from impnet_ros.video import open_video
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
NONE = np.zeros(2)


def walk(x, y, scale=1.0, velocity=(0, 0), growth=0.0, sway=(0, 0)):
    return Walk(np.array([x, y], float), np.array(velocity, float), np.array(sway, float), 1.3,
                0.4, scale, growth)


def block(width, height, colour=(255, 0, 0)):
    """Make an opaque object of one colour that fills its picture."""
    return CutOut(np.full((height, width, 3), colour, np.uint8),
                  np.ones((height, width, 1), np.float32), np.array([0., 0, width, height]), 3)


def extent(image):
    """Give x1 y1 x2 y2 of what is more red than not."""
    rows, columns = np.nonzero(image[..., 0] > 127)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


@pytest.mark.parametrize('camera', [
    walk(100, 80), walk(90, 85, 1.3, growth=0.2, velocity=(9, 3), sway=(8, 5))])
@pytest.mark.parametrize('scale', [0.3, 1.0, 2.2])
def test_boxes_are_where_the_object_is_drawn(camera, scale):
    actor = [block(30, 20)], walk(100, 75, scale, velocity=(20, -6), growth=0.1)
    scene = Collage(np.zeros((160, 200, 3), np.uint8), [actor], camera, (100, 140), 10.0)
    places = []
    for index in range(0, 12, 3):
        image, truth = scene.frame(index)
        assert truth.labels.tolist() == [3] and truth.ids.tolist() == [0]
        assert truth.boxes[0] == pytest.approx(extent(image), abs=0.75)
        places.append(truth.boxes[0, 0])
    assert len(set(places)) == 4


def test_by_hand():
    """A camera that shows all twice as large: (50, 40) of the background is in the middle."""
    scene = Collage(np.zeros((80, 100, 3), np.uint8), [([block(10, 6)], walk(60, 40))],
                    walk(50, 40, 2.0), (60, 120), 10.0)
    assert scene.frame(0)[1].boxes.tolist() == [[70, 24, 90, 36]]


def test_what_is_hidden_or_mostly_outside_is_ignored_and_what_left_is_gone():
    actors = [([block(20, 20)], walk(50, 40)), ([block(20, 20)], walk(54, 44)),
              ([block(20, 20)], walk(2, 40)), ([block(20, 20)], walk(-30, 40)),
              ([block(20, 20)], walk(98, 40))]
    scene = Collage(np.zeros((80, 100, 3), np.uint8), actors, walk(50, 40), (80, 100), 10.0)
    truth = scene.frame(0)[1]
    # The first one is behind 16 x 16 of 20 x 20; of the third 12 of 20 columns are inside.
    assert truth.ids.tolist() == [0, 1, 2, 4]
    assert truth.ignored.tolist() == [True, False, False, False]
    assert truth.boxes[2].tolist() == [0, 30, 12, 50]


def test_a_cut_out_is_opaque_inside_its_box_and_fades_outside():
    image = np.random.default_rng(0).integers(0, 255, (100, 100, 3), np.uint8)
    item = cut_out(image, np.array([40., 20, 80, 60]), 5)
    assert item.pixels.shape[:2] == item.opacity.shape[:2] == (52, 52)
    assert item.box.tolist() == [6, 6, 46, 46] and item.label == 5
    assert np.array_equal(item.pixels, image[14:66, 34:86])
    assert (item.opacity[6:46, 6:46] == 1).all() and item.opacity[0].max() < 0.2
    assert cut_out(image, np.array([0., 0, 100, 100]), 5).opacity.min() == 1


def test_pictures_take_turns():
    pictures = [block(10, 10, (200, green, 0)) for green in (0, 100, 200)]
    scene = Collage(np.zeros((60, 60, 3), np.uint8), [(pictures, walk(30, 30))], walk(30, 30),
                    (60, 60), 10.0)
    assert [int(scene.frame(index)[0][30, 30, 1]) for index in range(6)] == [
        0, 100, 200, 100, 0, 100]


def test_walks_are_drawn_by_seed():
    first, again = (draw_walk(np.random.default_rng(4), NONE, 50.0, 1.0) for _ in range(2))
    assert np.array_equal(first.at(0.7)[0], again.at(0.7)[0])


@pytest.mark.slow
def test_the_tool_makes_clips_that_can_be_measured(bikes, tmp_path):
    folder = tmp_path / 'cars'
    (folder / 'img1').mkdir(parents=True)
    (folder / 'gt').mkdir()
    frame = np.asarray(next(islice(open_video(bikes).frames, 150, None)).image)
    cv2.imwrite(str(folder / 'img1' / '1.png'), cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    (folder / 'gt' / 'gt.txt').write_text('1,1,296,112,102,71,1,3,1\n1,2,372,116,61,36,1,3,1\n')
    (tmp_path / 'grey').mkdir()
    cv2.imwrite(str(tmp_path / 'grey' / '0.png'), np.full((180, 320, 3), 110, np.uint8))
    subprocess.run([sys.executable, ROOT / 'tools' / 'collage_clips.py', tmp_path / 'out', folder,
                    '--background', tmp_path / 'grey', '--sides', '50', '90', '--frames', '3',
                    '--scenes', '1', '--objects', '2'], check=True, cwd=ROOT)
    clips = open_coco_video(tmp_path / 'out' / 'truth.json', COCO_80, {})
    assert [clip.name for clip in clips] == ['static_0', 'moving_0']
    for clip in clips:
        assert len(list(clip.images())) == len(clip.truth) == 3 and clip.fps == 25.0
        assert sum(len(item.ids) for item in clip.truth) >= 3
