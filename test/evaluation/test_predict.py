# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Running networks over videos: frame order, shared work, the command."""
import json
import math

from impnet_ros.cli import main
from impnet_ros.config import StreamConfig
from impnet_ros.data.export_vid import export_vid
from impnet_ros.data.samples import make_truth
from impnet_ros.data.sprites import SpriteConfig, SpriteSet
from impnet_ros.evaluation import plots
from impnet_ros.evaluation.conventions import CONVENTIONS
from impnet_ros.evaluation.matching import FrameBoxes
from impnet_ros.evaluation.predict import predict_many, predict_video
from impnet_ros.evaluation.report import report
from impnet_ros.model.paper.checkpoint import save_checkpoint
from impnet_ros.model.paper.presets import tiny
from impnet_ros.stream.engine import Engine
from matplotlib.figure import Figure
import numpy as np
import pytest

SPRITES = SpriteSet(2, 3, SpriteConfig(height=64, width=64, frames=7))


@pytest.fixture(scope='module')
def network():
    return tiny(class_names=SPRITES.class_names, width=8, channels=32, short_side=64,
                long_side=64, proposals=10)


def test_shared_work_gives_the_same_results(network):
    settings = {'d': StreamConfig(3, key_offset=1), 'b': StreamConfig(2, mode='sparse'),
                'a': StreamConfig(1, mode='per_frame')}
    clips = [SPRITES[0], SPRITES[1]]
    together = predict_many(network, settings, network.detection, clips)
    for name, config in settings.items():
        for clip, result in zip(clips, together[name]):
            alone = predict_video(Engine(network, config), clip)
            assert len(alone.boxes) == len(clip) == 7
            for first, second in zip(alone.boxes, result.boxes):
                assert np.allclose(first.boxes, second.boxes, atol=1e-3)
                assert np.allclose(first.scores, second.scores, atol=1e-5)
            assert np.allclose(np.reshape(alone.key_weights, (-1, 2)),
                               np.reshape(result.key_weights, (-1, 2)), atol=1e-5)
    assert [frame for frame, _ in together['d'][0].key_weights] == [4, 6]
    assert together['a'][0].key_weights == ()


def test_report_of_perfect_detections():
    truths = [[make_truth([[5, 5, 30, 30]], [1], [0])] * 3]
    found = [[FrameBoxes(np.array([[5., 5, 30, 30]]), np.array([0.9]), np.array([1]))] * 3]
    result = report(found, truths, ('one', 'two'), list(CONVENTIONS.values()), samples=10)
    for part in result['conventions'].values():
        assert part['mAP'] == {'value': 100.0, 'low': 100.0, 'high': 100.0}
        assert part['by_class'] == {'one': None, 'two': 100.0}
        assert part['by_motion'] == {'slow': 100.0, 'medium': None, 'fast': None}


def test_evaluate_command_on_an_exported_set(network, tmp_path, capsys):
    save_checkpoint(tmp_path / 'net.safetensors', network, {})
    export_vid(SPRITES, tmp_path / 'vid', 'val')
    arguments = ['evaluate', '--model', str(tmp_path / 'net.safetensors'), '--data',
                 str(tmp_path / 'vid'), '--names', *SPRITES.class_names, '--l', '3', '--device',
                 'cpu', '--seq-nms', '--json', str(tmp_path / 'result.json'), '--plots',
                 str(tmp_path / 'plots')]
    assert main(arguments) == 0
    result = json.loads((tmp_path / 'result.json').read_text())
    assert (result['videos'], result['frames'], result['seq_nms']) == (2, 14, True)
    assert set(result['conventions']) == {'msra', 'mega', 'coco'}
    assert (tmp_path / 'plots' / 'average_precision_msra.png').is_file()
    assert 'mAP' in capsys.readouterr().out
    assert main(['evaluate', '--model', 'tiny', '--device', 'cpu']) == 2
    assert 'expected the classes of the data' in capsys.readouterr().err


def test_a_class_without_objects_has_no_bar(tmp_path):
    interval = {'value': 40.0, 'low': 30.0, 'high': 50.0}
    part = {'by_class': {'seen': 40.0, 'unseen': None}, 'by_motion': {'slow': None},
            'by_degradation': {'none': interval}}
    figure = Figure()
    panel = figure.subplots()
    plots._bars(panel, part['by_class'], 'by class')
    seen, unseen = panel.patches
    assert seen.get_height() == 40 and math.isnan(unseen.get_height())
    assert [text.get_text() for text in panel.texts] == ['no object']
    path, = plots.plot_report({'conventions': {'coco': part}}, tmp_path)
    assert path.stat().st_size > 1000
