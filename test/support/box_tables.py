# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Remembered boxes in a picture of 10 x 20 cells of 8 pixels, written as tables."""
from impnet_ros.config import DetectionConfig
from impnet_ros.model.levels import Flow
from impnet_ros.stream.boxes.memory import merge, no_tracks
from impnet_ros.stream.boxes.sighting import Sighting
import torch

SIZE = (80, 160)
DETECTION = DetectionConfig(score_threshold=0.3, nms_threshold=0.5)


def uniform_flow(x, y):
    """Give a flow of so many cells everywhere, on 10 x 20 cells."""
    field = torch.tensor([x, y], dtype=torch.float32).reshape(1, 2, 1, 1).expand(1, 2, 10, 20)
    return Flow((field,))


def sighting_of(table, stamp_s, **how):
    return Sighting(table[:, :4], table[:, 4], table[:, 5].long(), stamp_s, **how)


def tracks_of(*rows, stamp_s=0.0):
    """Each row: x1, y1, x2, y2, score, label."""
    table = torch.tensor(rows, dtype=torch.float32).reshape(-1, 6)
    return merge(no_tracks(stamp_s), sighting_of(table, stamp_s), 1.0, DETECTION)


def met(carried, *rows, stamp_s=0.0, lifetime_s=1.0):
    table = torch.tensor(rows, dtype=torch.float32).reshape(-1, 6)
    return merge(carried, sighting_of(table, stamp_s), lifetime_s, DETECTION)
