# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A detector that sees things in a plain picture is fed or read wrongly, and that is told."""
from impnet_ros.model.onnx.importing import Asked, import_detector
import pytest
import small_detectors as small


@pytest.mark.parametrize('scale, told', [(255.0, False), (1.0, True)])
def test_numbers_that_are_too_large(scale, told):
    """Its scores rise with its numbers: 0.05 where it was meant to be, 1 where it was not."""
    graph = small.Graph()
    rows = graph.const([[(8, 8, 40, 40, 0.05, 1)]])
    bright = graph.add('ReduceMax', 'x', keepdims=0)
    scale_of = graph.add('Clip', bright, graph.const(1.0), graph.const(20.0))
    factors = graph.add('Concat', graph.const([1.0] * 4), graph.shaped(scale_of, 1),
                        graph.const([1.0]), axis=0)
    found = import_detector(graph.model({'output0': graph.add('Mul', rows, factors)}),
                            Asked(like='ultralytics', labels=('cat', 'dog'), scale=scale), ())
    assert any('in a plain grey picture it sees something, of score 1.00' in note
               for note in found.notes) is told
