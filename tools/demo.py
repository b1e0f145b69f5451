# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A real clip through the real node over DDS, as a robot would do it (`make demo`).

The clip becomes a bag; the node runs as a process of its own; the bag is replayed at the clip's
own rate by a second process; a third one records the detections to a bag. What was recorded is
then drawn on the clip and summed up in out/demo.
"""
import argparse
from collections import Counter
from dataclasses import dataclass
import json
from pathlib import Path
import subprocess
import sys
from typing import Any

import cv2
from impnet_ros.drawing import caption, draw_detections
from impnet_ros.images import RgbImage
from impnet_ros.outputs import said, write_whole
from impnet_ros.results.annotated_video import AnnotatedVideo
from impnet_ros.ros.bags.write import write_bag
from impnet_ros.ros.settings import ROWS
from impnet_ros.stream.types import Detections
from impnet_ros.video import open_bag, open_video
import numpy as np
from PIL import Image
from processes import (DEADLINE_S, fresh_folder, let_finish, own_domain, process, published,
                       wait_for)
from rich.console import Console
from rich.table import Table
import side_by_side
import torch

ROOT = Path(__file__).resolve().parents[1]
# The bag has one camera; its topic is expected below.
NODE_PARAMETERS = tuple(row for row in ROWS if row.word != 'cameras')
SHEET_COLUMNS, SHEET_ROWS, SHEET_WIDTH = 4, 4, 400


@dataclass(frozen=True)
class Seen:
    """What the recorder got for one image."""

    detections: Any
    status: Any
    received_ns: int


def main() -> int:
    """Run the demonstration; 1 with a line on what failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--clip', type=Path, default=ROOT / 'data' / 'clips' / 'bikes.mp4',
                        help='video file or folder of images (data/clips/bikes.mp4)')
    parser.add_argument('--out', type=Path, default=ROOT / 'out' / 'demo')
    parser.add_argument('--rate', default='1.0', help='speed of the replay (1.0)')
    for row in NODE_PARAMETERS:
        parser.add_argument(row.option, dest=row.word, choices=row.choice_words or None,
                            help=row.text)
    options = parser.parse_args()
    console = Console()
    if not options.clip.exists():
        console.print(f'[red]{options.clip} is missing: run make setup with a network.')
        return 1
    try:
        fresh_folder(options.out, [options.clip])
        console.print(f'[bold]1[/] writing {options.clip.name} to a bag')
        write_bag(options.clip, options.out / 'images', encoding='bgr8')
        console.print('[bold]2[/] replaying it through impnet_node')
        _replay(options)
        console.print('[bold]3[/] drawing what came back')
        sent = published(options.out / 'published.txt', '/image')
        seen = _recorded(options.out / 'detections')
        _draw(options.out, sent, seen)
        summary = _summary(sent, seen)
        console.print('[bold]4[/] the detector alone beside it, in bursts of blur and darkness')
        console.print(side_by_side.make(options.clip, options.out / 'side_by_side.mp4',
                                        slice(0, 250), seed=0))
        write_whole(options.out / 'summary.json', json.dumps(summary, indent=2) + '\n')
    except (OSError, RuntimeError, ValueError) as error:
        console.print(f'[red]demo: {said(error)}')
        return 1
    except KeyboardInterrupt:
        return 130
    _show(console, summary, options.out)
    return 0


def _replay(options: argparse.Namespace) -> None:
    """Run node, recorder and player, each as a process of its own, in a domain of our own."""
    environment = own_domain()
    given = {row.word: getattr(options, row.word) for row in NODE_PARAMETERS}
    parameters = [part for word, value in given.items() if value is not None
                  for part in ('-p', f'{word}:={value}')]
    out = options.out
    with (process(['impnet_node', '--ros-args', *parameters], out / 'node.log', environment)
          as node,
          process(['impnet_bag_record', str(out / 'detections'), 'detections', 'status'],
                  out / 'record.log', environment) as recorder):
        # The node speaks when it is active, the recorder when it has subscribed to a topic.
        wait_for(out / 'node.log', ('/image -> /detections',), node)
        wait_for(out / 'record.log', ('recording /detections', 'recording /status'), recorder)
        player = subprocess.run(
            ['impnet_bag_play', str(out / 'images'), '--rate', options.rate, '--log',
             str(out / 'published.txt'), '--wait', str(DEADLINE_S)], env=environment)
        if player.returncode:
            raise RuntimeError(f'the player ended with {player.returncode}')
        let_finish(node)


