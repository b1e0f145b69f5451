# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""An imported detector that was taught what to remember stays one file."""
import cv2
from impnet_ros import load_network
from impnet_ros.cli import main
from impnet_ros.model.onnx.declaration import QUALITY
from impnet_ros.model.onnx.importing import Asked, import_detector, made_up
from impnet_ros.model.onnx.reading import checked
from impnet_ros.model.sight.pair_quality import PairQuality
import numpy as np
import onnx
import pytest
import small_detectors as small
import torch

LABELS = ('cat', 'dog', 'cow')


@pytest.fixture
def plain(tmp_path):
    """Give an imported detector's file."""
    found = import_detector(checked(small.yolox().SerializeToString()),
                            Asked(like='yolox', labels=LABELS), ())
    return str(small.save(found.model, tmp_path / 'plain.onnx'))


@pytest.fixture
def taught(plain, tmp_path):
    torch.manual_seed(3)
    quality = PairQuality(8)
    for item in quality.parameters():
        torch.nn.init.normal_(item)
    network = load_network(plain, 'cpu', 'cpu')
    return network.save_with_quality(tmp_path / 'new', 'taught', quality, {'by': 'me'}), quality


def test_it_comes_back_with_the_file(plain, taught):
    path, quality = taught
    before, after = (load_network(str(item), 'cpu', 'cpu') for item in (plain, path))
    assert before.quality.hidden != after.quality.hidden == 8
    for name, item in quality.state_dict().items():
        assert torch.equal(after.quality.state_dict()[name], item)
    assert after.declaration == before.declaration
    levels = [after.features(after.prepare(made_up((60, 90)) // (1 + step))) for step in range(2)]
    old, new = (network.weights(*levels) for network in (before, after))
    assert not any(torch.equal(one, other) for one, other in zip(old, new, strict=True))


@pytest.mark.parametrize('change', [lambda text: text.replace('"me"', '"you"'), lambda _: ''])
def test_a_memory_that_was_changed_is_told(taught, change):
    model = onnx.load(taught[0])
    for item in model.metadata_props:
        if item.key == QUALITY:
            item.value = change(item.value)
    small.save(model, taught[0])
    with pytest.raises(ValueError, match='changed after its import'):
        load_network(str(taught[0]), 'cpu', 'cpu')


def test_distances_are_of_the_boxes_channels(plain):
    network = load_network(plain, 'cpu', 'cpu')
    which = network.declaration.levels[0]
    told = [*which.objectness, *(channel for found in which.classes for channel in found)]
    assert sorted(told) != list(range(8)) and len(told) == 1 + len(LABELS)
    level = torch.zeros(1, 5 + len(LABELS), 2, 3)
    scores, boxes = level.clone(), level.clone()
    scores[:, told] = 9
    boxes[:, [channel for channel in range(8) if channel not in told][0], 1, 2] = 8.5
    assert not network.box_distance(level, scores, 0).any()
    assert network.box_distance(level, boxes, 0)[0].tolist() == [[0, 0, 0], [0, 0, 2]]


def test_the_command_keeps_it_in_one_file(tmp_path, capsys):
    found = import_detector(checked(small.yolox(bias=0.0).SerializeToString()),
                            Asked(like='yolox', labels=LABELS), ())
    plain = str(small.save(found.model, tmp_path / 'plain.onnx'))
    video = np.random.default_rng(0).integers(0, 256, (12, 64, 96, 3), np.uint8)
    folder = tmp_path / 'video'
    folder.mkdir()
    for number, image in enumerate(video):
        cv2.imwrite(str(folder / f'{number:02}.png'), image)
    recipe = tmp_path / 'recipe.yaml'
    recipe.write_text('clips: []\nmoving_pictures: 0\nframes: 4\nsteps: 4\nbatch_size: 1\n'
                      'segment_lengths: [1, 2]\nheld_out: 0\n')
    assert main(['distil', str(recipe), '--model', plain, '--clips', str(folder), '--output',
                 str(tmp_path / 'runs')]) == 0
    path = tmp_path / 'runs' / 'plain_memory.onnx'
    assert f'kept: {path}' in capsys.readouterr().out
    assert load_network(str(path), 'cpu', 'cpu').class_names == LABELS
