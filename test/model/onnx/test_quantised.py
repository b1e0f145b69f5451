# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Int8 as ONNX Runtime's own quantiser writes it: what it loses is told."""
from impnet_ros.model.onnx.fitting import input_of
from impnet_ros.model.onnx.fixing import run_whole
from impnet_ros.model.onnx.importing import Asked, import_detector, made_up
from impnet_ros.model.onnx.reading import checked
import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
import pytest
import small_detectors as small

LABELS = ('cat', 'dog', 'cow')


class _Noise(CalibrationDataReader):
    """Eight pictures of noise, 0..1."""

    def __init__(self):
        noise = np.random.default_rng(0)
        self._left = iter([{'x': noise.random((1, 3, *small.SIZE), np.float32)}
                           for _ in range(8)])

    def get_next(self):
        return next(self._left, None)


def quantised(folder, boxes=0.2, **more):
    """Quantise a detector whose boxes, up to about 480 pixels, are scaled."""
    before, after = folder / 'float.onnx', folder / 'int8.onnx'
    model = small.yolov8()
    model.graph.node.insert(-1, helper.make_node(
        'Mul', [model.graph.node[-1].input[0], 'factor'], ['scaled']))
    model.graph.initializer.append(numpy_helper.from_array(np.array(
        [[boxes]] * 4 + [[1]] * 3, np.float32)[None], 'factor'))
    model.graph.node[-1].input[0] = 'scaled'
    small.save(model, before)
    quantize_static(before, after, _Noise(), **more)
    return import_detector(checked(onnx.load(after).SerializeToString()),
                           Asked(like='ultralytics', labels=LABELS), ())


def scores(found):
    pixels = input_of(made_up(small.SIZE), found.declaration.picture)
    output, = run_whole(found.model, pixels).values()
    return output[0, 4:].numpy()


def test_scores_that_share_the_step_of_pixels_are_told(tmp_path):
    """Of places up to 96 pixels in 255 steps, a step is about 0.4."""
    found = quantised(tmp_path)
    told = [note for note in found.notes if 'go in steps of' in note]
    assert len(told) == 1 and 'quantise again' in told[0]
    assert len(np.unique(scores(found))) <= 3


def test_scores_of_which_none_is_left_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r'go in steps of 1.9, .* quantise again'):
        quantised(tmp_path, boxes=1.0)


def test_quantised_convolutions_keep_their_scores(tmp_path):
    found = quantised(tmp_path, op_types_to_quantize=['Conv'])
    assert not any('steps' in note for note in found.notes)
    original = import_detector(checked(onnx.load(tmp_path / 'float.onnx').SerializeToString()),
                               Asked(like='ultralytics', labels=LABELS), ())
    assert abs(scores(found) - scores(original)).max() < 0.05
    assert found.declaration.difference < 1e-4


def test_int8_to_the_end_is_run_whole(tmp_path):
    found = quantised(tmp_path, quant_format=QuantFormat.QOperator).declaration
    assert found.tier == 'B'
    assert 'stay in int8 to the end' in found.why_whole
