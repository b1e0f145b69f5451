# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet detect`: objects in a video file, an image folder or a bag."""
import argparse
import json
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2
from impnet_ros.arguments import add_settings, config_of, positive
from impnet_ros.config import DetectionConfig, RunConfig, StreamConfig
from impnet_ros.drawing import caption, draw_detections
from impnet_ros.images import RgbImage
from impnet_ros.model.network import load_network
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.play import play
from impnet_ros.stream.types import Detections
from impnet_ros.video import open_video
from tqdm import tqdm


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('input', type=Path, help='video file, folder of images, or rosbag2')
    parser.add_argument('--topic', default='', help='image topic of a bag with several')
    parser.add_argument('--fps', type=positive, default=30.0, help='frame rate of an image folder')
    add_settings(parser, RunConfig, 'model', 'device', 'runtime', 'precision')
    add_settings(parser, StreamConfig)
    add_settings(parser, DetectionConfig)
    parser.add_argument('--json', type=Path, metavar='FILE', help='write one entry per frame')
    parser.add_argument('--video', type=Path, metavar='FILE', help='write an annotated mp4')
    parser.add_argument('--quiet', action='store_true', help='no progress bar')


def as_entry(index: int, detections: Detections, class_names: tuple[str, ...]) -> dict[str, Any]:
    """Give one frame of the JSON list: boxes x1 y1 x2 y2 in pixels of the input."""
    ids = detections.track_ids
    tracks = {} if ids is None else {'track_ids': ids.tolist()}
    return {'frame': index, 'stamp_s': detections.stamp_s, 'is_key': detections.is_key,
            'age': detections.age, 'mean_weight': detections.mean_weight,
            'reset_reason': detections.reset_reason,
            'boxes': detections.boxes.tolist(), 'scores': detections.scores.tolist(),
            'labels': [class_names[label] for label in detections.labels.tolist()], **tracks}


class _VideoFile:
    """An mp4 that takes the size of its first picture; later pictures are fitted to it."""

    def __init__(self, path: Path, fps: float) -> None:
        self._path, self._fps = path, fps
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)

    def write(self, image: RgbImage) -> None:
        if self._writer is None:
            self._size = image.shape[1], image.shape[0]
            self._writer = cv2.VideoWriter(str(self._path), cv2.VideoWriter.fourcc(*'mp4v'),
                                           self._fps, self._size)
            if not self._writer.isOpened():
                raise OSError(f'{self._path}: cannot write a video there')
        picture = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        self._writer.write(cv2.resize(picture, self._size))

    def close(self) -> None:
        if self._writer is not None:
            self._writer.release()


def run(args: argparse.Namespace) -> None:
    """Detect, and write what was asked for."""
    stream, detection = config_of(StreamConfig, args), config_of(DetectionConfig, args)
    video = open_video(args.input, args.topic, args.fps)
    for path in filter(None, (args.json, args.video)):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise ValueError(f'{path}: expected a file to write, got a folder')
    network = load_network(args.model, args.device, args.runtime, args.precision)
    engine = Engine(network, stream, detection)
    output = _VideoFile(args.video, video.fps) if args.video else None
    entries: list[dict[str, Any]] = []
    seen: dict[str, int] = {}
    start = perf_counter()
    progress = tqdm(play(engine, video.frames), total=video.count or None, unit='frame',
                    disable=args.quiet)
    engine_ms, keys = 0.0, 0
    try:
        for index, (frame, detections) in enumerate(progress):
            engine_ms += sum(detections.stage_ms.values())
            keys += detections.is_key
            entry = as_entry(index, detections, network.class_names)
            entries.append(entry)
            for label in entry['labels']:
                seen[label] = seen.get(label, 0) + 1
            if output:
                output.write(draw_detections(frame.image, detections, network.class_names,
                                             caption(detections)))
    finally:
        if output:
            output.close()
    elapsed_s = perf_counter() - start
    if args.json:
        args.json.write_text(json.dumps(entries, indent=1) + '\n')
    count = len(entries)
    if not count:
        raise ValueError(f'{args.input}: holds no frame that can be read')
    objects = ', '.join(f'{name} {number}' for name, number
                        in sorted(seen.items(), key=lambda item: -item[1])) or 'none'
    print(f'{count} frames in {elapsed_s:.1f} s: {count / elapsed_s:.1f} frames a second '
          f'({engine_ms / count:.1f} ms a frame in the engine) on {network.device}, '
          f'{engine.config.mode}, {_segments(args, keys / count)}, g = {args.g:g}, '
          f'key_offset = {args.key_offset}')
    print(f'detections: {objects}')


def _segments(args: argparse.Namespace, keys_per_frame: float) -> str:
    """Say how the video was cut into segments."""
    if args.schedule == 'fixed':
        return f'l = {args.l}'
    return f'l = {args.l_min} to {args.l_max}, {keys_per_frame:.3f} key frames a frame'
