# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Cut a detector behind its last convolutions, found by structure and not by names.

What is before is N_feat, what follows (reshapes, activations, boxes, perhaps NMS) is N_task.
"""
from collections.abc import Iterable, Mapping

from impnet_ros.model.onnx.fixing import PICTURE, shape_of
from impnet_ros.model.onnx.reading import needed
import onnx
from onnx import helper, numpy_helper, TensorProto

STRIDES = (4, 8, 16, 32, 64, 128)

MOST_WEIGHTS = 4096
"""Elements of a matrix behind the cut, above which the task half still learns to see."""

_CONVOLUTIONS = ('Conv', 'ConvInteger', 'QLinearConv', 'ConvTranspose')
_LINEAR = ('Add', 'Sub', 'Mul', 'Div', 'Cast', 'QuantizeLinear', 'DequantizeLinear',
           'BatchNormalization', 'Identity')
# What may follow the last convolution and still belongs to it: bias, scale, dequantising.


class Graph:
    """
    Who makes what in a graph.

    Parameters
    ----------
    model : ModelProto
        Of one input, see `fixing`, with the shapes of its values.

    """

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.constants = {item.name for item in model.graph.initializer}
        self.maker = {name: node for node in model.graph.node for name in node.output if name}
        self.values = {item.name: item for item in (
            *model.graph.value_info, *model.graph.output, *model.graph.input)}

    def varying(self, node: onnx.NodeProto) -> list[str]:
        """Give the inputs of a node that depend on the picture."""
        return [name for name in needed(node) if name not in self.constants
                and (name in self.maker or name == PICTURE)]

    def shape(self, name: str) -> tuple[int, ...]:
        """Give a value's shape; () where it is not known."""
        return shape_of(self.values[name]) if name in self.values else ()

    def is_float(self, name: str) -> bool:
        """Tell whether a value is of float32 or float16."""
        return name in self.values and self.values[name].type.tensor_type.elem_type in (
            TensorProto.FLOAT, TensorProto.FLOAT16)


def find_cut(model: onnx.ModelProto, size: tuple[int, int]
             ) -> tuple[dict[int, tuple[str, ...]], str]:
    """
    Find the tensors at which a detector is cut.

    Parameters
    ----------
    model : ModelProto
        See `Graph`.
    size : tuple of int
        (height, width) of its input.

    Returns
    -------
    levels : dict
        The tensors of each stride, finest first; empty where it cannot be cut.
    reason : str
        Why not.

    """
    graph = Graph(model)
    cut: list[str] = []
    seen: set[str] = set()
    waiting = [item.name for item in model.graph.output]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name == PICTURE and not cut and any(
                graph.maker[item].op_type == 'QLinearConv' for item in seen & set(graph.maker)):
            return {}, 'its last maps stay in int8 to the end: as QDQ it could be cut'
        if name == PICTURE:
            return {}, ('what follows its last convolutions needs the picture itself' if cut else
                        'its last maps are on no grid of its input, as if it resizes or pads it')
        if _stride(graph, name, size) and _is_convolved(graph, name):
            cut.append(name)
        elif name in graph.maker:
            waiting += graph.varying(graph.maker[name])
    if not cut:
        return {}, 'it has no convolutions on a grid of cells'
    reason = _still_sees(extracted(graph, cut, [item.name for item in model.graph.output]))
    if reason:
        return {}, reason
    order = {name: number for number, node in enumerate(model.graph.node)
             for name in node.output}
    levels: dict[int, tuple[str, ...]] = {}
    for name in sorted(cut, key=lambda item: (_stride(graph, item, size), order[item])):
        stride = _stride(graph, name, size)
        levels[stride] = (*levels.get(stride, ()), name)
    return levels, ''


def halves(model: onnx.ModelProto, tensors: Iterable[str]) -> tuple[bytes, bytes]:
    """Give N_feat, from the picture to the tensors, and N_task, from them to the outputs."""
    graph, cut = Graph(model), list(tensors)
    unknown = [name for name in cut if name not in graph.maker]
    if unknown:
        raise ValueError(f'the cut names tensors that the graph lacks: {", ".join(unknown)}')
    task = extracted(graph, cut, [item.name for item in model.graph.output])
    return extracted(graph, [PICTURE], cut).SerializeToString(), task.SerializeToString()


def extracted(graph: Graph, inputs: list[str], outputs: list[str]) -> onnx.ModelProto:
    """Give the part of a graph between some of its values."""
    wanted: set[str] = set()
    waiting = list(outputs)
    while waiting:
        name = waiting.pop()
        if name in wanted:
            continue
        wanted.add(name)
        if name not in inputs and name in graph.maker:
            waiting += needed(graph.maker[name])
    source = graph.model.graph
    nodes = [node for node in source.node
             if any(name in wanted and name not in inputs for name in node.output)]
    part = helper.make_graph(
        nodes, source.name or 'part', [graph.values[name] for name in inputs],
        [graph.values[name] for name in outputs],
        [item for item in source.initializer if item.name in wanted])
    return helper.make_model(part, opset_imports=graph.model.opset_import,
                             ir_version=graph.model.ir_version)


def _stride(graph: Graph, name: str, size: tuple[int, int]) -> int:
    """Pixels a cell of a map (1, C, h, w); 0 where it is none."""
    shape = graph.shape(name)
    if len(shape) != 4 or not graph.is_float(name):
        return 0
    return next((stride for stride in STRIDES
                 if all(cells in (side // stride, -(-side // stride)) and cells > 1
                        for cells, side in zip(shape[2:], size, strict=True))), 0)


def _is_convolved(graph: Graph, name: str) -> bool:
    """Whether only linear steps of a cell are between a convolution and this value."""
    shape = graph.shape(name)
    while name in graph.maker:
        node = graph.maker[name]
        if node.op_type in _CONVOLUTIONS:
            return True
        varying = graph.varying(node)
        if node.op_type not in _LINEAR or not varying:
            return False
        if node.op_type == 'Mul' and len(varying) == 2 and _is_scale(graph, varying):
            varying = [item for item in varying if len(graph.shape(item)) == 4]
        if len(varying) != 1 or graph.shape(varying[0]) not in (shape, ()):
            return False
        name = varying[0]
    return False


def _is_scale(graph: Graph, names: list[str]) -> bool:
    """Whether one of two factors is a single number, as dynamic quantisation has them."""
    return sorted(len(graph.shape(name)) == 4 for name in names) == [False, True]


def _still_sees(task: onnx.ModelProto) -> str:
    """Say why a half is no mere reading of its inputs."""
    sizes: Mapping[str, int] = {item.name: numpy_helper.to_array(item).size
                                for item in task.graph.initializer if len(item.dims) > 1}
    for node in task.graph.node:
        if node.op_type in (*_CONVOLUTIONS, 'Gemm', 'MatMul', 'MatMulInteger', 'RoiAlign',
                            'MaxRoiPool', 'GridSample', 'LSTM', 'Attention'):
            if node.op_type in ('RoiAlign', 'MaxRoiPool', 'GridSample', 'Attention'):
                return f'it looks at its features again behind the convolutions ({node.op_type})'
            if max((sizes.get(name, 0) for name in node.input), default=0) > MOST_WEIGHTS:
                return f'it has learned layers behind its last maps ({node.op_type})'
    return ''
