# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parameters and multiply-adds of an ONNX graph, from the shapes of its values."""
from impnet_ros.model.onnx.cutting import Graph
import numpy as np
import onnx


def parameters(model: onnx.ModelProto) -> int:
    """Count the elements of all weights that have two or more axes."""
    return sum(int(np.prod(item.dims)) for item in model.graph.initializer if len(item.dims) > 1)


def multiply_adds(model: onnx.ModelProto) -> int:
    """
    Count the multiply-adds of convolutions and matrix products.

    Those whose sizes depend on the picture are left out.
    """
    graph = Graph(model)
    weights = {item.name: tuple(item.dims) for item in model.graph.initializer}
    total = 0
    for node in model.graph.node:
        shapes = [weights.get(name) or graph.shape(name) for name in node.input]
        made = int(np.prod(graph.shape(node.output[0]) or (0,)))
        if node.op_type == 'Conv' and len(shapes[1]) > 2:
            total += made * int(np.prod(shapes[1][1:]))
        elif node.op_type in ('MatMul', 'Gemm') and len(shapes[0]) > 1:
            turned = any(item.name == 'transA' and item.i for item in node.attribute)
            total += made * shapes[0][0 if turned else -1]
    return total
