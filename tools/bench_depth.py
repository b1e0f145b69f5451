#!/usr/bin/env python3
# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
How well and how fast boxes are placed in space, on rendered scenes with exact truth.

The figures of docs/depth.md. The truth is the middle of the object's own cuboid; boxes are exact.
"""
import argparse
from collections.abc import Sequence
import os
import sys
from time import perf_counter, thread_time
from typing import Any

os.environ.setdefault('OMP_NUM_THREADS', '1')

from impnet_ros.arguments import positive  # noqa: E402 - after the number of threads
from impnet_ros.data.depth_scenes import DepthScene, draw, measured  # noqa: E402
from impnet_ros.depth.depth_image import DepthImage  # noqa: E402
from impnet_ros.depth.placing import place  # noqa: E402
import numpy as np  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

_BOXES = 20


def errors(scenes: Sequence[DepthScene], depths: Sequence[Any]) -> Any:
    """Give position errors, (N,), as shares of the distance; infinite where nothing is placed."""
    found = []
    for scene, depth in zip(scenes, depths, strict=True):
        placed = place(DepthImage(np.float32(depth), 1.0), scene.lens, scene.box)
        away = np.linalg.norm(placed.position[0] - scene.position)
        found.append(away / np.linalg.norm(scene.position))
    return np.nan_to_num(np.array(found), nan=np.inf)


def milliseconds(scenes: Sequence[DepthScene], rounds: int = 200) -> Any:
    """Time `_BOXES` boxes in an image, ms: on the wall and on the processor, (rounds, 2)."""
    boxes = np.array([scenes[index % len(scenes)].box for index in range(_BOXES)])
    image = DepthImage(np.nan_to_num(scenes[0].depth * 1000, posinf=0).astype(np.uint16), 0.001)
    times = []
    for _ in range(rounds):
        began, worked = perf_counter(), thread_time()
        place(image, scenes[0].lens, boxes)
        times.append((perf_counter() - began, thread_time() - worked))
    return np.array(times) * 1e3


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--scenes', type=int, default=300)
    parser.add_argument('--distance', type=positive, default=5.0, help='metres (5)')
    parser.add_argument('--seed', type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    scenes = [draw(rng, options.distance) for _ in range(options.scenes)]
    table = Table(title=f'{len(scenes)} scenes at {options.distance:g} m, 640 x 480')
    for column in ('depth', 'median error, %', 'within 10 %, %'):
        table.add_column(column)
    for name, depths in (
            ('clean', [scene.depth for scene in scenes]),
            ('stereo noise, 0.2 % of d^2', [measured(scene.depth, rng) for scene in scenes]),
            ('half hidden', [scene.hidden for scene in scenes]),
            ('half hidden, noise', [measured(scene.hidden, rng) for scene in scenes]),
            ('30 % holes', [measured(scene.depth, rng, 0.0, 0.3) for scene in scenes]),
            ('30 % holes, noise', [measured(scene.depth, rng, holes=0.3) for scene in scenes])):
        found = errors(scenes, depths)
        table.add_row(name, f'{100 * np.median(found):.1f}', f'{100 * np.mean(found < 0.1):.1f}')
    console = Console()
    console.print(table)
    times = milliseconds(scenes)
    console.print(f'{_BOXES} boxes in an image, one thread: {np.median(times[:, 0]):.2f} ms '
                  f'(median), of which on the processor {np.median(times[:, 1]):.2f} ms')
    return 0


if __name__ == '__main__':
    sys.exit(main())
