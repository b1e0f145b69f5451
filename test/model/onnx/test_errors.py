# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What ONNX Runtime refuses is told by its reason, and what helps."""
from impnet_ros.model.onnx.errors import first_line
from impnet_ros.model.onnx.importing import Asked, import_detector
from onnx import helper, TensorProto
import pytest
import small_detectors as small


@pytest.mark.parametrize('text, told', [
    ('[ONNXRuntimeError] : 1 : FAIL : /onnxruntime_src/onnxruntime/core/graph/model.cc:256 '
     'onnxruntime::Model::Model(onnx::ModelProto&&, const onnxruntime::PathString&) Too new',
     'Too new'),
    ('[ONNXRuntimeError] : 1 : FAIL : tensorprotoutils.cc:1657 GetSize Out of bounds\nmore',
     'Out of bounds'),
    ('a model (small) that is::none', 'a model (small) that is::none'), ('', 'RuntimeError')])
def test_the_reason_and_no_place_in_sources(text, told):
    assert first_line(RuntimeError(text)) == told


def refusal(model):
    with pytest.raises(ValueError) as error:
        import_detector(model, Asked(like='ultralytics', labels=('cat', 'dog', 'cow')), ())
    return str(error.value)


def test_a_file_of_a_later_onnx():
    model = small.yolov8()
    model.ir_version = 99
    assert 'IR version: 99, max supported' in refusal(model)
    assert 'export it with another opset' in refusal(model)


def test_an_output_that_is_no_tensor():
    model = small.yolov8()
    model.graph.node.append(helper.make_node('SequenceConstruct', ['output0'], ['all']))
    model.graph.output.append(helper.make_tensor_sequence_value_info(
        'all', TensorProto.FLOAT, None))
    assert "expected outputs of numbers, got 'all' of seq(tensor(float))" in refusal(model)
