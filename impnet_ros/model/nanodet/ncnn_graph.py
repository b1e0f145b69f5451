# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
NanoDet-g in ncnn, the runtime of small convolutional networks on processors.

ncnn multiplies less: it computes convolutions of 3 x 3 as Winograd does, which is most of this
detector. Its graph is a text, a line a layer, and the weights in the order of the layers.
"""
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from tempfile import NamedTemporaryFile
from typing import Any

from impnet_ros.model.nanodet.detector import ConvLeaky, NanoDet
from impnet_ros.model.nanodet.graph import written
from impnet_ros.model.onnx.runtimes import Run
import numpy as np
import torch
from torch import nn, Tensor

_MAGIC = '7767517'
_FLOAT32 = b'\0\0\0\0'
# Before weights: how they are stored.


def nanodet_ncnn(detector: NanoDet) -> Run:
    """
    Make what runs `NanoDet.forward` in ncnn, float32, with as many threads as torch has now.

    Raises
    ------
    ValueError
        If ncnn is not installed or refuses the graph.

    """
    try:
        ncnn = import_module('ncnn')
    except ImportError as error:
        raise ValueError(f'ncnn is not installed: pip install ncnn, or use runtime auto ({error})'
                         ) from error
    graph = _NcnnGraph()
    outputs = written(detector, graph, 'pixels')
    net = ncnn.Net()
    net.opt.num_threads = torch.get_num_threads()
    for shorter in ('fp16_packed', 'fp16_storage', 'fp16_arithmetic', 'bf16_storage'):
        setattr(net.opt, f'use_{shorter}', False)
    with NamedTemporaryFile() as file:  # of weights in memory it would keep no copy
        file.write(graph.weights)
        file.flush()
        if net.load_param_mem(graph.text()) or net.load_model(file.name):
            raise ValueError(f'ncnn {ncnn.__version__} refuses the graph of nanodet_g')

    def run(inputs: Sequence[Tensor]) -> list[Tensor]:
        pixels = np.ascontiguousarray(inputs[0].cpu().numpy(), np.float32)
        pictures = [_one(ncnn, net, picture, outputs) for picture in pixels]
        return [torch.from_numpy(np.stack(level)) for level in zip(*pictures, strict=True)]
    return run


def _one(ncnn: Any, net: Any, pixels: np.ndarray[Any, Any],
         outputs: list[str]) -> list[np.ndarray[Any, Any]]:
    extractor = net.create_extractor()
    extractor.input('pixels', ncnn.Mat(pixels))
    found = []
    for name in outputs:
        failed, value = extractor.extract(name)
        if failed:
            raise RuntimeError(f'ncnn failed at {name}: {failed}')
        found.append(np.asarray(value))
    return found


class _NcnnGraph:
    """Layers and weights, as they are added."""

    def __init__(self) -> None:
        self.weights = bytearray()
        self._layers: list[tuple[str, list[str], str]] = [('Input', [], '')]  # kind, inputs, more

    def convolved(self, x: str, module: nn.Conv2d) -> str:
        self.weights += _FLOAT32
        for value in (module.weight, module.bias):
            if value is not None:
                self.weights += value.detach().cpu().contiguous().numpy().tobytes()
        leaky = ' 9=2 -23310=1,0.1' if isinstance(module, ConvLeaky) else ''
        return self._add('Convolution', [x], f'0={module.out_channels} 1={module.kernel_size[0]} '
                         f'3={module.stride[0]} 4={int(module.padding[0])} '
                         f'5={int(module.bias is not None)} 6={module.weight.numel()}{leaky}')

    def pooled(self, x: str) -> str:
        return self._add('Pooling', [x], '0=0 1=3 2=2 3=1 5=1')

    def joined(self, first: str, second: str) -> str:
        return self._add('Concat', [first, second], '0=0')

    def added(self, one: str, other: str) -> str:
        return self._add('BinaryOp', [one, other], '0=0')

    def doubled(self, x: str) -> str:
        return self._add('Interp', [x], '0=2 1=2.0 2=2.0')

    def halved(self, x: str) -> str:
        return self._add('Pooling', [x], '0=1 1=2 2=2 5=1')

    def text(self) -> str:
        """Give the graph; a value that several layers use is split, as ncnn wants it."""
        uses = Counter(name for _, inputs, _ in self._layers for name in inputs)
        seen: Counter[str] = Counter()
        lines: list[str] = []
        values = 0

        def line(kind: str, inputs: list[str], outputs: list[str], more: str) -> None:
            lines.append(f'{kind} {kind}{len(lines)} {len(inputs)} {len(outputs)} '
                         f'{" ".join((*inputs, *outputs))} {more}')

        for number, (kind, inputs, more) in enumerate(self._layers):
            name = _name(number)
            own = []
            for each in inputs:
                own.append(each if uses[each] == 1 else f'{each}.{seen[each]}')
                seen[each] += 1
            line(kind, own, [name], more)
            parts = [f'{name}.{part}' for part in range(uses[name])]
            values += 1
            if len(parts) > 1:
                line('Split', [name], parts, '')
                values += len(parts)
        return '\n'.join((_MAGIC, f'{len(lines)} {values}', *lines, ''))

    def _add(self, kind: str, inputs: list[str], more: str) -> str:
        self._layers.append((kind, inputs, more))
        return _name(len(self._layers) - 1)


def _name(number: int) -> str:
    return f'x{number}' if number else 'pixels'
