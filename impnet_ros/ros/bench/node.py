# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet_bench_node`: the real node measured through DDS, from a camera's side."""
import argparse
from collections.abc import Sequence
import json
import os
from pathlib import Path
import sys
from typing import get_args

from impnet_ros.arguments import add_settings, count, image_size, positive, word_or_number
from impnet_ros.benchmark.machine import conditions
from impnet_ros.benchmark.report import print_rows
from impnet_ros.command_line import run_command
from impnet_ros.config import KeyMode, MODES, RunConfig, StreamConfig
from impnet_ros.outputs import require_distinct, write_whole
import torch

_SHOWN = {'mode': 'mode', 'keys': 'key_mode', 'boxes': 'box_memory', 'l': 'l',
          'images': 'published', 'lost': 'lost', 'mean': 'mean_ms', 'median': 'median_ms',
          'p95': 'p95_ms', 'p99': 'p99_ms', 'max': 'max_ms', 'p99/med': 'p99_over_median',
          'age': 'age', 'node': 'node_ms', 'over': 'over_engine_ms', 'DDS': 'transport_ms',
          'CPU %': 'cpu_percent'}


def _arguments(args: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='impnet_bench_node', description='Latency from the publication of an image to its '
        'detections, frames lost and processor time, for several settings in turn.')
    add_settings(parser, RunConfig)
    parser.add_argument('--input', type=Path, help='video, folder of images or bag')
    parser.add_argument('--size', type=image_size, metavar='WxH', default=(480, 640))
    parser.add_argument('--rate', type=positive, default=30.0, metavar='HZ', help='of each camera')
    parser.add_argument('--cameras', type=count, default=1)
    parser.add_argument('--modes', nargs='+', choices=('auto', *MODES),
                        default=['per_frame', 'impression'])
    parser.add_argument('--key-modes', nargs='+', choices=get_args(KeyMode),
                        default=get_args(KeyMode))
    parser.add_argument('--box-memory', nargs='+', choices=('off', 'on'), default=['off', 'on'])
    parser.add_argument('--l', nargs='+', type=word_or_number, default=[10], metavar='L')
    parser.add_argument('--rounds', type=count, default=3, help='turns of each setting (3)')
    parser.add_argument('--seconds', type=positive, default=10.0, help='length of a turn (10)')
    parser.add_argument('--json', type=Path, metavar='FILE')
    return parser.parse_args(args)


def main(args: Sequence[str] | None = None) -> int:
    """Measure, print, write the JSON file; 1 with a line when the node cannot be measured."""
    options = _arguments(args)
    return run_command('impnet_bench_node', lambda: _measure(options), refused=1)


def _measure(options: argparse.Namespace) -> None:
    # What runs here must not meet other robots, nor they it.
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    found = conditions(torch.device('cpu'))
    for length in options.l:
        StreamConfig(segment_length=length)  # refuses what is no segment length
    require_distinct({'--json': options.json},
                     [*filter(None, (options.input,)), Path(options.model)])
    from impnet_ros.ros.bags.session import ros_session
    from impnet_ros.ros.bench.measurement import Measurement
    with ros_session([]) as executor:
        measurement = Measurement(options, executor)
        try:
            rows = measurement.run()
            memory_mb = measurement.memory_mb
        finally:
            measurement.close()
    width, height = options.size[::-1]
    print_rows([{title: row.get(key, '') for title, key in _SHOWN.items()} for row in rows],
               f'{options.model}, {options.cameras} x {width} x {height} at {options.rate:g} Hz, '
               'ms from publication to detections')
    if options.json:
        write_whole(options.json, json.dumps(
            {'conditions': found, 'node_memory_mb': memory_mb, 'node_threads': options.threads,
             'runtime': options.runtime, 'precision': options.precision,
             'rows': rows}, indent=1) + '\n')


if __name__ == '__main__':
    sys.exit(main())
