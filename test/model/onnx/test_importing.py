# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Detectors of every family: read as their own post-processing reads them, and cut."""
from dataclasses import replace

from impnet_ros import DetectionConfig
from impnet_ros.model.onnx.declaration import declared, seal
from impnet_ros.model.onnx.fitting import input_of
from impnet_ros.model.onnx.fixing import run_whole
from impnet_ros.model.onnx.importing import Asked, import_detector, made_up
from impnet_ros.model.onnx.network import ImportedNetwork
from impnet_ros.model.onnx.reading import checked
import numpy as np
import onnx
import pytest
import small_detectors as small
import torch

LABELS = ('cat', 'dog', 'cow')
HEIGHT, WIDTH = small.SIZE
LOW = DetectionConfig(score_threshold=0.02, nms_threshold=0.6, max_detections=50)


def imported(model, like, **more):
    return import_detector(checked(model.SerializeToString()),
                           Asked(like=like, labels=LABELS, **more), ())


def network(found):
    made = ImportedNetwork(found.model, found.declaration, 'small', torch.device('cpu'))
    made.run_with(torch.float32, 'cpu')
    return made


def nms(boxes, scores, labels, threshold):
    """Greedy suppression within a class, best first, by hand."""
    kept = []
    for index in np.argsort(-scores, kind='stable'):
        for other in kept:
            if labels[other] != labels[index]:
                continue
            low = np.maximum(boxes[index, :2], boxes[other, :2])
            high = np.minimum(boxes[index, 2:], boxes[other, 2:])
            common = np.prod(np.clip(high - low, 0, None))
            areas = [np.prod(boxes[item, 2:] - boxes[item, :2]) for item in (index, other)]
            if common / (sum(areas) - common) > threshold:
                break
        else:
            kept.append(index)
    return kept


def corners(rows):
    return np.concatenate((rows[:, :2] - rows[:, 2:] / 2, rows[:, :2] + rows[:, 2:] / 2), 1)


def best_class(boxes, scores):
    return boxes, scores.max(1), scores.argmax(1)


def every_class(boxes, scores):
    place, label = np.nonzero(scores >= LOW.score_threshold)
    return boxes[place], scores[place, label], label


