# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet schedule-curve`: precision against key frames, fixed and adaptive schedules."""
import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
import json
from pathlib import Path
from typing import Any

from impnet_ros.arguments import add_settings, count, natural
from impnet_ros.config import DetectionConfig, MODES, RunConfig, StreamConfig
from impnet_ros.data.paced import paced
from impnet_ros.data.sprites import SpriteConfig, SpriteSet
from impnet_ros.evaluation.average_precision import class_average_precision
from impnet_ros.evaluation.clips.unlabelled import FEWEST
from impnet_ros.evaluation.conventions import MEGA
from impnet_ros.evaluation.matching import FrameBoxes, match_all
from impnet_ros.evaluation.plots import new_figure
from impnet_ros.evaluation.predict import sharing, to_boxes
from impnet_ros.evaluation.teacher import label_frame, PseudoTruth
from impnet_ros.model.contract import Network
from impnet_ros.model.network import load_network
from impnet_ros.outputs import require_distinct, write_whole
from impnet_ros.stream.boxes.memory import SCENE_CUT
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.play import play
from impnet_ros.stream.types import Frame
from impnet_ros.video import open_video
import numpy as np
from numpy.typing import NDArray
import torch
from tqdm import tqdm

LENGTHS = (2, 3, 4, 5, 6, 8, 10, 14, 20)
THRESHOLDS = (0.02, 0.04, 0.07, 0.1, 0.15, 0.25, 0.4, 0.7, 1.2)

_FEWEST = 24
"""Frames that a scene needs."""

_DETECTION = DetectionConfig(score_threshold=0.05)
_RATE_HZ = 30.0


@dataclass(frozen=True)
class PacedVideo:
    """A video of changing speed and what is true in each frame."""

    images: list[NDArray[np.uint8]]
    labels: list[PseudoTruth]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('clips', type=Path, nargs='*', help='video files or image folders; true '
                        'is what the model sees in their frames at two sizes and mirrored')
    parser.add_argument('--sprites', type=natural, default=0, metavar='N',
                        help='N synthetic videos with exact boxes too, for a model of theirs')
    parser.add_argument('--model', default=RunConfig().model,
                        help='a .safetensors checkpoint for sprites')
    parser.add_argument('--steps', type=count, nargs='+', default=[1, 4], metavar='N',
                        help='speeds that take turns, 1 is the own one of the video (1 4)')
    parser.add_argument('--sequences', type=count, default=2, help='of each scene (2)')
    parser.add_argument('--frames', type=count, default=100, help='of each sequence (100)')
    parser.add_argument('--mode', choices=[mode for mode in MODES if mode != 'per_frame'],
                        default='impression')
    parser.add_argument('--box-memory', action='store_true', help='carry boxes too')
    parser.add_argument('--l', type=int, nargs='+', default=list(LENGTHS), metavar='L',
                        help='fixed segment lengths')
    parser.add_argument('--thresholds', type=float, nargs='+', default=list(THRESHOLDS),
                        metavar='X', help='doubt thresholds of adaptive schedules')
    add_settings(parser, StreamConfig, 'l_min', 'l_max')
    parser.add_argument('--seed', type=natural, default=0, help='of the speeds and the sprites')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the figures')
    parser.add_argument('--plot', type=Path, metavar='FILE', help='draw the curves')


def run(args: argparse.Namespace) -> None:
    """Make the sequences, run all the settings, print, write and draw."""
    if bool(args.clips) == bool(args.sprites):
        raise ValueError('expected clips or --sprites N, one of the two')
    require_distinct({'--json': args.json, '--plot': args.plot}, args.clips)
    torch.set_num_threads(1)
    network: Network = load_network(args.model, 'cpu')
    groups = (sprite_sequences(args, network) if args.sprites else
              {path.stem: clip_sequences(args, network, path) for path in args.clips})
    rows = measure(network, groups, settings(args))
    found = gains(rows)
    for clip, (difference, low, high) in found.items():
        print(f'{clip}: adaptive {difference:+.1f} AP50 at equal key frames, {low:.2f} to '
              f'{high:.2f} a frame')
    result = {'arguments': {key: str(value) for key, value in vars(args).items() if key != 'run'},
              'gains': found, 'rows': rows}
    if args.json:
        write_whole(args.json, json.dumps(result, indent=1) + '\n')
    if args.plot:
        draw(rows, args.plot)


