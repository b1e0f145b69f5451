#!/usr/bin/env python3
# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Show detector and depth node at work (`make demo-depth`).

A room and a street of simple solids are rendered, with a moving camera, into a bag: colour, depth
with the noise of a stereo camera, camera_info, tf. The bag is replayed over DDS through
impnet_node and impnet_depth_node. What comes back in the frame `map` is held against the truth.
Nothing in the pictures is a photograph.
"""
import argparse
from collections.abc import Sequence
from dataclasses import dataclass
import json
from pathlib import Path
import subprocess
import sys
from typing import Any

import cv2
from depth_bag import COLOUR, DEPTH, DepthBag, WORLD
from depth_plan import plan
from depth_world import SCENES
from impnet_ros.arguments import positive
from impnet_ros.outputs import said, write_whole
from impnet_ros.video import open_bag
import numpy as np
from processes import (DEADLINE_S, fresh_folder, let_finish, own_domain, process, published,
                       wait_for)
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
START_NS = 1_700_000_000_000_000_000
PAUSE_S = 2.0
NEAR_ENOUGH, SAME_BOX = 0.1, 0.5


@dataclass(frozen=True)
class Instant:
    """One rendered frame: where its scene was, and the truth about it."""

    scene: str
    eye: list[float]
    things: list[dict[str, Any]]


@dataclass(frozen=True)
class Sighting:
    """
    One true thing in one frame that the detector saw.

    `place` is where the depth node put it, in the map, or None; `error` is the distance to the
    truth as a share of the thing's distance from the camera.
    """

    scene: str
    name: str
    number: int
    truth: list[float]
    place: list[float] | None
    error: float


def main() -> int:
    """Run the demonstration; 1 with a line on what failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', type=Path, default=ROOT / 'out' / 'demo_depth')
    parser.add_argument('--seconds', type=positive, default=6.0, help='of each scene (6)')
    parser.add_argument('--fps', type=positive, default=10.0, help='frames a second (10)')
    parser.add_argument('--scenes', nargs='+', choices=sorted(SCENES), default=list(SCENES))
    options = parser.parse_args()
    console = Console()
    try:
        fresh_folder(options.out)
        console.print(f'[bold]1[/] rendering {" and ".join(options.scenes)} to a bag')
        instants = _render(options)
        console.print('[bold]2[/] replaying it through impnet_node and impnet_depth_node')
        _replay(options.out)
        console.print('[bold]3[/] holding what came back against the truth')
        boxes, places, received = _recorded(options.out / 'results')
        sightings = _sightings(instants, boxes, places)
        sent = published(options.out / 'published.txt', COLOUR)
        summary = _summary(len(instants), sightings, [
            (received[stamp] - sent[stamp]) / 1e6 for stamp in sorted(received) if stamp in sent])
        plan(options.out / 'above.png', list(instants.values()), sightings)
        write_whole(options.out / 'summary.json', json.dumps(summary, indent=2) + '\n')
    except (OSError, RuntimeError, ValueError) as error:
        console.print(f'[red]demo-depth: {said(error)}')
        return 1
    except KeyboardInterrupt:
        return 130
    _show(console, summary, sightings, options.out)
    return 0


def _render(options: argparse.Namespace) -> dict[int, Instant]:
    """Write the bag; give the truth by stamp."""
    instants: dict[int, Instant] = {}
    stamp_ns = START_NS
    with DepthBag(options.out / 'camera') as bag:
        for name in options.scenes:
            scene = SCENES[name]()
            for index in range(max(2, round(options.seconds * options.fps))):
                seconds = index / options.fps
                view, camera = scene.view(seconds), scene.camera(seconds)
                bag.write(view.image, view.depth, camera, stamp_ns)
                instants[stamp_ns] = Instant(name, camera.position.tolist(),
                                             scene.truth(seconds, view))
                if index == 0:
                    cv2.imwrite(str(options.out / f'{name}.png'), view.image[..., ::-1])
                stamp_ns += round(1e9 / options.fps)
            stamp_ns += round(PAUSE_S * 1e9)
    return instants


def _replay(out: Path) -> None:
    """Run both nodes, recorder and player, each as a process, in a domain of our own."""
    environment = own_domain()
    detector = ['impnet_node', '--ros-args', '-r', f'image:={COLOUR}', '-p', 'l:=3']
    depth = ['impnet_depth_node', '--ros-args', '-p', f'target_frame:={WORLD}', '-p', 'wait:=1.0',
             '-r', f'depth/image:={DEPTH}', '-r', 'depth/camera_info:=/camera/depth/camera_info']
    topics = ('/detections', '/detections_3d', '/velocities')
    with (process(detector, out / 'node.log', environment) as node,
          process(depth, out / 'depth_node.log', environment) as depth_node,
          process(['impnet_bag_record', str(out / 'results'), *topics], out / 'record.log',
                  environment) as recorder):
        wait_for(out / 'node.log', (f'{COLOUR} -> /detections',), node)
        wait_for(out / 'depth_node.log', ('-> /detections_3d',), depth_node)
        wait_for(out / 'record.log', tuple(f'recording {topic}' for topic in topics), recorder)
        player = subprocess.run(
            ['impnet_bag_play', str(out / 'camera'), '--log', str(out / 'published.txt'),
             '--wait', str(DEADLINE_S)], env=environment)
        if player.returncode:
            raise RuntimeError(f'the player ended with {player.returncode}')
        let_finish(node)
        let_finish(depth_node)


