#!/usr/bin/env python3
# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Measure whether key frames of several cameras are faster as one batch.

`python tools/measure_batches.py [FILE.onnx ...] [--threads N]`: milliseconds a picture through
ONNX Runtime and OpenVINO, nanodet_g's features first; batches of 1, 2 and 4 in turn, medians.
"""
import argparse
from pathlib import Path
import sys
from time import perf_counter

from impnet_ros.model.network import load_network
from impnet_ros.model.onnx.cutting import halves
from impnet_ros.model.onnx.declaration import declared
from impnet_ros.model.onnx.fixing import image_input
from impnet_ros.model.onnx.reading import read_onnx
from impnet_ros.model.onnx.runtimes import ERRORS, first_line, installed, open_runtime
import numpy as np
import onnx
import torch
from torch import Tensor

BATCHES = (1, 2, 4)


def measured(model: bytes, inputs: dict[int, list[Tensor]], runtime: str, rounds: int) -> str:
    """Give medians for one runtime, as text."""
    run = open_runtime(model, runtime, trusted=False)
    spent: dict[int, list[float]] = {count: [] for count in BATCHES}
    for number in range(rounds + 2):
        for count in BATCHES:
            began = perf_counter()
            outputs = run(inputs[count])
            seconds = perf_counter() - began
            if outputs[0].shape[0] != count:
                raise ValueError(f'gives {tuple(outputs[0].shape)} for {count} pictures')
            spent[count] += [1e3 * seconds / count] * (number > 1)
    alone = float(np.median(spent[1]))
    return ', '.join(f'{count}: {np.median(times):.1f} ms ({np.median(times) / alone:.2f})'
                     for count, times in spent.items())


def batched(model: onnx.ModelProto) -> tuple[bytes, dict[int, list[Tensor]]]:
    """Free the batch axis of a model, of a cut one its features, and make inputs."""
    declaration = declared(model)
    if declaration is not None and declaration.levels:
        cut = [name for level in declaration.levels for name in level.tensors]
        model = onnx.ModelProto.FromString(halves(model, cut)[0])
    value, size, _ = image_input(model)
    for item in (*model.graph.input, *model.graph.output):
        item.type.tensor_type.shape.dim[0].dim_param = 'batch'
    del model.graph.value_info[:]
    sides = [side or 320 for side in size]
    inputs = {}
    for count in BATCHES:
        inputs[count] = [torch.rand(count, 3, *sides) if item.name == value.name
                         else torch.tensor([sides[::-1]]).repeat(count, 1)
                         for item in model.graph.input]
    return model.SerializeToString(), inputs


def main() -> int:
    """Measure nanodet_g and files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('files', type=Path, nargs='*', metavar='FILE.onnx')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--rounds', type=int, default=20)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    from impnet_ros.model.nanodet.graph import nanodet_onnx
    from impnet_ros.model.nanodet.network import NanoDetNetwork
    network = load_network('nanodet_g', 'cpu', 'torch')
    assert isinstance(network, NanoDetNetwork)
    models = {'nanodet_g 416 x 320': (nanodet_onnx(network.detector), {
        count: [torch.rand(count, 3, 320, 416)] for count in BATCHES})}
    models.update({path.name: batched(read_onnx(path)) for path in args.files})
    for name, (model, inputs) in models.items():
        for runtime in installed(torch.device('cpu')):
            try:
                told = measured(model, inputs, runtime, args.rounds)
            except ERRORS as error:
                told = f'takes one picture at a time: {first_line(error)}'
            print(f'{name}, {runtime}, {args.threads} threads, a picture in batches of {told}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
