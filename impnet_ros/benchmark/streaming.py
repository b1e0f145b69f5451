# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet streaming`: how accurate the newest result is while the world moves on."""
import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product
import json
from pathlib import Path
from typing import Any

from impnet_ros.arguments import add_settings, count, natural, positive
from impnet_ros.benchmark.clip import default_clip
from impnet_ros.benchmark.machine import conditions, use_threads
from impnet_ros.benchmark.parts import call_ms, Parts
from impnet_ros.benchmark.report import print_rows
from impnet_ros.benchmark.variants import PER_FRAME, Variant
from impnet_ros.config import DetectionConfig, RunConfig
from impnet_ros.data.samples import FrameTruth, make_truth
from impnet_ros.data.sprites import SpriteConfig, SpriteSet
from impnet_ros.evaluation.matching import FrameBoxes
from impnet_ros.evaluation.predict import sharing
from impnet_ros.evaluation.streaming import (boxes_at_frames, Costs, simulate, streaming_accuracy,
                                             velocities)
from impnet_ros.images import RgbImage
from impnet_ros.model.contract import Network
from impnet_ros.model.network import load_network
from impnet_ros.outputs import require_distinct, write_whole
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.types import Frame
from impnet_ros.video import open_video
import numpy as np

TEACHER_SCORE = 0.35
"""Smallest score of a per-frame detection that counts as true where nobody labelled the clip."""

_LEAST_SHARE = 0.25
"""Share of the frames in which a class must be found to count at all there."""

_LEAST_SCORE = 0.05
"""Detections below it would not change the average precision, only cost time."""

_SPRITES_FPS = 30.0
_SEED = 20260


@dataclass(frozen=True)
class Clip:
    """A video, what is true in each frame, and how many frames make a second."""

    images: list[RgbImage]
    truths: list[FrameTruth]
    fps: float

    def at(self, rate_hz: float) -> 'Clip':
        """
        Leave frames out until a camera of this rate would have taken the others.

        A camera faster than the clip plays it faster: the world hurries.
        """
        step = max(1, round(self.fps / rate_hz))
        return Clip(self.images[::step], self.truths[::step], rate_hz)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_settings(parser, RunConfig, 'model', 'device')
    parser.add_argument('--input', nargs='+', type=Path, help='videos, folders of images or bags; '
                        'true is what the model itself finds in each frame by itself')
    parser.add_argument('--sprites', type=natural, default=0, metavar='N',
                        help='N synthetic videos with exact boxes instead, for a model of theirs')
    parser.add_argument('--frames', type=count, default=250, help='at most, of each video (250)')
    parser.add_argument('--rates', nargs='+', type=positive, default=[10, 30, 60], metavar='HZ',
                        help='camera rates (10 30 60)')
    parser.add_argument('--l', nargs='+', type=int, default=[3, 10], metavar='L',
                        help='segment lengths (3 10)')
    parser.add_argument('--bench', type=Path, metavar='FILE', help='take the times of the parts '
                        'from this file of `impnet bench --json`; by default they are measured')
    parser.add_argument('--speed', type=positive, default=1.0, metavar='X',
                        help='as if the world moved X times as fast (1)')
    parser.add_argument('--slower', type=positive, default=1.0, metavar='X',
                        help='as if the machine were X times as slow (1)')
    parser.add_argument('--threads', type=natural, default=0,
                        help='of torch and OpenCV; 0 leaves a core to cameras and key frames (0)')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the figures')


def costs_of(variant: Variant, part_ms: Mapping[str, float], compensated: bool) -> Costs:
    """
    Put the times of the parts together.

    Parameters
    ----------
    variant : Variant
        What is run.
    part_ms : mapping
        See `impnet_ros.benchmark.parts.Parts`.
    compensated : bool
        Whether each frame pays for one more flow, which tells how fast boxes are. With box memory
        that flow is there already.

    """
    key, other = call_ms(variant, part_ms)
    background = call_ms(Variant('impression', l=variant.l), part_ms)[0]
    background -= part_ms['prepare'] + part_ms['task']
    extra = part_ms['carry'] + (0.0 if variant.box_memory else part_ms['flow'])
    extra = extra if compensated else 0.0
    return Costs((key + extra) / 1e3, (other + extra) / 1e3, background / 1e3)


def variants(lengths: Sequence[int]) -> list[Variant]:
    """List what is compared."""
    return [PER_FRAME, *(Variant(mode, key_mode, length, boxes)  # type: ignore[arg-type]
                         for length in lengths
                         for mode, key_mode, boxes in (
                             ('sparse', 'sync', False), ('impression', 'sync', False),
                             ('impression', 'async', False), ('impression', 'sync', True),
                             ('impression', 'async', True)))]


@dataclass
class Seen:
    """
    What one variant knew at each instant, clip after clip.

    Attributes
    ----------
    shown, truths : list
        By clip and frame.
    frames, processed : int
        How many frames the camera took, and how many of them were looked at.
    latency_s : float
        From frames to their detections, summed up.

    """

    shown: list[list[FrameBoxes]] = field(default_factory=list)
    truths: list[list[FrameTruth]] = field(default_factory=list)
    frames: int = 0
    processed: int = 0
    latency_s: float = 0.0


def watch(network: Network, clip: Clip, variant: Variant, costs: Costs, compensated: bool,
          seen: Seen) -> None:
    """Let a variant watch a clip at its camera rate, and add what it knew."""
    score = min(_LEAST_SCORE, network.detection.score_threshold)
    outputs = simulate(network, variant.config, clip.images, clip.fps, costs,
                       DetectionConfig(score_threshold=score))
    speeds = velocities(network, clip.images, outputs, clip.fps) if compensated else None
    height, width = clip.images[0].shape[:2]
    seen.shown.append(boxes_at_frames(outputs, len(clip.images), clip.fps, (height, width),
                                      speeds))
    seen.truths.append(clip.truths)
    seen.frames += len(clip.images)
    seen.processed += len(outputs)
    seen.latency_s += sum(item.ready_s - item.frame / clip.fps for item in outputs)


