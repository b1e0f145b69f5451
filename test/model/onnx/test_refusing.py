# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A wrong family, and names that are missing, are told and not lived with."""
import logging

from impnet_ros import DetectionConfig
from impnet_ros.model.onnx import refusing
from impnet_ros.model.onnx.importing import Asked, import_detector
from impnet_ros.model.onnx.network import ImportedNetwork
import numpy as np
import pytest
import small_detectors as small
import torch

LABELS = ('cat', 'dog', 'cow')
WHITE = np.full((*small.SIZE, 3), 255, np.uint8)
ULTRALYTICS = {'names': str(list(LABELS)), 'task': 'detect', 'author': 'Ultralytics'}


def test_a_dense_head_is_no_transformer(monkeypatch):
    """Nobody would suppress its boxes; and a transformer's metadata may lie."""
    monkeypatch.setattr(refusing, 'MOST_QUERIES', small.PLACES - 1)
    with pytest.raises(ValueError, match=f'got {small.PLACES} rows .* another family'):
        import_detector(small.yolov8(), Asked(like='rtdetr', labels=LABELS), ())
    with pytest.raises(ValueError, match='another family, say which'):
        import_detector(small.yolov8({**ULTRALYTICS, 'head': 'RTDETRDecoder'}), Asked(), ())
    assert import_detector(small.rtdetr(), Asked(like='rtdetr', labels=LABELS), ()).model


def test_an_objectness_that_the_family_has_not():
    with pytest.raises(ValueError, match='expected 4 .* got 3: .* or its family, if that has'):
        import_detector(small.yolov5(), Asked(like='ultralytics', labels=LABELS), ())


def test_another_family_than_the_metadata_say():
    model = small.yolov8(ULTRALYTICS)
    for like, told in (('yolox', True), ('ultralytics', False), ('yolov5', False)):
        notes = import_detector(model, Asked(like=like), ()).notes
        assert any('those of ultralytics: taken for yolox' in note for note in notes) is told


def five_in_white(name='output0'):
    """Show classes 2 and 5, in white pictures only."""
    graph = small.Graph()
    white = graph.add('Floor', graph.add('ReduceMean', 'x', keepdims=0))
    rows = graph.const([[(8, 8, 40, 40, 0.9, 5), (8, 8, 40, 40, 0.8, 2)]])
    return graph.model({name: graph.add('Mul', rows, white)})


def test_classes_that_any_picture_shows_need_names():
    for names, hint in ((LABELS, ''), ((*LABELS, 'd', 'e'), '; if its labels begin with 1')):
        with pytest.raises(ValueError, match=r'expected more than 5 names.*FILE\)' + hint):
            import_detector(five_in_white(), Asked(like='ultralytics', labels=names),
                            (WHITE // 2, WHITE))


def test_names_of_tensorflow():
    model = five_in_white('detection_boxes')
    for boxes, told in (('', True), ('yxyx', False), ('xyxy', False)):
        notes = import_detector(model, Asked(like='ultralytics', labels=LABELS, boxes=boxes),
                                ()).notes
        assert any('--boxes yxyx' in note for note in notes) is told


def test_classes_that_nothing_names_are_told_once(caplog):
    found = import_detector(five_in_white(), Asked(like='ultralytics', labels=LABELS), ())
    network = ImportedNetwork(found.model, found.declaration, 'it', torch.device('cpu'))
    network.run_with(torch.float32, 'cpu')
    picture = network.prepare(WHITE)
    with torch.inference_mode(), caplog.at_level(logging.WARNING):
        for _ in range(2):
            labels = network.task(network.features(picture), None, DetectionConfig())[2]
            assert labels.tolist() == [2]
    assert [item.getMessage() for item in caplog.records] == [
        'it: detections of class 5 are left out, as it has 3 names: import the original again '
        'with all of them (impnet import-detector --labels FILE)']