def settings(args: argparse.Namespace) -> list[StreamConfig]:
    """List what is compared."""
    common = {'mode': args.mode, 'box_memory': args.box_memory}
    return [*(StreamConfig(segment_length=length, **common) for length in args.l),
            *(StreamConfig(schedule='adaptive', l_min=args.l_min, l_max=args.l_max,
                           doubt_threshold=threshold, **common) for threshold in args.thresholds)]


def clip_sequences(args: argparse.Namespace, network: Network,
                   path: Path) -> list[PacedVideo]:
    """Make sequences of a clip, each within one scene: cuts are not what this is about."""
    images = [np.asarray(frame.image) for frame in open_video(path).frames]
    labels: dict[int, PseudoTruth] = {}
    made = []
    for number, (start, stop) in enumerate(scenes(network, images)):
        for sequence in range(args.sequences):
            rng = np.random.default_rng((args.seed, number, sequence))
            chosen = [start + place for place
                      in paced(stop - start, args.frames, args.steps, rng)]
            for index in tqdm(sorted(set(chosen) - set(labels)), f'label {path.name}'):
                labels[index] = label_frame(network, images[index])
            made.append(PacedVideo([images[index] for index in chosen],
                                   [labels[index] for index in chosen]))
    return made


def scenes(network: Network, images: Sequence[NDArray[np.uint8]]) -> Iterator[tuple[int, int]]:
    """Find stretches of frames that are long enough, without what box memory takes for a cut."""
    pictures = [network.prepare(image) for image in images]
    cuts = [place for place, (before, after) in enumerate(pairwise(pictures), 1)
            if network.mismatch(before, after, network.flow(before, after)).mean() > SCENE_CUT]
    for start, stop in zip([0, *cuts], [*cuts, len(images)], strict=True):
        if stop - start >= _FEWEST:
            yield start, stop


def sprite_sequences(args: argparse.Namespace, network: Network) -> dict[str, list[PacedVideo]]:
    """Make sequences of sprite videos, whose boxes are known."""
    config = SpriteConfig(frames=2 * args.frames, degraded_share=0)
    videos = SpriteSet(args.sprites, args.seed, config)
    if tuple(network.class_names) != tuple(videos.class_names):
        raise ValueError(f'--model: expected one of the {len(videos.class_names)} classes of '
                         f'sprites, got one of {len(network.class_names)} classes')
    made = []
    for number in range(args.sprites):
        video = videos[number]
        rng = np.random.default_rng((args.seed, number))
        chosen = paced(len(video), args.frames, args.steps, rng)
        images = {index: video.frame(index) for index in set(chosen)}
        truths = [video.truth(index) for index in chosen]
        made.append(PacedVideo([images[index] for index in chosen],
                               [PseudoTruth(truth, np.ones(len(truth.labels), np.bool_))
                                for truth in truths]))
    return {'sprites': made}


def measure(network: Network, groups: Mapping[str, Sequence[PacedVideo]],
            configs: Sequence[StreamConfig]) -> list[dict[str, Any]]:
    """
    Run all the settings over all the sequences.

    Returns
    -------
    list of dict
        clip; schedule; l or doubt_threshold, the other is None; keys_per_frame; ap50 in percent,
        mean over the classes with enough objects.

    """
    rows = []
    for clip, sequences in groups.items():
        found: list[list[FrameBoxes]] = [[] for _ in configs]
        keys = [0] * len(configs)
        for sequence in tqdm(sequences, clip, unit='sequence'):
            shared = sharing(network)
            for place, config in enumerate(configs):
                boxes, count = watch(Engine(shared, config, _DETECTION), sequence.images)
                found[place] += boxes
                keys[place] += count
        labels = [label for sequence in sequences for label in sequence.labels]
        for config, boxes, count in zip(configs, found, keys, strict=True):
            fixed = config.schedule == 'fixed'
            rows.append({'clip': clip, 'schedule': config.schedule,
                         'l': config.segment_length if fixed else None,
                         'doubt_threshold': None if fixed else config.doubt_threshold,
                         'keys_per_frame': count / len(labels),
                         'ap50': precision(boxes, labels)})
            print(rows[-1], flush=True)
    return rows


