# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Curves of fixed and adaptive schedules."""
import json

import cv2
from impnet_ros.cli import main
from impnet_ros.evaluation.schedules import gains, scenes
from impnet_ros.model.network import load_network
from impnet_ros.video import open_video
import numpy as np
import pytest


def row(schedule, keys, ap50, clip='clip'):
    return {'clip': clip, 'schedule': schedule, 'keys_per_frame': keys, 'ap50': ap50}


def test_gain_at_equal_key_frames():
    """Fixed is the line 40 + 100 x; adaptive is 3 above it at 0.15, 5 at 0.35, then falls."""
    rows = [row('fixed', 0.1, 50.0), row('fixed', 0.5, 90.0), row('adaptive', 0.15, 58.0),
            row('adaptive', 0.35, 80.0), row('adaptive', 0.7, 95.0),
            row('fixed', 0.1, 50.0, 'other')]
    found = gains(rows)
    assert list(found) == ['clip']
    difference, low, high = found['clip']
    assert (low, high) == (0.15, 0.5)
    end = 80 + 15 * (0.15 / 0.35) - 90
    assert difference == pytest.approx((0.2 * (3 + 5) / 2 + 0.15 * (5 + end) / 2) / 0.35, abs=0.1)


def test_scenes_end_at_cuts():
    rng = np.random.default_rng(0)
    pictures = [cv2.resize(rng.integers(0, 255, (6, 8, 3), np.uint8), (64, 48))
                for _ in range(3)]
    images = [pictures[0]] * 30 + [pictures[1]] * 10 + [pictures[2]] * 24
    assert list(scenes(load_network('nanodet_g', 'cpu', 'torch'), images)) == [(0, 30), (40, 64)]


def test_real_cuts(bikes):
    """The five of the clip, seen by eye, and none beside them."""
    images = [np.asarray(frame.image) for frame in open_video(bikes).frames]
    found = list(scenes(load_network('nanodet_g', 'cpu', 'torch'), images))
    assert found == [(0, 30), (30, 76), (76, 137), (137, 187), (187, 242)]


def test_the_command_writes_figures_and_curves(tmp_path, capsys):
    noise = np.random.default_rng(0).integers(0, 255, (26, 60, 90, 3), np.uint8)
    for number in range(26):
        picture = cv2.GaussianBlur(noise[0], (0, 0), 5)
        cv2.imwrite(str(tmp_path / f'{number:02d}.png'), np.roll(picture, number, axis=1))
    figures, curves = tmp_path / 'out' / 'figures.json', tmp_path / 'out' / 'curves.png'
    assert main(['schedule-curve', str(tmp_path), '--sequences', '1', '--frames', '8', '--l', '2',
                 '4', '--thresholds', '0', '--l-min', '4', '--l-max', '5', '--json',
                 str(figures), '--plot', str(curves)]) == 0
    rows = json.loads(figures.read_text())['rows']
    assert [item['keys_per_frame'] for item in rows] == [0.5, 0.25, 0.25]
    assert [(item['schedule'], item['l'], item['doubt_threshold']) for item in rows] == [
        ('fixed', 2, None), ('fixed', 4, None), ('adaptive', None, 0.0)]
    assert cv2.imread(str(curves)) is not None


def test_clips_or_sprites(capsys):
    assert main(['schedule-curve']) == 2
    assert 'expected clips or --sprites N' in capsys.readouterr().err
    assert main(['schedule-curve', 'clip.mp4', '--sprites', '2']) == 2
    assert 'expected clips or --sprites N, one of the two' in capsys.readouterr().err
    assert main(['schedule-curve', 'clip.mp4', '--model', 'tiny']) == 2
    assert 'no such video, folder or bag: clip.mp4' in capsys.readouterr().err