def measure(network: Network, clips: Sequence[Clip], rates: Sequence[float],
            lengths: Sequence[int], part_ms: Mapping[str, float]) -> list[dict[str, Any]]:
    """
    Simulate all variants at all camera rates.

    Returns
    -------
    list of dict
        rate_hz, mode, key_mode, box_memory, l, compensated; sap50, streaming AP50 in percent;
        latency_ms, mean time from a frame to its detections; processed_percent of the frames.

    """
    cases = list(product(rates, variants(lengths), (False, True)))
    seen = {case: Seen() for case in cases}
    for clip in clips:
        shared = sharing(network, flows=True)
        for rate_hz, variant, compensated in cases:
            watch(shared, clip.at(rate_hz), variant, costs_of(variant, part_ms, compensated),
                  compensated, seen[rate_hz, variant, compensated])
    return [{'rate_hz': rate_hz, 'mode': variant.mode, 'key_mode': variant.key_mode,
             'box_memory': variant.box_memory, 'l': variant.l, 'compensated': compensated,
             'sap50': 100 * streaming_accuracy(item.shown, item.truths, len(network.class_names)),
             'latency_ms': 1e3 * item.latency_s / item.processed,
             'processed_percent': 100 * item.processed / item.frames}
            for (rate_hz, variant, compensated), item in seen.items()]


def run(args: argparse.Namespace) -> None:
    """Measure or read the parts, simulate, print, write the file."""
    require_distinct({'--json': args.json},
                     (*(args.input or ()), *filter(None, (args.bench,)), Path(args.model)))
    use_threads(args.threads)
    network = load_network(args.model, args.device)
    clips = _sprites(args, network) if args.sprites else _videos(args, network)
    part_ms = {part: args.slower * milliseconds for part, milliseconds
               in _parts(args, network, clips[0].images).items()}
    rows = measure(network, clips, args.rates, args.l, part_ms)
    print_rows(rows, f'{network.name}: streaming AP50 of '
               + ('sprites' if args.sprites else 'per-frame detections'))
    if args.json:
        write_whole(args.json, json.dumps(
            {'conditions': conditions(network.device), 'parts_ms': part_ms,
             'speed': args.speed, 'rows': rows}, indent=1) + '\n')


def _parts(args: argparse.Namespace, network: Network, images: list[RgbImage]) -> dict[str, float]:
    if args.bench:
        return _parts_in(args.bench, network.name)
    parts = Parts(network, images[:60])
    parts.warm_up()
    parts.play(30)
    return parts.mean_ms


def _parts_in(bench: Path, model: str) -> dict[str, float]:
    """Read the times of a model's parts from a file of `impnet bench --json`."""
    try:
        known = json.loads(bench.read_text())['parts_ms']
        parts = {part: float(time_ms) for part, time_ms in known.get(model, {}).items()}
        for variant in variants((1,)) if parts else ():
            costs_of(variant, parts, True)  # a part that is missing is noticed here
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f'{bench}: expected a file of impnet bench --json '
                         f'({type(error).__name__}: {error})') from error
    if not parts:
        raise ValueError(f'{bench}: expected parts of {model}, found '
                         f'{", ".join(known) or "none"}')
    return parts


def _sprites(args: argparse.Namespace, network: Network) -> list[Clip]:
    videos = SpriteSet(args.sprites, _SEED, SpriteConfig(frames=args.frames, degraded_share=0))
    if tuple(network.class_names) != tuple(videos.class_names):
        raise ValueError(f'--sprites: expected a model of the {len(videos.class_names)} classes '
                         f'of sprites, got one of {len(network.class_names)} classes')
    return [Clip([video.frame(index) for index in range(len(video))],
                 [video.truth(index) for index in range(len(video))], _SPRITES_FPS * args.speed)
            for video in (videos[index] for index in range(args.sprites))]


def _videos(args: argparse.Namespace, network: Network) -> list[Clip]:
    """Read videos and let the network say what is true in each frame."""
    clip = default_clip()
    paths = args.input or ([clip] if clip else [])
    if not paths:
        raise ValueError('--input: expected a video, as the default clip is not there')
    clips = []
    for path in paths:
        video = open_video(path)
        images: list[RgbImage] = [frame.image for frame in islice(video.frames, args.frames)]
        if not images:
            raise ValueError(f'{path}: expected a video with frames that can be read, got none')
        truths = frequent([_taught(network, image) for image in images])
        clips.append(Clip(images, truths, video.fps * args.speed))
    return clips


def frequent(truths: list[FrameTruth]) -> list[FrameTruth]:
    """Leave out classes that are found in few frames: the network itself is not sure of them."""
    frames = Counter(label for truth in truths for label in set(truth.labels.tolist()))
    kept = [label for label, count in frames.items() if count >= _LEAST_SHARE * len(truths)]
    chosen = [np.isin(truth.labels, kept) for truth in truths]
    return [make_truth(truth.boxes[mask], truth.labels[mask])
            for truth, mask in zip(truths, chosen, strict=True)]


def _taught(network: Network, image: RgbImage) -> FrameTruth:
    engine = Engine(network, PER_FRAME.config, DetectionConfig(score_threshold=TEACHER_SCORE))
    (found,), _ = engine.step(Frame(image, 0.0), engine.reset())
    return make_truth(found.boxes.tolist(), found.labels.tolist())
