# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet export`: the static parts of a network as ONNX files, for other runtimes."""
import argparse
from pathlib import Path

from impnet_ros.arguments import add_settings
from impnet_ros.config import RunConfig
from impnet_ros.model.network import load_network
from impnet_ros.model.onnx.exporting import onnx_bytes
from impnet_ros.model.onnx.runtimes import open_runtime
from impnet_ros.model.static_part import StaticPart
from impnet_ros.outputs import require_distinct, require_folder, write_whole
import torch
from torch import Tensor


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_settings(parser, RunConfig, 'model')
    parser.add_argument('--output', type=Path, default=Path('out/onnx'), metavar='FOLDER',
                        help='where MODEL.PART.onnx are written (out/onnx)')
    parser.add_argument('--parts', nargs='+', metavar='PART',
                        help='only these: features; for the networks of the paper also task '
                        '(convolutions of RPN and R-FCN), flow, quality')


def run(args: argparse.Namespace) -> None:
    """Write the files and compare each with the module that it is made of."""
    require_folder('--output', args.output)
    network = load_network(args.model, 'cpu')
    parts = network.static_parts()
    unknown = sorted(set(args.parts or ()) - set(parts))
    if unknown:
        raise ValueError(f'--parts: expected some of {", ".join(parts)}, got {", ".join(unknown)}')
    files = {name: args.output / f'{network.name}.{name}.onnx' for name in args.parts or parts}
    require_distinct(files, [Path(args.model)])
    for name, file in files.items():
        part = parts[name]
        model = onnx_bytes(part.module, part.example, part.multiple, part.outputs)
        write_whole(file, model)
        print(f'{file}: {len(model) / 1e6:.1f} MB, {_difference(part, model)}')


def _difference(part: StaticPart, model: bytes) -> str:
    """Largest difference between a file and its module on random input."""
    noise = torch.randn(part.example.shape, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = part.module(noise)
    expected = (expected,) if isinstance(expected, Tensor) else tuple(expected)
    worst = max(float((one - other).abs().max() / one.abs().max().clamp(min=1e-9))
                for one, other in zip(expected, open_runtime(model, 'cpu')([noise]), strict=True))
    return f'differs from torch by {worst:.1e} of the largest output at most'
