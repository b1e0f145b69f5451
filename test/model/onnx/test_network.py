# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Imported detectors as networks of the stream."""
import os
from pathlib import Path

import cv2
from impnet_ros import DetectionConfig, Engine, Frame, load_network, StreamConfig
from impnet_ros.cli import main
from impnet_ros.model.onnx.fitting import placement
from impnet_ros.model.onnx.importing import Asked, import_detector, made_up
from impnet_ros.model.onnx.moving import brought_along
from impnet_ros.model.onnx.reading import checked
from impnet_ros.model.onnx.windows import window
import numpy as np
import pytest
import small_detectors as small
import torch

LABELS = ('cat', 'dog', 'cow')
LOW = DetectionConfig(score_threshold=0.02)


def saved(tmp_path, model, like, **asked):
    found = import_detector(checked(model.SerializeToString()),
                            Asked(like=like, labels=LABELS, **asked), ())
    return str(small.save(found.model, tmp_path / f'{like}.onnx'))


def frames(count=8, size=(60, 90)):
    """Give a picture that moves by two pixels a frame."""
    wide = made_up((size[0], size[1] + 2 * count))
    return [Frame(np.ascontiguousarray(wide[:, 2 * index:2 * index + size[1]]), index / 30)
            for index in range(count)]


def results(network, detection=LOW, **config):
    engine = Engine(network, StreamConfig(**config), detection)
    state, found = engine.reset(), []
    for frame in frames():
        answers, state = engine.step(frame, state)
        found += answers
    found += engine.flush(state)
    engine.close()
    return found