def _recorded(bag: Path) -> dict[int, Seen]:
    """Read what came back, by the stamp of the image."""
    parts: dict[str, dict[int, tuple[int, Any]]] = {'/detections': {}, '/status': {}}
    with open_bag(bag) as reader:
        for connection, time_ns, data in reader.messages():
            message: Any = reader.deserialize(data, connection.msgtype)
            stamp = message.header.stamp
            parts[connection.topic][stamp.sec * 1_000_000_000 + stamp.nanosec] = time_ns, message
    return {stamp: Seen(message, parts['/status'][stamp][1], time_ns)
            for stamp, (time_ns, message) in parts['/detections'].items()
            if stamp in parts['/status']}


def _summary(published: dict[int, int], seen: dict[int, Seen]) -> dict[str, Any]:
    answered = sorted(set(published) & set(seen))
    if len(answered) < 2:
        raise RuntimeError(f'expected detections for the images, got {len(answered)}; see logs')
    latencies = [(seen[stamp].received_ns - published[stamp]) / 1e6 for stamp in answered]
    first, last = seen[answered[0]].received_ns, seen[answered[-1]].received_ns
    labels = Counter(detection.results[0].hypothesis.class_id
                     for stamp in answered for detection in seen[stamp].detections.detections)
    status = seen[answered[-1]].status
    return {
        'frames_published': len(published),
        'frames_detected': len(answered),
        'frames_lost': len(published) - len(answered),
        'fps': round((len(answered) - 1) / ((last - first) / 1e9), 2),
        'latency_ms': {'p50': round(float(np.percentile(latencies, 50)), 2),
                       'p99': round(float(np.percentile(latencies, 99)), 2),
                       'max': round(max(latencies), 2)},
        'detections_by_label': dict(labels.most_common()),
        'model': status.model, 'mode': status.mode, 'l': int(status.l),
        'g': round(float(status.g), 6), 'device': status.device,
    }


def _as_detections(seen: Seen, names: list[str]) -> Detections:
    """Read a recorded message back; labels become indices into `names`, which grows."""
    boxes, scores, labels = [], [], []
    for detection in seen.detections.detections:
        x, y = detection.bbox.center.position.x, detection.bbox.center.position.y
        half_width, half_height = detection.bbox.size_x / 2, detection.bbox.size_y / 2
        boxes.append([x - half_width, y - half_height, x + half_width, y + half_height])
        result = detection.results[0].hypothesis
        scores.append(result.score)
        if result.class_id not in names:
            names.append(result.class_id)
        labels.append(names.index(result.class_id))
    status = seen.status
    return Detections(torch.tensor(boxes).reshape(-1, 4), torch.tensor(scores),
                      torch.tensor(labels, dtype=torch.int64), stamp_s=0.0,
                      is_key=bool(status.is_key), age=int(status.age),
                      mean_weight=float(status.mean_weight))


def _draw(out: Path, published: dict[int, int], seen: dict[int, Seen]) -> None:
    """Draw the detections on the images of the bag: a video, and a sheet of some frames."""
    names: list[str] = []
    chosen = set(np.linspace(0, len(published) - 1, SHEET_COLUMNS * SHEET_ROWS).round().tolist())
    tiles: list[RgbImage] = []
    video = open_video(out / 'images')
    writer = AnnotatedVideo(out / 'annotated.mp4', video.fps)
    for index, (frame, stamp) in enumerate(zip(video.frames, sorted(published), strict=False)):
        image = np.asarray(frame.image)
        if stamp in seen:
            detections = _as_detections(seen[stamp], names)
            image = draw_detections(image, detections, names, caption(detections))
        else:
            image = cv2.putText(image.copy(), 'lost', (8, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.7,
                                (255, 0, 0), 2)
        if index in chosen:
            height = round(SHEET_WIDTH * image.shape[0] / image.shape[1])
            tiles.append(cv2.resize(image, (SHEET_WIDTH, height), interpolation=cv2.INTER_AREA))
        writer.write(image)
    writer.close(whole=True)
    if not tiles:
        raise RuntimeError('no image was replayed')
    while len(tiles) % SHEET_COLUMNS:
        tiles.append(np.zeros_like(tiles[0]))
    rows = [np.hstack(tiles[at:at + SHEET_COLUMNS]) for at in range(0, len(tiles), SHEET_COLUMNS)]
    Image.fromarray(np.vstack(rows)).save(out / 'contact_sheet.png')


def _show(console: Console, summary: dict[str, Any], out: Path) -> None:
    table = Table(title='impnet_ros demonstration', show_header=False)
    for key, value in summary.items():
        text = (', '.join(f'{name} {count}' for name, count in value.items())
                if isinstance(value, dict) else str(value))
        table.add_row(key, text)
    console.print(table)
    for name in ('annotated.mp4', 'side_by_side.mp4', 'contact_sheet.png', 'summary.json'):
        console.print(out / name)


if __name__ == '__main__':
    sys.exit(main())
