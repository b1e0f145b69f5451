# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Int8 files whose scores were lost when they were quantised."""
from impnet_ros.model.onnx.layout import Layout
import onnx
from onnx import numpy_helper

COARSE = 0.05
"""Steps of scores 0..1 above which thresholds mean little."""

_MOVES = ('Identity', 'Reshape', 'Transpose', 'Squeeze', 'Unsqueeze', 'Cast')
# What leaves numbers as they are.


def coarse_scores(model: onnx.ModelProto, layout: Layout) -> tuple[str, ...]:
    """
    Tell if scores are quantised too coarsely to be any, in a sentence, or in none.

    Where boxes in pixels and scores 0..1 are one tensor, a quantiser that covers it gives both
    the step of the pixels: nearly every score becomes 0.

    Raises
    ------
    ValueError
        If the step is above 1, so that nothing but 0 is a score.

    """
    if layout.logits or layout.softmax:
        return ()
    made_by = {name: node for node in model.graph.node for name in node.output}
    values = {item.name: item for item in model.graph.initializer}
    for name in layout.scores:
        node = made_by.get(name)
        while node is not None and node.op_type in _MOVES:
            node = made_by.get(node.input[0])
        if node is None or node.op_type != 'DequantizeLinear' or node.input[1] not in values:
            continue
        step = float(numpy_helper.to_array(values[node.input[1]]).max())
        told = (f'scores of {name!r} go in steps of {step:.2g}, of which few are left: it was '
                'quantised with the boxes in one tensor; quantise again without its last nodes '
                "(nodes_to_exclude, or op_types_to_quantize=['Conv'])")
        if step > 1:
            raise ValueError(told)
        if step > COARSE:
            return (told,)
    return ()
