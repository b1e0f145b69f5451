# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Cameras, the node under test, and the turns between settings."""
import argparse
from itertools import product
import threading
from time import perf_counter
from typing import Any

from impnet_ros.benchmark.clip import default_clip, load_images
from impnet_ros.config import RunConfig
from impnet_ros.ros.bench.cameras import Answer, Cameras
from impnet_ros.ros.bench.process import NodeProcess
from impnet_ros.ros.bench.rows import make_row, Row
from impnet_ros.setting import table
import rclpy
from rclpy.executors import SingleThreadedExecutor

_NAMESPACE = '/impnet_bench'
_WARM_S = 1.5
_LAST_ANSWERS_S = 1.0


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


class Measurement:
    """Cameras, the node and the turns between them."""

    def __init__(self, options: argparse.Namespace, executor: SingleThreadedExecutor) -> None:
        self._options, self._executor = options, executor
        self._node = rclpy.create_node('cameras', namespace=_NAMESPACE)
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
        self._executor.remove_node(self._node)
        self._node.destroy_node()
