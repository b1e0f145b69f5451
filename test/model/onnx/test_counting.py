# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Multiply-adds and parameters of a graph, counted by hand."""
from impnet_ros.model.onnx.counting import multiply_adds, parameters
from impnet_ros.model.onnx.fixing import fixed
from impnet_ros.model.onnx.reading import checked
import numpy as np
import small_detectors as small


def test_a_convolution_and_a_product():
    """5 x 3 x 3 x 3 weights at 32 x 48 places, and 8 places of a row of 12 by 4 columns."""
    graph = small.Graph()
    convolved = graph.conv('x', 3, 5, 3, 2)
    rows = graph.shaped(graph.add('GlobalMaxPool', graph.conv(convolved, 5, 96)), 8, 12)
    product = graph.add('MatMul', rows, graph.const(np.ones((12, 4))))
    model, _ = fixed(checked(graph.model({'output': product}).SerializeToString()), None, None)
    assert parameters(model) == 5 * 27 + 96 * 5 + 48
    assert multiply_adds(model) == 32 * 48 * (5 * 27 + 96 * 5) + 8 * 12 * 4
