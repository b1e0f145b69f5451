# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Random and hand-made clips with truth, and detections of them."""
from impnet_ros.data.true_clip import BoxRows, TrueClip
from impnet_ros.evaluation.matching import FrameBoxes
import numpy as np


def frame_of(*rows):
    """Make true boxes; rows: left, top, width, height, label, id and, if so, ignored, crowd."""
    boxes = BoxRows()
    for row in rows:
        boxes.add(row[:4], *row[4:])
    return boxes.done()


def found_of(*rows):
    """Make detections; each row: left, top, width, height, label, score."""
    table = np.array(rows, np.float64).reshape(-1, 6)
    boxes = np.concatenate((table[:, :2], table[:, :2] + table[:, 2:4]), axis=1)
    return FrameBoxes(boxes, table[:, 5], table[:, 4].astype(np.int64))


def clip_of(*frames, **others):
    """Make a clip of true boxes without pictures."""
    return TrueClip('made', 24.0, lambda: iter(()), tuple(frames), **others)


def random_scene(seed, frames=12, ignored=0.15, crowd=0.0):
    """Draw true boxes of three classes and detections around and beside them."""
    rng = np.random.default_rng(seed)
    truth, found = [], []
    for _ in range(frames):
        count = int(rng.integers(0, 7))
        true = [(*rng.uniform(0, 300, 2), *rng.uniform(12, 150, 2), int(rng.integers(3)), number,
                 rng.random() < ignored, rng.random() < crowd) for number in range(count)]
        seen = []
        for box in true:
            for _ in range(int(rng.integers(0, 4))):
                shaken = np.array(box[:4]) + rng.normal(0, 0.08, 4) * box[2]
                seen.append((*shaken[:2], *np.maximum(shaken[2:], 4),
                             box[4] if rng.random() < 0.9 else 0, rng.random()))
        for _ in range(int(rng.integers(0, 4))):
            seen.append((*rng.uniform(0, 300, 2), *rng.uniform(12, 150, 2), rng.integers(3),
                         rng.random()))
        truth.append(frame_of(*true))
        found.append(found_of(*seen))
    return truth, found
