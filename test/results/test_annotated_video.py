# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Videos of every rate that is taken, and of one run at a time."""
from pathlib import Path

import cv2
from impnet_ros.outputs import unfinished
from impnet_ros.results.annotated_video import AnnotatedVideo, SUFFIXES
import numpy as np
import pytest


@pytest.mark.parametrize('fps', [0.01, 0.0123456, 29.97003, 64.9999, 65.5361, 1000 / 3, 1000.0])
@pytest.mark.parametrize('suffix', SUFFIXES)
def test_rates(tmp_path: Path, suffix: str, fps: float) -> None:
    """Every one within the limits can be written, and is what can be read."""
    path = tmp_path / f'a{suffix}'
    video = AnnotatedVideo(path, fps)
    for _ in range(3):
        video.write(np.zeros((64, 64, 3), np.uint8))
    video.close(whole=True)
    told = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG).get(cv2.CAP_PROP_FPS)
    assert told == pytest.approx(fps, rel=1e-3, abs=5e-4)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize('fps', [1e-320, 0.0099, 1000.1, 1e9])
def test_rates_that_no_video_has(tmp_path: Path, fps: float) -> None:
    """They are refused before the first picture."""
    with pytest.raises(ValueError, match='a.mp4: expected 0.01 to 1000 frames a second'):
        AnnotatedVideo(tmp_path / 'a.mp4', fps)
    assert not list(tmp_path.iterdir())


def test_one_run_at_a_time(tmp_path: Path) -> None:
    """The second is refused; what a killed one left is written over."""
    path = tmp_path / 'a.mp4'
    unfinished(path).write_bytes(b'left')
    video = AnnotatedVideo(path, 30.0)
    for _ in range(2):
        with pytest.raises(ValueError, match='a.mp4: expected a file that no other run writes'):
            AnnotatedVideo(path, 30.0)
        video.write(np.zeros((64, 64, 3), np.uint8))
    video.close(whole=True)
    AnnotatedVideo(path, 30.0).close(whole=True)
    assert list(tmp_path.iterdir()) == [path]