def _recorded(bag: Path) -> tuple[dict[int, Any], dict[int, Any], dict[int, int]]:
    """Read detections and detections_3d by stamp, and when the latter came, ns."""
    parts: dict[str, dict[int, Any]] = {'/detections': {}, '/detections_3d': {}}
    received: dict[int, int] = {}
    with open_bag(bag) as reader:
        for connection, time_ns, data in reader.messages():
            if connection.topic not in parts:
                continue
            message: Any = reader.deserialize(data, connection.msgtype)
            stamp = message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec
            parts[connection.topic][stamp] = message
            if connection.topic == '/detections_3d':
                received[stamp] = time_ns
    return parts['/detections'], parts['/detections_3d'], received


def _sightings(instants: dict[int, Instant], boxes: dict[int, Any],
               places: dict[int, Any]) -> list[Sighting]:
    """Find each true thing among the detections of its class, and its place by the id."""
    found = []
    for stamp, instant in instants.items():
        detections = list(boxes[stamp].detections) if stamp in boxes else []
        placed = {_key(each): each.bbox.center.position
                  for each in (places[stamp].detections if stamp in places else ())}
        for thing in instant.things:
            same = [each for each in detections
                    if each.results[0].hypothesis.class_id == thing['name']]
            best = max(same, key=lambda each: _overlap(each, thing['box']), default=None)
            if best is None or _overlap(best, thing['box']) < SAME_BOX:
                continue
            truth, place = thing['position'], placed.get(_key(best))
            error = float('inf')
            if place is not None:
                place = [place.x, place.y, place.z]
                error = float(np.linalg.norm(np.subtract(place, truth))
                              / np.linalg.norm(np.subtract(truth, instant.eye)))
            found.append(Sighting(instant.scene, thing['name'], thing['number'], truth, place,
                                  error))
    return found


def _key(detection: Any) -> tuple[str, float]:
    """Tell which detection a placed one is: the id, and the score for those without."""
    return detection.id, detection.results[0].hypothesis.score


def _overlap(detection: Any, box: Sequence[float]) -> float:
    """Intersection over union of a detection and a box x1, y1, x2, y2."""
    center, (x1, y1, x2, y2) = detection.bbox.center.position, box
    width, height = detection.bbox.size_x, detection.bbox.size_y
    common = (max(0.0, min(center.x + width / 2, x2) - max(center.x - width / 2, x1))
              * max(0.0, min(center.y + height / 2, y2) - max(center.y - height / 2, y1)))
    return float(common / (width * height + (x2 - x1) * (y2 - y1) - common))


def _summary(frames: int, sightings: list[Sighting], latencies: list[float]) -> dict[str, Any]:
    if not sightings or not latencies:
        raise RuntimeError('the detector saw nothing that was rendered; see the logs')
    errors = np.array([each.error for each in sightings])
    placed = errors[np.isfinite(errors)]
    return {'frames': frames, 'objects_seen': len(sightings),
            'placed_within_10_percent': round(float(np.mean(errors < NEAR_ENOUGH)), 4),
            'median_error_percent': round(100 * float(np.median(placed)), 2) if len(placed)
            else None,
            'latency_ms': {'p50': round(float(np.percentile(latencies, 50)), 2),
                           'p99': round(float(np.percentile(latencies, 99)), 2)}}


def _show(console: Console, summary: dict[str, Any], sightings: list[Sighting],
          out: Path) -> None:
    table = Table(title='objects that were seen, over all frames')
    for column in ('scene', 'class', 'seen', 'within 10 %', 'median error, %'):
        table.add_column(column)
    for scene, name in sorted({(each.scene, each.name) for each in sightings}):
        errors = np.array([each.error for each in sightings
                           if (each.scene, each.name) == (scene, name)])
        table.add_row(scene, name, str(len(errors)), str(np.count_nonzero(errors < NEAR_ENOUGH)),
                      f'{100 * np.median(errors):.1f}')
    console.print(table)
    console.print_json(json.dumps(summary))
    for name in ('above.png', 'summary.json'):
        console.print(out / name)


if __name__ == '__main__':
    sys.exit(main())
