# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet evaluate-clips`: what the memory is worth on real clips that nobody labelled."""
import argparse
from collections.abc import Sequence
import json
from pathlib import Path
from typing import Any

from impnet_ros.arguments import add_settings, count, natural, positive
from impnet_ros.config import DetectionConfig, RunConfig, StreamConfig
from impnet_ros.data.degradations import CLEAN, RECORDED_KINDS, spoilt
from impnet_ros.data.samples import Degradation
from impnet_ros.evaluation.average_precision import class_average_precision
from impnet_ros.evaluation.conventions import MEGA
from impnet_ros.evaluation.matching import FrameBoxes, match_all
from impnet_ros.evaluation.predict import sharing, to_boxes
from impnet_ros.evaluation.teacher import label_frame, PseudoTruth
from impnet_ros.model.network import load_network
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.play import play
from impnet_ros.stream.types import Frame
from impnet_ros.video import open_video
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

STRENGTHS = {'clean': (0.0, 0.0), 'mild': (0.2, 0.4), 'strong': (0.5, 0.9)}
"""Of the bursts, as in `data.degradations`."""

FEWEST = 20
"""Objects that a class needs in a clip to be counted."""

_DETECTION = DetectionConfig(score_threshold=0.05)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('clips', type=Path, nargs='+', help='video files or image folders, '
                        'labelled in float32')
    parser.add_argument('--untrained', action='store_true',
                        help='training-free weights in place of the learned N_q')
    add_settings(parser, RunConfig, 'model', 'precision')
    parser.add_argument('--span', type=positive, default=1 / 3, metavar='S',
                        help='seconds between key frames of the long segments '
                             '(default: a third)')
    parser.add_argument('--bursts', nargs='+', choices=tuple(STRENGTHS), default=tuple(STRENGTHS))
    parser.add_argument('--seed', type=natural, default=0, help='of the bursts')
    parser.add_argument('--frames', type=count, help='only the first of each clip')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the results')


def run(args: argparse.Namespace) -> None:
    """Label the sharp frames, spoil them, and compare the modes on the spoilt ones."""
    teacher = load_network(args.model, 'cpu')
    network = load_network(args.model, 'cpu', precision=args.precision)
    if args.untrained:
        network.quality = None
    rows = []
    for path in args.clips:
        video = open_video(path)
        images = [np.asarray(frame.image) for frame in video.frames][:args.frames]
        labels = [label_frame(teacher, image)
                  for image in tqdm(images, f'label {path.name}', unit='frame')]
        for bursts in args.bursts:
            spoilt, how = spoil_in_bursts(images, STRENGTHS[bursts], args.seed)
            shared = sharing(network)
            for name, config in settings(video.fps, args.span).items():
                found = follow(Engine(shared, config, _DETECTION), spoilt, video.fps)
                row = {'clip': path.name, 'bursts': bursts, 'setting': name,
                       'l': config.segment_length, **precision(found, labels, how)}
                rows.append(row)
                print(f"{path.name} {bursts:6} {name:23} AP50 {row['all']}, of spoilt frames "
                      f"{row['spoilt']}", flush=True)
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(rows, indent=1) + '\n')


def settings(fps: float, span_s: float) -> dict[str, StreamConfig]:
    """Name what is compared: every frame a key frame, and one every `span_s` seconds."""
    result = {'per frame': StreamConfig(mode='per_frame')}
    for length in sorted({1, max(1, round(fps * span_s))}):
        modes = ('sparse', 'impression') if length > 1 else ('impression',)
        for mode in modes:
            result[f'{mode} l={length}'] = StreamConfig(mode=mode, segment_length=length,
                                                        box_memory=False)
        for mode, name in (('sparse', 'boxes'), ('impression', 'impression + boxes')):
            result[f'{name} l={length}'] = StreamConfig(mode=mode, segment_length=length,
                                                        box_memory=True)
    return result


def spoil_in_bursts(images: Sequence[NDArray[np.uint8]], strengths: tuple[float, float],
                    seed: int) -> tuple[list[NDArray[np.uint8]], list[Degradation]]:
    """Spoil bursts of 3 to 6 frames, 5 to 8 frames apart, by blur, defocus or darkness."""
    result, how = list(images), [CLEAN] * len(images)
    if strengths[1] == 0.0:
        return result, how
    rng = np.random.default_rng(seed)
    start = int(rng.integers(3, 8))
    while start < len(images):
        stop = min(start + int(rng.integers(3, 7)), len(images))
        kind = RECORDED_KINDS[rng.integers(len(RECORDED_KINDS))]
        strength = float(rng.uniform(*strengths))
        for index in range(start, stop):
            how[index] = Degradation(kind, strength)
            result[index] = spoilt(images[index], how[index], rng)
        start = stop + int(rng.integers(5, 9))
    return result, how


def follow(engine: Engine, images: Sequence[NDArray[np.uint8]], fps: float) -> list[FrameBoxes]:
    """Run the engine over a clip."""
    frames = (Frame(image, index / fps) for index, image in enumerate(images))
    return [to_boxes(result) for _, result in play(engine, frames)]


def precision(found: Sequence[FrameBoxes], labels: Sequence[PseudoTruth],
              how: Sequence[Degradation]) -> dict[str, Any]:
    """Mean AP50 in per cent over the classes with enough objects, over all and spoilt frames."""
    classes = 1 + max((int(item.truth.labels.max()) for item in labels if len(item.counts)),
                      default=0)
    wanted = np.bincount(np.concatenate([item.truth.labels[item.counts] for item in labels]),
                         minlength=classes) >= FEWEST
    result: dict[str, Any] = {'all': None, 'spoilt': None}
    for name, frames in (('all', range(len(found))),
                         ('spoilt', [i for i, item in enumerate(how) if item != CLEAN])):
        if not frames or not wanted.any():
            continue
        found_here = [_of_classes(found[index], classes) for index in frames]
        matches = match_all([found_here], [[labels[index].truth for index in frames]], classes,
                            MEGA, judge=lambda _, frame, truth, frames=frames:
                            labels[frames[frame]].counts)
        by_class = class_average_precision(matches, MEGA)[0][wanted]
        result[name] = round(100 * float(np.nanmean(by_class)), 1)
    return result


def _of_classes(found: FrameBoxes, classes: int) -> FrameBoxes:
    kept = found.labels < classes
    return FrameBoxes(found.boxes[kept], found.scores[kept], found.labels[kept])