def softmax(values):
    powers = np.exp(values - values.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def of_bins(sides, centre):
    cells = small.grid()
    away = (softmax(sides.reshape(-1, 4, 8)) * np.arange(8)).sum(2)
    middle = cells[:, :2] + centre
    return np.concatenate((middle - away[:, :2], middle + away[:, 2:]), 1) * cells[:, 2:]


def read_yolov8(out):
    rows = out['output0'][0].T
    return best_class(corners(rows[:, :4]), rows[:, 4:])


def read_yolo26(out):
    rows = out['output0'][0]
    return rows[:, :4], rows[:, 4], rows[:, 5]


def read_yolov5(out):
    rows = out['output0'][0]
    return best_class(corners(rows[:, :4]), rows[:, 5:] * rows[:, 4:5])


def read_yolox(out):
    rows, cells = out['output'][0].copy(), small.grid()
    rows[:, :2] = (rows[:, :2] + cells[:, :2]) * cells[:, 2:]
    rows[:, 2:4] = np.exp(rows[:, 2:4]) * cells[:, 2:]
    return best_class(corners(rows[:, :4]), rows[:, 5:] * rows[:, 4:5])


def read_nanodet(out):
    rows = out['output'][0]
    return every_class(of_bins(rows[:, 3:], 0.5), rows[:, :3])


def read_picodet(out):
    scores = np.concatenate([out[f'scores_{number}'][0] for number in range(3)])
    sides = np.concatenate([out[f'boxes_{number}'][0] for number in range(3)])
    return every_class(of_bins(sides, 0.5), scores)


def read_detectnet(out):
    boxes, scores = [], []
    for row in range(HEIGHT // 16):
        for column in range(WIDTH // 16):
            label = out['output_cov'][0, :, row, column].argmax()
            left, top, right, bottom = 35 * out['output_bbox'][
                0, 4 * label:4 * label + 4, row, column]
            x, y = 16 * column + 0.5, 16 * row + 0.5
            boxes.append((x - left, y - top, x + right, y + bottom))
            scores.append(out['output_cov'][0, :, row, column])
    return best_class(np.array(boxes), np.array(scores))


def read_torchvision(out):
    return out['boxes'], out['scores'], out['labels'] - 1


def read_rtmdet(out):
    return out['dets'][0, :, :4], out['dets'][0, :, 4], out['labels'][0]


def read_rfdetr(out):
    boxes = corners(out['dets'][0]) * (WIDTH, HEIGHT, WIDTH, HEIGHT)
    return every_class(boxes, 1 / (1 + np.exp(-out['scores'][0])))


def read_detr(out):
    boxes = corners(out['dets'][0]) * (WIDTH, HEIGHT, WIDTH, HEIGHT)
    return best_class(boxes, softmax(out['scores'][0])[:, :-1])


def read_rtdetr(out):
    return out['boxes'][0], out['scores'][0], out['labels'][0]


CASES = {
    'yolov8': ('ultralytics', 'A', read_yolov8, True),
    'yolo26': ('ultralytics', 'A', read_yolo26, False),
    'yolov5': ('yolov5', 'A', read_yolov5, True),
    'yolox': ('yolox', 'A', read_yolox, True),
    'nanodet': ('nanodet', 'A', read_nanodet, True),
    'picodet': ('picodet', 'A', read_picodet, True),
    'detectnet': ('detectnet', 'A', read_detectnet, True),
    'torchvision': ('torchvision', 'A', read_torchvision, False),
    'rtmdet': ('rtmdet', 'A', read_rtmdet, False),
    'rfdetr': ('rfdetr', 'B', read_rfdetr, False),
    'detr': ('detr', 'B', read_detr, False),
    'rtdetr': ('rtdetr', 'B', read_rtdetr, False),
}


@pytest.mark.parametrize('kind', CASES)
def test_boxes_are_those_of_the_familys_own_reading(kind):
    family, tier, read, suppress = CASES[kind]
    found = imported(getattr(small, kind)(), family)
    assert found.declaration.tier == tier, found.declaration.why_whole
    made, image = network(found), made_up(small.SIZE)
    with torch.inference_mode():
        picture = made.prepare(image)
        boxes, scores, labels = (item.numpy() for item in made.task(
            made.features(picture), None, LOW))
    out = {name: value.numpy() for name, value in run_whole(
        found.model, input_of(image, found.declaration.picture)).items()}
    expected, likely, which = read(out)
    inside = np.clip(expected, 0, (WIDTH, HEIGHT, WIDTH, HEIGHT))
    if kind == 'nanodet':  # cuts its boxes before NMS, others after it
        expected = inside
    kept = np.flatnonzero(likely >= LOW.score_threshold)
    if suppress:
        kept = kept[nms(expected[kept], likely[kept], which[kept], LOW.nms_threshold)]
    kept = kept[np.argsort(-likely[kept], kind='stable')][:LOW.max_detections]
    assert len(kept) > 2
    np.testing.assert_allclose(scores, likely[kept], atol=1e-5)
    np.testing.assert_allclose(boxes, inside[kept], atol=2e-3)
    assert labels.tolist() == which[kept].tolist()


@pytest.mark.parametrize('kind', [kind for kind, case in CASES.items() if case[1] == 'A'])
def test_channels_of_a_cut_and_nothing_there(kind):
    """Three classes a level, halves equal to the whole, and an empty picture shows nothing."""
    found = imported(getattr(small, kind)(), CASES[kind][0]).declaration
    anchors = 3 if kind == 'yolov5' else 1
    assert found.difference < 1e-4
    for level in found.levels:
        assert [len(which) for which in level.classes] == [anchors] * 3
        assert len(level.objectness) == (anchors if kind in ('yolov5', 'yolox') else 0)
        scores = [channel for which in level.classes for channel in which]
        assert max(level.empty[channel] for channel in scores) <= -7
    if kind == 'yolov5':  # box, objectness, classes of each anchor in turn
        assert found.levels[0].classes[0] == (5, 13, 21)
        assert found.levels[0].objectness == (4, 12, 20)


def test_one_class_with_objectness():
    found = import_detector(checked(small.yolox(classes=1).SerializeToString()),
                            Asked(like='yolox', labels=('face',)), ()).declaration
    for level in found.levels:  # which of two factors is which makes no difference
        (first,), (second,) = level.classes[0], level.objectness
        assert {level.channels[0], first, second} == {1, 0} or {first, second} == {4, 5}


def test_a_declaration_comes_back_and_is_kept():
    found = imported(small.yolov8(), 'ultralytics')
    again = checked(found.model.SerializeToString())
    assert declared(again) == found.declaration
    again.graph.node[0].name = 'changed'
    with pytest.raises(ValueError, match='changed after its import'):
        declared(again)
    seal(again, replace(found.declaration, class_names=('a', 'b', 'c')))
    assert declared(again).class_names == ('a', 'b', 'c')
    assert declared(small.yolov8()) is None


def test_metadata_of_ultralytics_tell_all():
    told = {'names': "{0: 'cat', 1: 'dog', 2: 'cow'}", 'task': 'detect', 'author': 'Ultralytics',
            'description': 'Ultralytics YOLOv8n model', 'imgsz': '[64, 96]', 'stride': '32'}
    found = import_detector(checked(small.yolov8(told).SerializeToString()), Asked(), ())
    assert found.declaration.family == 'ultralytics'
    assert found.declaration.class_names == LABELS
    assert found.notes == ()


def test_metadata_of_a_transformer():
    """Ultralytics' RT-DETR stretches its pictures, and gives centre and size in 0..1."""
    graph, boxes, logits = small.queries()
    best = graph.add('ReduceMax', graph.add('Sigmoid', logits), axes=[2])
    label = graph.add('Cast', graph.add('ArgMax', logits, axis=2), to=onnx.TensorProto.FLOAT)
    rows = graph.add('Concat', boxes, best, label, axis=2)
    found = import_detector(checked(graph.model({'output0': rows}, metadata={
        'names': "{0: 'cat', 1: 'dog', 2: 'cow'}", 'task': 'detect', 'imgsz': '[64, 96]',
        'description': 'Ultralytics rtdetr-l model', 'head': 'RTDETRDecoder',
    }).SerializeToString()), Asked(), ()).declaration
    assert (found.family, found.picture.fit, found.tier) == ('rtdetr', 'stretch', 'B')
    assert (found.layout.kind, found.layout.box_format, found.layout.normalised) == (
        'list', 'cxcywh', True)


@pytest.mark.parametrize('wrong', [
    {'layout': {'boxes': ('nowhere',)}}, {'layout': {'kind': 'bins', 'bins': 8}},
    {'levels': ()}, {'picture': {'size': (64, 64)}}])
def test_a_declaration_that_lies_is_told(wrong):
    """Whoever writes a checksum can write anything before it."""
    found = imported(small.yolov8(), 'ultralytics')
    changes = {name: replace(getattr(found.declaration, name), **value)
               if isinstance(value, dict) else value for name, value in wrong.items()}
    lying = replace(found.declaration, **changes)
    if wrong == {'levels': ()}:
        assert network(replace(found, declaration=lying)).boxes_only
        return
    with pytest.raises(ValueError, match='does not (fit|work)'):
        network(replace(found, declaration=lying))


def test_a_declaration_of_giants_is_refused():
    found = imported(small.yolov8(), 'ultralytics')
    picture = replace(found.declaration.picture, size=(10 ** 5, 10 ** 5))
    seal(found.model, replace(found.declaration, picture=picture))
    with pytest.raises(ValueError, match='sizes out of all bounds'):
        declared(found.model)
    seal(found.model, replace(found.declaration, class_names=('one',)))
    with pytest.raises(ValueError, match='1 names for 3 classes'):
        declared(found.model)


@pytest.mark.parametrize('tier', ['A', 'B'])
def test_the_tier_that_is_asked_for(tier):
    found = imported(small.yolov8(), 'ultralytics', tier=tier).declaration
    assert found.tier == tier
    if tier == 'B':
        assert found.why_whole == 'asked for'
