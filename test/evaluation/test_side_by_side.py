# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The video of the detector alone and this package, as `make demo` makes it, of a few frames."""
from pathlib import Path
import subprocess
import sys

import cv2
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


def test_a_video_and_an_excerpt(bikes: Path, tmp_path: Path) -> None:
    """Two halves of one width, all frames, and what was found on both sides in words."""
    out, excerpt = tmp_path / 'new' / 'side.mp4', tmp_path / 'side.webp'
    said = subprocess.run(
        [sys.executable, ROOT / 'tools' / 'side_by_side.py', '--clip', bikes, '--out', out,
         '--frames', '118', '126', '--excerpt', excerpt, '--of', '0', '8'],
        check=True, capture_output=True, text=True).stdout
    assert 'objects found at' in said and 'detector alone, every frame' in said
    video = cv2.VideoCapture(str(out))
    sizes = [int(video.get(what)) for what in (cv2.CAP_PROP_FRAME_COUNT,
                                               cv2.CAP_PROP_FRAME_WIDTH)]
    assert sizes == [8, 960]
    with Image.open(excerpt) as image:
        assert image.n_frames == 4