def precision(found: Sequence[FrameBoxes], labels: Sequence[PseudoTruth]) -> float | None:
    """Mean AP50 in per cent over the classes with enough objects; None where none has."""
    classes = 1 + max((int(item.truth.labels.max()) for item in labels if len(item.counts)),
                      default=0)
    wanted = np.bincount(np.concatenate([item.truth.labels[item.counts] for item in labels]),
                         minlength=classes) >= FEWEST
    if not wanted.any():
        return None
    known = [_of_classes(item, classes) for item in found]
    matches = match_all([known], [[item.truth for item in labels]], classes, MEGA,
                        judge=lambda _, frame, truth: labels[frame].counts)
    by_class = class_average_precision(matches, MEGA)[0][wanted]
    return round(100 * float(np.nanmean(by_class)), 1)


def _of_classes(found: FrameBoxes, classes: int) -> FrameBoxes:
    kept = found.labels < classes
    return FrameBoxes(found.boxes[kept], found.scores[kept], found.labels[kept])


def watch(engine: Engine, images: Sequence[NDArray[np.uint8]]) -> tuple[list[FrameBoxes], int]:
    """Run the engine over a sequence; count its key frames."""
    frames = (Frame(image, index / _RATE_HZ) for index, image in enumerate(images))
    results = [result for _, result in play(engine, frames)]
    return [to_boxes(result) for result in results], sum(result.is_key for result in results)


def gains(rows: Sequence[Mapping[str, Any]]) -> dict[str, tuple[float, float, float]]:
    """
    Say how much more adaptive schedules find for the same number of key frames.

    Returns
    -------
    dict
        By clip: mean difference of AP50 to the line through the fixed schedules' points, over the
        key frames a frame that both reach, and what these are from and to.

    """
    result = {}
    for clip in dict.fromkeys(row['clip'] for row in rows):
        fixed, adaptive = (sorted((row['keys_per_frame'], row['ap50']) for row in rows
                                  if (row['clip'], row['schedule']) == (clip, schedule)
                                  and row['ap50'] is not None)
                           for schedule in ('fixed', 'adaptive'))
        if not fixed or not adaptive:
            continue
        low, high = max(fixed[0][0], adaptive[0][0]), min(fixed[-1][0], adaptive[-1][0])
        places = np.linspace(low, high, 50)
        difference = np.interp(places, *zip(*adaptive)) - np.interp(places, *zip(*fixed))
        result[clip] = float(difference.mean()), low, high
    return result


def draw(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw a panel for each clip: AP50 against key frames a frame."""
    clips = list(dict.fromkeys(row['clip'] for row in rows))
    figure = new_figure(4.2 * len(clips), 3.4)
    panels = figure.subplots(1, len(clips), squeeze=False)[0]
    for panel, clip in zip(panels, clips, strict=True):
        for schedule, colour in (('fixed', 'tab:gray'), ('adaptive', 'tab:blue')):
            points = sorted((row['keys_per_frame'], row['ap50']) for row in rows
                            if (row['clip'], row['schedule']) == (clip, schedule))
            panel.plot(*zip(*points), marker='o', markersize=3, color=colour, label=schedule)
        panel.set_title(clip)
        panel.set_xlabel('key frames a frame')
        panel.set_ylabel('AP50, %')
        panel.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)