@pytest.mark.parametrize('fit', ['letterbox', 'top-left', 'stretch'])
def test_key_frames_are_what_the_whole_gives(tmp_path, fit):
    """Tier A without motion or memory is tier B, what is seen in borders included."""
    cut, whole = (load_network(saved(tmp_path, small.yolov8(), 'ultralytics', fit=fit, tier=tier),
                               'cpu', 'cpu') for tier in 'AB')
    assert (cut.boxes_only, whole.boxes_only) == (False, True)
    image = made_up((50, 120))
    everything = DetectionConfig(score_threshold=0.02, nms_threshold=1.0, max_detections=1000)
    with torch.inference_mode():
        one, other = (network.task(network.features(network.prepare(image)), None, everything)
                      for network in (cut, whole))
    assert len(one[0]) == len(other[0]) > 10
    for mine, its in zip(one, other, strict=True):
        torch.testing.assert_close(mine, its, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize('config', [
    {'mode': 'impression', 'segment_length': 3}, {'mode': 'average', 'segment_length': 2},
    {'mode': 'sparse', 'segment_length': 4, 'box_memory': False}, {'mode': 'per_frame'},
    {'mode': 'impression', 'segment_length': 4, 'key_offset': 2, 'box_memory': False},
    {'mode': 'impression', 'segment_length': 2, 'box_memory': True},
    {'mode': 'impression', 'segment_length': 2, 'key_mode': 'async'}])
def test_every_mode_of_a_cut_detector(tmp_path, config):
    network = load_network(saved(tmp_path, small.yolox(), 'yolox'), 'cpu', 'cpu')
    found = results(network, **config)
    assert len(found) == 8 and all(len(item) for item in found)


@pytest.mark.parametrize('key_mode', ['sync', 'async'])
def test_a_whole_detector_carries_boxes(tmp_path, key_mode):
    network = load_network(saved(tmp_path, small.rtdetr(), 'rtdetr'), 'cpu', 'cpu')
    found = results(network, segment_length=4, key_mode=key_mode)
    assert len(found) == 8 and all(len(item) for item in found)
    assert all(item.track_ids is not None for item in found)


def test_a_whole_detector_says_what_it_cannot(tmp_path):
    network = load_network(saved(tmp_path, small.rtdetr(), 'rtdetr'), 'cpu', 'cpu')
    for wrong in ({'mode': 'impression'}, {'segment_length': 4, 'key_offset': 2}):
        with pytest.raises(ValueError, match='features of rtdetr cannot be carried, only boxes'):
            Engine(network, StreamConfig(**wrong))


def test_mode_auto_is_what_was_measured(tmp_path):
    """Features beside boxes pay for NanoDet, not for YOLOX; unless boxes are not wanted."""
    for model, like, mode in ((small.nanodet(), 'nanodet', 'impression'),
                              (small.yolox(), 'yolox', 'sparse')):
        network = load_network(saved(tmp_path, model, like), 'cpu', 'cpu')
        settled = Engine(network, StreamConfig()).config
        assert (settled.mode, settled.box_memory) == (mode, True)
        assert Engine(network, StreamConfig(box_memory=False)).config.mode == 'impression'
        assert Engine(network, StreamConfig(segment_length=4, key_offset=2)
                      ).config.mode == 'impression'


def test_placement_is_the_familys_to_the_pixel():
    """Computed by hand: 640 x 360 in 416 x 416, then an odd rest, then one that would vanish."""
    assert vars(placement((360, 640), (416, 416), 'letterbox')) == {
        'top': 91, 'left': 0, 'height': 234, 'width': 416, 'scale': (0.65, 0.65)}
    assert vars(placement((333, 640), (416, 416), 'top-left'))['height'] == 216  # int(216.45)
    assert placement((333, 640), (416, 416), 'letterbox').top == 100  # round(100 - 0.1)
    assert placement((1, 5000), (64, 64), 'letterbox').height == 1
    assert vars(placement((100, 200), (64, 96), 'stretch')) == {
        'top': 0, 'left': 0, 'height': 64, 'width': 96, 'scale': (0.48, 0.64)}


def test_a_window_of_cells_touches_the_image():
    """Rows 91 to 325 of the input lie in cells 11 to 41 of stride 8, three pixels above them."""
    found = window(placement((360, 640), (416, 416), 'letterbox'), 8, (52, 52))
    assert (found.top, found.bottom, found.left, found.right) == (11, 41, 0, 52)
    assert (found.above, found.before) == (3, 0)


def test_boxes_are_brought_along_a_flow():
    """What is ten pixels further left in the key frame moves ten to the right; size stays."""
    field = torch.zeros(1, 2, 10, 20)
    field[:, 0] = -1.0  # cells of ten pixels
    boxes = torch.tensor([[20.0, 30.0, 60.0, 80.0]])
    moved = brought_along(boxes, field, (100, 200))
    torch.testing.assert_close(moved, boxes + torch.tensor([10.0, 0.0, 10.0, 0.0]))
    assert brought_along(boxes[:0], field, (100, 200)).shape == (0, 4)


def test_a_file_that_says_all_works_without_import(tmp_path):
    told = {'names': "{0: 'cat', 1: 'dog', 2: 'cow'}", 'task': 'detect', 'author': 'Ultralytics',
            'imgsz': '[64, 96]'}
    network = load_network(str(small.save(small.yolov8(told), tmp_path / 'yolo.onnx')), 'cpu')
    assert network.class_names == LABELS and network.runtime in ('cpu', 'openvino')


def test_what_is_not_offered_is_told(tmp_path):
    path = saved(tmp_path, small.yolov8(), 'ultralytics')
    with pytest.raises(ValueError, match="for an ONNX file, got 'torch'"):
        load_network(path, 'cpu', 'torch')
    with pytest.raises(ValueError, match="precision: expected 'float32' for an ONNX file"):
        load_network(path, 'cpu', 'auto', 'bfloat16')


def test_the_command_shows_and_writes(tmp_path, capsys):
    source = small.save(small.yolov8(), tmp_path / 'yolo.onnx')
    (tmp_path / 'names.txt').write_text('cat\ndog\ncow\n')
    cv2.imwrite(str(tmp_path / 'street.png'), made_up((60, 90)))
    arguments = ['import-detector', str(source), '--like', 'ultralytics', '--labels',
                 str(tmp_path / 'names.txt'), '--picture', str(tmp_path / 'street.png')]
    assert main([*arguments, '--output', str(tmp_path / 'out.onnx')]) == 0
    said = capsys.readouterr().out
    assert '3 classes: cat, dog, cow' in said and 'tier A, cut at 3 levels' in said
    assert 'boxes of 0.1 or more' in said or 'NOTHING found' in said
    assert load_network(str(tmp_path / 'out.onnx'), 'cpu', 'cpu').class_names == LABELS
    assert main([*arguments, '--output', str(source)]) == 2
    assert 'expected another file than the input' in capsys.readouterr().err
    assert main(['import-detector', str(source), '--labels', 'nowhere.txt']) == 2
    assert "got 'nowhere.txt' (no such file)" in capsys.readouterr().err


REAL = Path(os.environ.get('IMPNET_TEST_MODELS', 'nowhere'))


@pytest.mark.skipif(not REAL.is_dir(), reason='IMPNET_TEST_MODELS names no folder')
@pytest.mark.parametrize(('file', 'like', 'tier'), [('yolox_nano.onnx', 'yolox', 'A'),
                                                    ('deimv2_atto.onnx', 'rtdetr', 'B')])
def test_real_files(file, like, tier, tmp_path):
    """The halves are the whole, and a person walks through both."""
    output = tmp_path / 'made.onnx'
    assert main(['import-detector', str(REAL / file), '--like', like, '--output',
                 str(output)]) == 0
    network = load_network(str(output), 'cpu')
    assert network.declaration.tier == tier
    assert network.declaration.difference < 1e-4
    assert len(network.class_names) == 80
