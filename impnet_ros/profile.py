# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet profile`: parameters and multiply-adds, part by part and frame by frame."""
import argparse
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
import json
from pathlib import Path
from time import perf_counter
from typing import Any

from impnet_ros.arguments import add_settings, config_of, image_size
from impnet_ros.config import OFFSET_LENGTH, RunConfig, StreamConfig
from impnet_ros.model.contract import Network
from impnet_ros.model.device import choose_device
from impnet_ros.model.network import load_network
from impnet_ros.model.onnx.network import ImportedNetwork
from impnet_ros.model.paper.network import ImpressionNetwork
from impnet_ros.outputs import require_distinct, write_whole
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.types import Frame
import numpy as np
from rich.console import Console
from rich.table import Table
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

_MEASURED_FRAMES = 3


@dataclass(frozen=True)
class Profile:
    """
    What a network costs; multiply-adds in units of 10^9, of convolutions and matrix products.

    Attributes
    ----------
    model : str
        Name of the network.
    image_size : tuple of int
        (height, width) of the image in pixels.
    segment_length : int
        l.
    parameters : dict
        Part -> number of parameters, learned or frozen.
    gmac : dict
        Part -> multiply-adds of one application; N_q is applied twice a key frame.
    gmac_stages : dict
        Method of the network -> multiply-adds of one call: features N_feat, flow F and S,
        weights N_q twice, task N_task.
    gmac_per_frame : float
        A frame of the per-frame detector: N_feat and N_task.
    gmac_key, gmac_non_key : float
        A key frame that absorbs into an impression; any other frame.
    gmac_impression : float
        Mean frame of a segment.
    ratio_exact : float
        gmac_impression / gmac_per_frame, r of section 3.4.
    ratio_paper : float
        The paper's approximation of it, O(F) / O(N_feat) + 1 / l.

    """

    model: str
    image_size: tuple[int, int]
    segment_length: int
    parameters: dict[str, int]
    gmac: dict[str, float]
    gmac_stages: dict[str, float]
    gmac_per_frame: float
    gmac_key: float
    gmac_non_key: float
    gmac_impression: float
    ratio_exact: float
    ratio_paper: float


def _stages(network: Network, image_size: tuple[int, int]) -> dict[str, Callable[[], object]]:
    """Give the methods of the contract, ready to be called on pictures of that size."""
    picture = network.prepare(np.zeros((*image_size, 3), np.uint8))
    levels = network.features(picture)
    flow = network.flow(picture, picture)
    return {
        'features': partial(network.features, picture),
        'flow': partial(network.flow, picture, picture),
        'propagate': partial(network.propagate, levels, flow),
        'weights': partial(network.weights, levels, levels),
        # Proposals and boxes depend on values, and have no multiply-adds to count.
        'task': (partial(network.head, levels.maps[0]) if isinstance(network, ImpressionNetwork)
                 else partial(network.task, levels, None, network.detection))}


def _without_values(network: Network) -> Network:
    """Give the paper's network without weights: any size, at once, on any machine."""
    if not isinstance(network, ImpressionNetwork):
        return network
    with torch.device('meta'):
        return ImpressionNetwork(network.config).eval()


@torch.no_grad()
def profile(network: Network, image_size: tuple[int, int], segment_length: int) -> Profile:
    """
    Count what a network costs.

    Parameters
    ----------
    network : Network
        Its `parts` are counted.
    image_size : tuple of int
        (height, width) of the image in pixels; the network makes its own size of it.
    segment_length : int
        l.

    """
    traced = _without_values(network)
    stages = _stages(traced, image_size)
    parts = traced.parts()
    first: dict[str, dict[nn.Module, int]] = {name: {} for name in parts}
    cost: dict[str, float] = {}
    handles = []
    with FlopCounterMode(display=False) as counter:

        def begin(module: nn.Module, _: Any, found: dict[nn.Module, int]) -> None:
            found.setdefault(module, -counter.get_total_flops())

        def end(module: nn.Module, _: Any, __: Any, found: dict[nn.Module, int]) -> None:
            if found[module] <= 0:  # only the first application counts
                found[module] += counter.get_total_flops()

        for name, part in parts.items():
            # A list of modules is never called, its members are.
            for module in part if isinstance(part, nn.ModuleList) else (part,):
                handles += [module.register_forward_pre_hook(partial(begin, found=first[name])),
                            module.register_forward_hook(partial(end, found=first[name]))]
        for name, stage in stages.items():
            before = counter.get_total_flops()
            stage()
            cost[name] = (counter.get_total_flops() - before) / 2e9  # a multiply-add is two
    for handle in handles:
        handle.remove()
    carry = cost['flow'] + cost['propagate']
    per_frame = cost['features'] + cost['task']
    key = per_frame + carry + cost['weights']
    non_key = carry + cost['task']
    mean = (key + (segment_length - 1) * non_key) / segment_length
    return Profile(
        model=network.name, image_size=image_size, segment_length=segment_length,
        parameters={name: sum(p.numel() for p in part.parameters())
                    for name, part in parts.items()},
        gmac={name: sum(found.values()) / 2e9 for name, found in first.items()},
        gmac_stages=cost, gmac_per_frame=per_frame, gmac_key=key, gmac_non_key=non_key,
        gmac_impression=mean,
        ratio_exact=mean / per_frame,
        ratio_paper=cost['flow'] / cost['features'] + 1 / segment_length)


