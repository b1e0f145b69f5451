# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet bench`: all modes of a model side by side in one run."""
import argparse
from collections.abc import Sequence
from contextlib import closing, ExitStack
import json
from pathlib import Path
from typing import Any

from impnet_ros.arguments import add_settings, count, image_size, natural, positive
from impnet_ros.benchmark import report, scaling
from impnet_ros.benchmark.clip import default_clip, FPS, load_images
from impnet_ros.benchmark.machine import conditions, memory_mb, use_threads
from impnet_ros.benchmark.measure import Clock, interleave, Measured, Stream, whole_segments
from impnet_ros.benchmark.parts import Parts
from impnet_ros.benchmark.rows import make_row, Row
from impnet_ros.benchmark.variants import side_by_side, Variant
from impnet_ros.config import KEY_MODES, MODES, RunConfig
from impnet_ros.images import RgbImage
from impnet_ros.model.contract import Network
from impnet_ros.model.network import load_network
from impnet_ros.outputs import require_distinct, write_whole
from tqdm import tqdm

WHAT = ('modes', 'size', 'cameras', 'length')
_SIZES = ((240, 320), (480, 640), (720, 1280), (1080, 1920))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('--model', nargs='+', default=[RunConfig().model],
                        help='names or checkpoints')
    add_settings(parser, RunConfig, 'device', 'precision', 'runtime')
    parser.add_argument('--input', type=Path, help='video, folder of images or bag; by default '
                        'the clip of people on bicycles, or sprites where it is not')
    parser.add_argument('--size', type=image_size, metavar='WxH', default=(480, 640),
                        help='size of the images (640x480)')
    parser.add_argument('--what', nargs='+', choices=WHAT, default=['modes'],
                        help='modes against each other, and cost against size of the image, '
                        'number of cameras, length of the video (modes)')
    parser.add_argument('--modes', nargs='+', choices=MODES, default=MODES[::-1],
                        help='per_frame is always there')
    parser.add_argument('--key-modes', nargs='+', choices=KEY_MODES, default=KEY_MODES,
                        help='of the impression (both)')
    parser.add_argument('--l', nargs='+', type=int, default=[5, 10], metavar='L',
                        help='segment lengths (5 10)')
    parser.add_argument('--rounds', type=count, default=10, help='turns of each mode (10)')
    parser.add_argument('--frames', type=count, default=30,
                        help='frames a turn, rounded up to whole segments (30)')
    parser.add_argument('--rate', type=positive, default=FPS, metavar='HZ',
                        help='camera rate for asynchronous key frames (30): without a camera to '
                        'wait for, frames would pass faster than a key frame can be ready')
    parser.add_argument('--long', type=count, default=10_000, metavar='FRAMES',
                        help='length of the long video (10000)')
    parser.add_argument('--threads', type=natural, default=0,
                        help='of torch and OpenCV; 0 leaves a core to cameras and key frames (0)')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the figures')
    parser.add_argument('--plot', type=Path, metavar='FILE', help='draw the figures')
    parser.add_argument('--quiet', action='store_true', help='no progress bar')


def compare(network: Network, images: list[RgbImage], variants: Sequence[Variant], frames: int,
            rounds: int, rate_hz: float, quiet: bool = True, clock: Clock | None = None
            ) -> tuple[list[Row], dict[str, float]]:
    """
    Measure variants and the parts that they are made of, in turn.

    Parameters
    ----------
    network : Network
        What is timed.
    images : list of numpy.ndarray
        The clip.
    variants : sequence of Variant
        The first is `PER_FRAME`.
    frames, rounds : int
        Frames a turn, rounded up to whole segments, and turns of each.
    rate_hz : float
        At which asynchronous variants get their frames; the others as fast as they can.
    quiet : bool
        No progress bar.
    clock : Clock, optional
        The real one by default.

    Returns
    -------
    rows : list of dict
        See `make_row`, in the order of the variants.
    part_ms : dict
        Mean milliseconds of each part alone.

    """
    with ExitStack() as stack:
        streams = [stack.enter_context(closing(Stream(
            network, variant, images, clock=clock,
            period_s=1 / rate_hz if variant.key_mode == 'async' else 0.0)))
            for variant in variants]
        parts = Parts(network, images, clock=clock)
        turns: list[tuple[Measured, int]] = [
            (stream, whole_segments(frames, variant.l))
            for stream, variant in zip(streams, variants, strict=True)]
        turns.append((parts, frames))
        for _ in tqdm(interleave(turns, rounds), total=rounds * len(turns), unit='turn',
                      disable=quiet):
            pass
    part_ms = parts.mean_ms
    overlaps = network.spare_thread is not None
    return [make_row(network.name, variant, stream.times, streams[0].times, part_ms, overlaps)
            for stream, variant in zip(streams, variants, strict=True)], part_ms


def run(args: argparse.Namespace) -> None:
    """Measure, print, write what was asked for."""
    if args.plot:
        from impnet_ros.evaluation.plots import require_picture  # late: it loads matplotlib
        require_picture('--plot', args.plot)
    require_distinct({'--json': args.json, '--plot': args.plot},
                     [*filter(None, (args.input,)), *map(Path, args.model)])
    use_threads(args.threads)
    source = args.input or default_clip()
    images = load_images(source, 120, args.size)
    results: dict[str, Any] = {'input': source.name if source else 'sprites',
                               'size': list(args.size), 'clip_frames': len(images),
                               'runtime': args.runtime, 'precision': args.precision, 'rows': []}
    for model in args.model:
        network = load_network(model, args.device, runtime=args.runtime,
                               precision=args.precision)
        results.setdefault('conditions', conditions(network.device))
        _measure(args, network, images, results)
    results['memory_mb'] = memory_mb()
    if args.json:
        write_whole(args.json, json.dumps(results, indent=1) + '\n')
    if args.plot:
        report.plot(results, args.plot)


def _measure(args: argparse.Namespace, network: Network, images: list[RgbImage],
             results: dict[str, Any]) -> None:
    """Measure one model and add to the results."""
    height, width = args.size
    threads = results['conditions']['torch_threads']
    if 'modes' in args.what:
        variants = [variant for variant in side_by_side(args.l, args.modes, args.key_modes)
                    if variant.fits(network)]
        rows, part_ms = compare(network, images, variants, args.frames, args.rounds, args.rate,
                                args.quiet)
        report.print_modes(rows, part_ms, f'{network.name}, {width} x {height}, {network.device}, '
                           f'{threads} threads')
        results['rows'] += rows
        results.setdefault('parts_ms', {})[network.name] = part_ms
    if 'size' in args.what:
        _add(results, 'by_size', network, scaling.by_size(
            network, images, _SIZES, args.l[-1], args.frames, args.rounds))
    if 'cameras' in args.what:
        _add(results, 'by_cameras', network, scaling.by_cameras(
            network, images, (1, 2, 4, 8), args.l[-1], args.frames, args.rounds))
    if 'length' in args.what:
        _add(results, 'by_length', network, scaling.by_length(
            network, images, args.l[-1], args.long, min(500, args.long)))


def _add(results: dict[str, Any], name: str, network: Network, rows: list[dict[str, Any]]) -> None:
    report.print_rows(rows, f'{network.name} {name.replace("_", " ")}')
    results.setdefault(name, []).extend({'model': network.name, **row} for row in rows)
