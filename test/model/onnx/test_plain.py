# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A detector that sees things in a plain picture is fed or read wrongly, and that is told."""
from impnet_ros.model.onnx.importing import Asked, import_detector
from impnet_ros.model.onnx.network import ImportedNetwork
import pytest
import small_detectors as small
import torch


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


def test_numbers_that_are_not_finite_are_told():
    """White alone overflows, in a square root of what is left to 1."""
    graph = small.Graph()
    rest = graph.add('Sub', graph.const(0.999), graph.add('ReduceMean', 'x', keepdims=0))
    nothing = graph.add('Mul', graph.add('Sqrt', rest), graph.const(0.0))
    rows = graph.const([[(8, 8, 40, 40, 0.05, 1)]])
    found = import_detector(graph.model({'output0': graph.add('Add', rows, nothing)}),
                            Asked(like='ultralytics', labels=('cat', 'dog')), ())
    assert any(note.startswith('of a plain white picture: output0: expected finite numbers')
               for note in found.notes)


def test_a_file_without_import_tells_it_too(tmp_path, caplog):
    graph = small.Graph()
    nothing = graph.add('Mul', graph.add('ReduceMean', 'x', keepdims=0), graph.const(0.0))
    rows = graph.const([[(8, 8, 40, 40, 0.7, 1)]])
    model = graph.model({'output0': graph.add('Add', rows, nothing)}, metadata={
        'names': "['cat', 'dog']", 'task': 'detect', 'author': 'Ultralytics'})
    path = small.save(model, tmp_path / 'x.onnx')
    ImportedNetwork.load(path, torch.device('cpu'))
    assert f'{path}: in a plain grey picture it sees something, of score 0.70' in caplog.text
