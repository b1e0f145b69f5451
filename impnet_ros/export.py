# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet export`: the static parts of a network as ONNX files, for other runtimes."""
import argparse
from dataclasses import dataclass
import importlib.util
from pathlib import Path

from impnet_ros.arguments import add_settings
from impnet_ros.config import RunConfig
from impnet_ros.model.nanodet.detector import STRIDES
from impnet_ros.model.nanodet.network import NanoDetNetwork
from impnet_ros.model.network import load_network
from impnet_ros.model.onnx.exporting import onnx_bytes
from impnet_ros.model.onnx.runtimes import OnnxRuntime
from impnet_ros.model.paper.network import ImpressionNetwork
import torch
from torch import nn, Tensor


@dataclass(frozen=True)
class Part:
    """
    A static part of a network.

    Attributes
    ----------
    module : Module
        One input, one or several outputs.
    example : Tensor
        An input, (1, C, H, W).
    multiple : int
        Of what its height and width are multiples.
    outputs : tuple of str
        Names.

    """

    module: nn.Module
    example: Tensor
    multiple: int
    outputs: tuple[str, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_settings(parser, RunConfig, 'model')
    parser.add_argument('--output', type=Path, default=Path('out/onnx'), metavar='FOLDER',
                        help='where MODEL.PART.onnx are written (out/onnx)')
    parser.add_argument('--parts', nargs='+', metavar='PART',
                        help='only these: features; for the networks of the paper also task '
                        '(convolutions of RPN and R-FCN), flow, quality')


def static_parts(network: NanoDetNetwork | ImpressionNetwork) -> dict[str, Part]:
    """
    Name what can be computed without looking at the result: all but warp, NMS and pooling.

    NanoDet-g's convolutions all belong to `features`, see `NanoDet`.
    """
    if isinstance(network, NanoDetNetwork):
        names = tuple(f'level_{stride}' for stride in STRIDES)
        return {'features': Part(network.detector, torch.zeros(1, 3, 320, 416), 32, names)}
    channels = network.config.channels
    feature = torch.zeros(1, channels, 20, 26)
    parts = {
        'features': Part(network.backbone, torch.zeros(1, 3, 320, 416), 16, ('feature',)),
        'task': Part(network.head, feature, 1,
                     ('rpn_scores', 'rpn_deltas', 'score_maps', 'box_maps')),
        'quality': Part(network.quality_net, feature, 1, ('score',))}
    if network.flow_net is not None:
        parts['flow'] = Part(network.flow_net, torch.zeros(1, 6, 192, 256), 64,
                             ('flow', 'flow_feature'))
    return parts


def run(args: argparse.Namespace) -> None:
    """Write the files and compare each with the module that it is made of."""
    network = load_network(args.model, 'cpu')
    parts = static_parts(network)
    unknown = sorted(set(args.parts or ()) - set(parts))
    if unknown:
        raise ValueError(f'--parts: expected some of {", ".join(parts)}, got {", ".join(unknown)}')
    args.output.mkdir(parents=True, exist_ok=True)
    for name in args.parts or parts:
        part = parts[name]
        model = onnx_bytes(part.module, part.example, part.multiple, part.outputs)
        file = args.output / f'{network.name}.{name}.onnx'
        file.write_bytes(model)
        print(f'{file}: {len(model) / 1e6:.1f} MB, {_difference(part, model)}')


def _difference(part: Part, model: bytes) -> str:
    """Largest difference between a file and its module on random input."""
    if importlib.util.find_spec('onnxruntime') is None:
        return 'not compared: onnxruntime is not installed'
    noise = torch.randn(part.example.shape, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = part.module(noise)
    expected = (expected,) if isinstance(expected, Tensor) else tuple(expected)
    worst = max(float((one - other).abs().max() / one.abs().max().clamp(min=1e-9))
                for one, other in zip(expected, OnnxRuntime(model)(noise), strict=True))
    return f'differs from torch by {worst:.1e} of the largest output at most'
