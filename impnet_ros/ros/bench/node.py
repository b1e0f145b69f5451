# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet_bench_node`: the real node measured through DDS, from a camera's side."""
import argparse
from collections.abc import Sequence
from itertools import product
import json
import os
from pathlib import Path
import sys
import threading
from time import perf_counter
from typing import Any, get_args

from impnet_ros.arguments import add_settings, count, image_size, positive
from impnet_ros.benchmark.clip import default_clip, load_images
from impnet_ros.benchmark.machine import conditions
from impnet_ros.benchmark.report import print_rows
from impnet_ros.config import KeyMode, MODES, RunConfig
from impnet_ros.ros.bench.cameras import Answer, Cameras
from impnet_ros.ros.bench.process import NodeProcess
from impnet_ros.ros.bench.rows import make_row, Row
from impnet_ros.setting import table
import rclpy
from rclpy.executors import SingleThreadedExecutor
import torch

_NAMESPACE = '/impnet_bench'
_WARM_S = 1.5
_LAST_ANSWERS_S = 1.0
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
    parser.add_argument('--l', nargs='+', type=int, default=[10], metavar='L')
    parser.add_argument('--rounds', type=count, default=3, help='turns of each setting (3)')
    parser.add_argument('--seconds', type=positive, default=10.0, help='length of a turn (10)')
    parser.add_argument('--json', type=Path, metavar='FILE')
    return parser.parse_args(args)


def settings_in_turn(options: argparse.Namespace) -> list[dict[str, Any]]:
    """List the node's parameters that are compared; what makes no difference comes once."""
    found: list[dict[str, Any]] = []
    for mode, length, key_mode, boxes in product(options.modes, options.l, options.key_modes,
                                                 options.box_memory):
        setting = {'mode': mode, 'key_mode': key_mode, 'l': length, 'box_memory': boxes == 'on'}
        if mode == 'per_frame':
            setting.update(key_mode='sync', l=1)
        if mode != 'impression':  # auto leaves boxes to the network too
            setting.update(box_memory='auto' if mode == 'auto' else False)
        if setting not in found:
            found.append(setting)
    return found


class _Measurement:
    """Cameras, the node and the turns between them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._node = rclpy.create_node('cameras', namespace=_NAMESPACE)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        names = [f'camera{number}' for number in range(options.cameras)]
        pictures = load_images(options.input or default_clip(), 60, options.size)
        self._cameras = Cameras(self._node, names, pictures, options.rate)
        self._process = NodeProcess(
            self._node, self._spin, _NAMESPACE,
            {row.word: getattr(options, row.word) for row in table(RunConfig)}
            | {'cameras': names})

    def _spin(self, seconds: float) -> None:
        """Serve callbacks for so long."""
        end_s = perf_counter() + seconds
        while (left_s := end_s - perf_counter()) > 0:
            self._executor.spin_once(left_s)

    def run(self) -> list[Row]:
        """Take turns, and sum up."""
        self._process.wait_for(self._cameras.heard)
        settings = settings_in_turn(self._options)
        answers: list[list[Answer]] = [[] for _ in settings]
        cpu_s, seconds = [0.0] * len(settings), [0.0] * len(settings)
        for _ in range(self._options.rounds):
            for index, setting in enumerate(settings):
                self._process.use(setting)
                self._publish(_WARM_S)
                begin_s, begin_cpu_s = perf_counter(), self._process.cpu_s()
                answers[index] += self._publish(self._options.seconds)
                cpu_s[index] += self._process.cpu_s() - begin_cpu_s
                seconds[index] += perf_counter() - begin_s
                self._spin(_LAST_ANSWERS_S)
        height, width = self._options.size
        common = {'model': self._options.model, 'cameras': self._options.cameras,
                  'rate_hz': self._options.rate, 'width': width, 'height': height}
        return [make_row({**common, **setting}, *measured) for setting, *measured
                in zip(settings, answers, cpu_s, seconds, strict=True)]

    def _publish(self, seconds: float) -> list[Answer]:
        """Publish in a thread while the answers are taken here."""
        stop, rounds = threading.Event(), []
        thread = threading.Thread(
            target=lambda: rounds.append(self._cameras.publish(seconds, stop)))
        thread.start()
        try:
            while thread.is_alive():
                self._spin(0.02)
        finally:
            stop.set()
            thread.join()
        return list(rounds[0].answers.values())

    @property
    def memory_mb(self) -> float:
        """Memory that the node holds."""
        return self._process.memory_mb()

    def close(self) -> None:
        """End the node and ours."""
        self._process.close()
        self._executor.shutdown()
        self._node.destroy_node()


def main(args: Sequence[str] | None = None) -> int:
    """Measure, print, write the JSON file; 1 when the node cannot be measured."""
    options = _arguments(args)
    # What runs here must not meet other robots, nor they it.
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    found = conditions(torch.device('cpu'))
    rclpy.init()
    try:
        measurement = _Measurement(options)
        try:
            rows = measurement.run()
            memory_mb = measurement.memory_mb
        finally:
            measurement.close()
    except (OSError, ValueError) as error:
        print(f'impnet_bench_node: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        rclpy.try_shutdown()
    width, height = options.size[::-1]
    print_rows([{title: row.get(key, '') for title, key in _SHOWN.items()} for row in rows],
               f'{options.model}, {options.cameras} x {width} x {height} at {options.rate:g} Hz, '
               'ms from publication to detections')
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(
            {'conditions': found, 'node_memory_mb': memory_mb, 'node_threads': options.threads,
             'runtime': options.runtime, 'precision': options.precision,
             'rows': rows}, indent=1) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
