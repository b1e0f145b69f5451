# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Settings side by side give what each gives alone, with the work on a frame done once."""
from collections import Counter
from itertools import islice

from impnet_ros.config import DetectionConfig
from impnet_ros.data.degradations import CLEAN
from impnet_ros.data.samples import Degradation
from impnet_ros.evaluation.clips.run import run_settings
from impnet_ros.evaluation.clips.settings import parse, PER_FRAME
from impnet_ros.evaluation.clips.shared_frame import sharing_frame
from impnet_ros.evaluation.predict import to_boxes
from impnet_ros.model.nanodet.network import NanoDetNetwork
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.play import play
from impnet_ros.stream.real_time import real_time
from impnet_ros.stream.types import Frame
from impnet_ros.video import open_video
import numpy as np
import pytest
import torch

LOW, HIGH = DetectionConfig(score_threshold=0.05), DetectionConfig(score_threshold=0.2)
SETTINGS = [PER_FRAME, parse('l=3'), parse('l=4 key_offset=2 mode=average'),
            parse('l=2 size=256 mode=sparse box_memory=true')]


class Counting(NanoDetNetwork):
    """Counts what is computed."""

    calls: Counter

    def features(self, picture):
        self.calls['features'] += 1
        return super().features(picture)

    def flow(self, picture, key_picture):
        self.calls['flow'] += 1
        return super().flow(picture, key_picture)

    def motion(self, picture, later):
        self.calls['motion'] += 1
        return super().motion(picture, later)


@pytest.fixture(scope='module')
def images(bikes):
    return [np.asarray(frame.image) for frame in islice(open_video(bikes).frames, 150, 157)]


@pytest.fixture(scope='module')
def network():
    network = Counting.load(torch.device('cpu'))
    network.calls = Counter()
    return network


def test_side_by_side_is_as_alone(network, images):
    frames = [(image, Degradation('defocus') if place == 2 else CLEAN)
              for place, image in enumerate(images)]
    runs, spoilt = run_settings(network, SETTINGS, frames, 20.0, LOW, HIGH)
    assert spoilt == [False, False, True, False, False, False, False]
    for setting in SETTINGS:
        run = runs[setting.name]
        assert len(run.found) == len(run.reported) == len(run.ids) == 7
        for detection, found in ((LOW, run.found), (HIGH, run.reported)):
            alone = sharing_frame(network, setting.size)
            engine = Engine(alone, real_time(setting.stream(20.0), network, 0.05), detection)
            results = [item for _, item in play(engine, (
                Frame(image, place / 20.0) for place, image in enumerate(images)))]
            for one, other in zip(found, results, strict=True):
                assert np.array_equal(one.boxes, to_boxes(other).boxes)
                assert np.array_equal(one.scores, to_boxes(other).scores)
            assert run.keys == sum(item.is_key for item in results)
    assert sum(len(item.scores) for item in runs['per frame'].reported) > 5
    assert runs['l=3'].ids[0] is not None and runs['per frame'].ids[0] is None


def test_the_work_on_a_frame_is_done_once(network, images):
    network.calls.clear()
    run_settings(network, [PER_FRAME, parse('l=1'), parse('l=1 box_memory=false')],
                 [(image, CLEAN) for image in images], 20.0, LOW, HIGH)
    # Flow from each frame to the last for features, motion back for boxes.
    assert network.calls == {'features': 7, 'flow': 6, 'motion': 6}


def test_another_size_of_input_is_for_networks_that_take_it(network, monkeypatch):
    monkeypatch.setattr(network, 'fixed_size', True)
    with pytest.raises(ValueError, match='size: nanodet_g takes pictures of one size only'):
        sharing_frame(network, 256)
