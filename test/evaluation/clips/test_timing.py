# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Each setting does all its own work, however many others there are."""
from collections import Counter
from itertools import islice

from impnet_ros.config import DetectionConfig
from impnet_ros.evaluation.clips.settings import parse, PER_FRAME
from impnet_ros.evaluation.clips.timing import frame_times
from impnet_ros.model.nanodet.network import NanoDetNetwork
from impnet_ros.video import open_video
import numpy as np
import torch


class Counting(NanoDetNetwork):
    """Counts the pictures that it looks at."""

    looks = Counter()

    def features(self, picture):
        self.looks[picture.size] += 1
        return super().features(picture)


def test_nothing_is_shared_and_sparse_frames_are_cheaper(bikes):
    network = Counting.load(torch.device('cpu'))
    images = [np.asarray(frame.image) for frame in islice(open_video(bikes).frames, 150, 162)]
    settings = [PER_FRAME, parse('l=4 glance=off'), parse('size=256 l=3 glance=off')]
    times = frame_times(network, settings, images, 20.0, DetectionConfig())
    own, small = (network.input_size(images[0].shape[:2], side) for side in (None, 256))
    assert network.looks == {own: 12 + 3, small: 4}
    assert 0 < times['l=4 glance=off'] < times['per frame']
