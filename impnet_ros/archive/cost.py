# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet label-cost`: what a large archive takes, from the measured times of a small one."""
import argparse
from collections.abc import Mapping
import json
import math
from pathlib import Path

from impnet_ros.archive.simulation import drawn, longest_first, work_off
from impnet_ros.arguments import count, least_0, natural, positive

_PARTS = (('reading', 'read_s'), ('decoding', 'decode_s'), ('network and flow', 'engine_s'),
          ('writing', 'write_s'))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('summary', type=Path, help='summary.json of a run of impnet label')
    parser.add_argument('--bags', type=count, default=10_000, help='pieces (default: %(default)s)')
    parser.add_argument('--hours', type=positive, default=1.0,
                        help='length of a bag on average (default: %(default)s)')
    parser.add_argument('--fps', type=positive, default=30.0,
                        help='images a second (default: %(default)s)')
    parser.add_argument('--spread', type=float, default=0.5,
                        help='lengths lie this share around the average (default: %(default)s)')
    parser.add_argument('--workers', type=count, nargs='+', default=[1, 16, 100, 1000])
    parser.add_argument('--start', type=least_0, default=20.0, metavar='S',
                        help='seconds until a worker is ready (default: %(default)s)')
    parser.add_argument('--seed', type=natural, default=0)


def run(args: argparse.Namespace) -> None:
    """Simulate and print a table."""
    if not 0 <= args.spread < 1:
        raise ValueError(f'--spread: expected a number in 0..1, got {args.spread}')
    times = _times(args.summary)
    rates = [item['seconds'] / item['frames'] for item in times]
    print(_shares(times))
    pieces_s = drawn(rates, args.bags, args.hours * 3600 * args.fps, args.spread, args.seed)
    print(f'{args.bags} bags of {args.hours:g} h at {args.fps:g} images a second: '
          f'{sum(pieces_s) / 3600:.0f} hours of one worker')
    print('workers      hours   idle, longest first   idle, as they come')
    for workers in args.workers:
        best = work_off(longest_first(pieces_s), workers, args.start)
        plain = work_off(pieces_s, workers, args.start)
        print(f'{workers:7} {best.seconds / 3600:10.1f} {100 * best.idle:18.2f} % '
              f'{100 * plain.idle:17.2f} %')


def _times(path: Path) -> list[Mapping[str, float]]:
    try:
        keys = 'frames', 'seconds', *dict(_PARTS).values()
        times = [{key: _least_0(item[key]) for key in keys}
                 for item in json.loads(path.read_text())['times'] if item['frames']]
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError(f'{path}: expected a summary.json of impnet label '
                         f'({type(error).__name__}: {error})') from error
    if not times:
        raise ValueError(f'{path}: expected pieces that were labelled in that run, got none')
    return times


def _least_0(value: float) -> float:
    if not 0 <= value < math.inf:
        raise ValueError(f'expected a number of 0 or more, got {value}')
    return value


def _shares(times: list[Mapping[str, float]]) -> str:
    frames = sum(item['frames'] for item in times)
    total_s = sum(item['seconds'] for item in times)
    parts = ', '.join(f'{name} {1e3 * sum(item[key] for item in times) / frames:.2f}'
                      for name, key in _PARTS)
    return f'{1e3 * total_s / frames:.2f} ms an image and worker: {parts} ms'
