# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Read an ONNX file that a stranger may have made.

A file is data: nothing of it is run before it is checked, no other file is read on its word, and
sizes are looked at before memory is given.
"""
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from google.protobuf.message import DecodeError
import onnx
from onnx import inliner

LARGEST_FILE = 2 ** 31 - 1
"""Bytes; a protobuf message cannot be larger."""

STANDARD = ('', 'ai.onnx')
KNOWN = (*STANDARD, 'com.microsoft')
"""Domains of operators that ONNX Runtime brings along."""


def read_onnx(path: Path) -> onnx.ModelProto:
    """
    Read and check a file.

    Returns
    -------
    ModelProto
        Whole: no external data, no functions of its own, no custom operators.

    Raises
    ------
    ValueError
        If the file is nothing that can be used; the message says why, and what helps.

    """
    if not path.is_file():
        raise ValueError(f'{path}: ' + ('expected a file, got a folder' if path.is_dir()
                                        else 'no such file'))
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise ValueError(f'{path}: expected at most 2 GB, got {size / 1e9:.1f} GB')
    try:
        return checked(path.read_bytes())
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from error


def checked(data: bytes) -> onnx.ModelProto:
    """Parse a model's bytes and check it; see `read_onnx`."""
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        raise ValueError(f'expected a whole ONNX file, got {len(data)} bytes that are none: '
                         'copy or export it again') from error
    if not model.graph.node or not model.graph.output:
        raise ValueError(f'expected an ONNX graph with outputs, got {len(data)} bytes with '
                         f'{len(model.graph.node)} nodes: copy or export it again')
    for tensor in _tensors(model.graph):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            raise ValueError(f'expected weights in the file itself, got {tensor.name!r} as '
                             'external data: save it as one file (onnx.save_model with '
                             'save_as_external_data=False)')
    if model.functions:
        try:
            model = inliner.inline_local_functions(model)
        except (onnx.checker.ValidationError, RuntimeError) as error:
            raise ValueError(f'expected functions that can be written out: {error}') from error
    _check_operators(model)
    _sort(model.graph)
    return model


def graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """Yield a graph and the bodies of its nodes."""
    waiting = [graph]
    while waiting:
        found = waiting.pop()
        yield found
        for node in found.node:
            for attribute in node.attribute:
                waiting += [attribute.g] if attribute.HasField('g') else []
                waiting += attribute.graphs


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    for part in graphs(graph):
        yield from part.initializer
        for sparse in part.sparse_initializer:
            yield from (sparse.values, sparse.indices)
        for node in part.node:
            for attribute in node.attribute:
                if attribute.HasField('t'):
                    yield attribute.t
                yield from attribute.tensors


def _check_operators(model: onnx.ModelProto) -> None:
    for part in graphs(model.graph):
        for node in part.node:
            standard = node.domain in STANDARD
            if node.domain not in KNOWN or (standard and not onnx.defs.has(node.op_type)):
                raise ValueError(
                    f'expected operators of ONNX, got the custom one {node.op_type!r}'
                    + (f' of {node.domain!r}' if node.domain else '')
                    + ': export without it, and without plugins (for NMS: without NMS)')


def _sort(graph: onnx.GraphProto) -> None:
    """Bring nodes into an order in which each comes after what it needs; converters do not."""
    maker = {name: number for number, node in enumerate(graph.node)
             for name in node.output if name}
    before = {number: sorted({maker[name] for name in needed(node) if name in maker})
              for number, node in enumerate(graph.node)}
    if all(max(numbers, default=-1) < number for number, numbers in before.items()):
        return
    try:
        order = list(TopologicalSorter(before).static_order())
    except CycleError as error:
        node = graph.node[error.args[1][0]]
        raise ValueError(f'expected a graph without circles, got one through {node.op_type} '
                         f'{node.name!r}') from error
    copies = [onnx.NodeProto.FromString(graph.node[number].SerializeToString())
              for number in order]
    del graph.node[:]
    graph.node.extend(copies)


def needed(node: onnx.NodeProto) -> list[str]:
    """Give all that a node needs: its inputs, and what its bodies take from outside."""
    names = [name for name in node.input if name]
    for attribute in node.attribute:
        for body in (*([attribute.g] if attribute.HasField('g') else ()), *attribute.graphs):
            inner = list(graphs(body))
            own = {name for part in inner for item in part.node for name in item.output}
            own |= {item.name for part in inner for item in (*part.input, *part.initializer)}
            names += [name for part in inner for name in (
                *(name for item in part.node for name in item.input),
                *(item.name for item in part.output)) if name and name not in own]
    return names