def measure_ratio(network: Network, image_size: tuple[int, int], segment_length: int) -> float:
    """
    Time the engine: mean frame of a segment over a frame of the per-frame detector.

    Parameters
    ----------
    network, image_size, segment_length
        As in `profile`.

    """
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (*image_size, 3), dtype=np.uint8)

    def seconds(mode: str, warm_up: int, frames: int) -> float:
        engine = Engine(network, StreamConfig(segment_length=segment_length, mode=mode,
                                              box_memory=False))
        state, start = engine.reset(), 0.0
        for index in range(warm_up + frames):
            if index == warm_up:
                start = perf_counter()
            moved = np.roll(image, 2 * index, axis=1)
            state = engine.step(Frame(moved, index / 30), state)[1]
        return (perf_counter() - start) / frames

    return (seconds('impression', segment_length, segment_length)
            / seconds('per_frame', 1, _MEASURED_FRAMES))


def show(result: Profile, measured: float | None) -> None:
    """Print a profile as tables."""
    console = Console()
    height, width = result.image_size
    parts = Table(title=f'{result.model}, image {width} x {height}')
    parts.add_column('part')
    parts.add_column('parameters', justify='right')
    parts.add_column('G multiply-adds', justify='right')
    for name, count in result.parameters.items():
        parts.add_row(name, f'{count:,}', f'{result.gmac[name]:.2f}')
    parts.add_section()
    parts.add_row('all', f'{sum(result.parameters.values()):,}', '')
    frames = Table(title=f'l = {result.segment_length}')
    frames.add_column('frame')
    frames.add_column('G multiply-adds', justify='right')
    for name, value in (('per frame', result.gmac_per_frame), ('key', result.gmac_key),
                        ('non-key', result.gmac_non_key),
                        ('impression, mean', result.gmac_impression)):
        frames.add_row(name, f'{value:.1f}')
    console.print(parts)
    console.print(frames)
    console.print(f'ratio r of section 3.4: exact {result.ratio_exact:.3f}, approximated as in '
                  f'the paper {result.ratio_paper:.3f}'
                  + (f', in time, measured here {measured:.3f}' if measured is not None else ''))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('--model', default='impression_r101', help='name, checkpoint or .onnx')
    parser.add_argument('--size', type=image_size, default=(600, 1000), metavar='WxH',
                        help='of the image in pixels (default: 1000x600)')
    add_settings(parser, StreamConfig, 'segment_length')
    parser.add_argument('--measure', action='store_true',
                        help='also run the engine on noise and time it')
    add_settings(parser, RunConfig, 'device')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the numbers')


def run(args: argparse.Namespace) -> None:
    """Profile, and show or write it."""
    require_distinct({'--json': args.json}, (Path(args.model),))
    config_of(StreamConfig, args)  # refuses what is no segment length
    length = OFFSET_LENGTH if args.l == 'auto' else args.l
    if args.model.endswith('.onnx'):
        if args.measure:
            raise ValueError('--measure: expected a network of the package, got an .onnx; impnet '
                             'bench times it')
        _show_onnx(Path(args.model), args.json)
        return
    network = load_network(args.model, args.device, 'torch')  # which counts what it computes
    result = profile(network, args.size, length)
    measured = measure_ratio(network, args.size, length) if args.measure else None
    show(result, measured)
    if args.json:
        values = asdict(result) | ({} if measured is None else {'ratio_measured': measured})
        write_whole(args.json, json.dumps(values, indent=1) + '\n')


def _show_onnx(path: Path, json_file: Path | None) -> None:
    """Print and write what an imported detector costs; only key frames cost it features."""
    network = ImportedNetwork.load(path, choose_device('cpu'))
    total, task = network.multiply_adds()
    print(f'{path}: tier {network.declaration.tier}, {network.parameters() / 1e6:.2f} million '
          f'parameters, {total / 1e9:.3f} GMAC a key frame, {task / 1e9:.3f} of them in the task '
          'half')
    if json_file:
        values = {'model': str(path), 'tier': network.declaration.tier,
                  'parameters': network.parameters(),
                  'multiply_adds': {'total': total, 'task': task}}
        write_whole(json_file, json.dumps(values, indent=1) + '\n')
