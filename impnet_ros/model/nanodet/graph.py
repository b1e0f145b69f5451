# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""NanoDet-g as a graph for other runtimes, written node by node: no exporter is needed."""
from collections.abc import Iterable
from typing import Any, cast, Protocol

from impnet_ros.model.nanodet.detector import Block, ConvLeaky, Head, NanoDet, Stage, STRIDES
import onnx
from onnx import helper, numpy_helper, TensorProto
from torch import nn

_OPSET, _IR_VERSION = 13, 8
# Old enough for every ONNX Runtime of the last years.


class Graph(Protocol):
    """What a runtime's format must have; x are names of values, each method gives a new one."""

    def convolved(self, x: str, module: nn.Conv2d) -> str:
        """Append a convolution, and the LeakyReLU of a `ConvLeaky`."""

    def pooled(self, x: str) -> str:
        """Append the largest of each 3 x 3, stride 2, padding 1."""

    def joined(self, first: str, second: str) -> str:
        """Append both, channel after channel."""

    def added(self, one: str, other: str) -> str:
        """Append a sum."""

    def doubled(self, x: str) -> str:
        """Append a resize by two, bilinear."""

    def halved(self, x: str) -> str:
        """Append the mean of each 2 x 2."""


def written(detector: NanoDet, graph: Graph, pixels: str) -> list[str]:
    """Write `NanoDet.forward` into a graph; gives its outputs, one a stride."""
    x = graph.pooled(graph.convolved(pixels, detector.stem))
    stages = []
    for stage in cast(Iterable[Stage], detector.stages):
        entry = graph.convolved(x, stage.entry)
        x = entry
        for block in cast(Iterable[Block], stage.blocks):
            first = graph.convolved(x, block.first)
            x = graph.joined(graph.convolved(first, block.second), first)
        x = graph.joined(graph.convolved(x, stage.exit), entry)
        stages.append(x)
    fine, middle, coarse = (graph.convolved(stage, lateral) for stage, lateral
                            in zip(stages[1:], cast(Iterable[nn.Conv2d], detector.pan.laterals),
                                   strict=True))
    middle = graph.added(middle, graph.doubled(coarse))
    fine = graph.added(fine, graph.doubled(middle))
    middle = graph.added(middle, graph.halved(fine))
    coarse = graph.added(coarse, graph.halved(middle))
    return [graph.convolved(graph.convolved(level, head.conv), head.linear)
            for level, head in zip((fine, middle, coarse),
                                   cast(Iterable[Head], detector.heads), strict=True)]


def nanodet_onnx(detector: NanoDet) -> bytes:
    """
    Write `NanoDet.forward` as ONNX.

    Parameters
    ----------
    detector : NanoDet
        With its weights.

    Returns
    -------
    bytes
        From 'pixels' (B, 3, H, W), H and W multiples of 32, to one output a stride.

    """
    graph = _OnnxGraph()
    outputs = written(detector, graph, 'pixels')
    return graph.finished('pixels', outputs, [f'level_{stride}' for stride in STRIDES])


class _OnnxGraph:
    """Nodes and weights, as they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = [
            helper.make_tensor('twice', TensorProto.FLOAT, [4], [1, 1, 2, 2])]

    def convolved(self, x: str, module: nn.Conv2d) -> str:
        weights = []
        for value in (module.weight, module.bias):
            if value is not None:
                weights.append(f'w{len(self.weights)}')
                self.weights.append(numpy_helper.from_array(
                    value.detach().cpu().contiguous().numpy(), weights[-1]))
        assert isinstance(module.padding, tuple)
        made = self._add('Conv', [x, *weights], kernel_shape=list(module.kernel_size),
                         strides=list(module.stride), pads=[*module.padding] * 2)
        return self._add('LeakyRelu', [made], alpha=0.1) if isinstance(module, ConvLeaky) else made

    def pooled(self, x: str) -> str:
        return self._add('MaxPool', [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])

    def joined(self, first: str, second: str) -> str:
        return self._add('Concat', [first, second], axis=1)

    def added(self, one: str, other: str) -> str:
        return self._add('Add', [one, other])

    def doubled(self, x: str) -> str:
        return self._add('Resize', [x, '', 'twice'], mode='linear',
                         coordinate_transformation_mode='half_pixel')

    def halved(self, x: str) -> str:
        return self._add('AveragePool', [x], kernel_shape=[2, 2], strides=[2, 2])

    def finished(self, x: str, outputs: list[str], names: list[str]) -> bytes:
        """Give the model."""
        for output, name in zip(outputs, names, strict=True):
            self.nodes.append(helper.make_node('Identity', [output], [name]))
        sides: list[int | str] = ['batch', 3, 'rows', 'columns']
        graph = helper.make_graph(
            self.nodes, 'nanodet_g',
            [helper.make_tensor_value_info(x, TensorProto.FLOAT, sides)],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names],
            self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', _OPSET)],
                                  ir_version=_IR_VERSION)
        data: bytes = model.SerializeToString()
        return data

    def _add(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        """Append a node of one output, and give that."""
        name = f'x{len(self.nodes)}'
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name
