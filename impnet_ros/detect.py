# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet detect`: objects in a video file, an image folder or a bag."""
import argparse
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
import os
from pathlib import Path
import sys
from time import perf_counter

from impnet_ros.arguments import add_settings, config_of, count, positive
from impnet_ros.config import DetectionConfig, RunConfig, StreamConfig
from impnet_ros.images import MAX_PIXELS
from impnet_ros.model.contract import Network
from impnet_ros.model.device import choose_device
from impnet_ros.model.network import load_network
from impnet_ros.model.steady import steady
from impnet_ros.outputs import require_distinct, STDOUT
from impnet_ros.results.entries import as_detections, as_entry, Entry
from impnet_ros.results.run import Outputs, Source
from impnet_ros.sources.bag_reader import is_bag
from impnet_ros.sources.frames import Video
from impnet_ros.stopping import Stop, stopping
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.late_images import LateImages
from impnet_ros.stream.play import play
from impnet_ros.stream.real_time import looks, measured, real_time
from impnet_ros.stream.types import Detections, Frame
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
    parser.add_argument('--max-image-pixels', type=count, default=MAX_PIXELS, metavar='N',
                        help='largest picture taken, width times height')
    parser.add_argument('--jsonl', type=Path, metavar='FILE',
                        help='write one entry per frame, a line each, as they come')
    parser.add_argument('--json', type=Path, metavar='FILE',
                        help='write one entry per frame, as a list that is in place at the end')
    parser.add_argument('--video', type=Path, metavar='FILE', help='write an annotated mp4')
    parser.add_argument('--realtime', action='store_true',
                        help="what the node does at the video's own rate: l auto by what this "
                        'machine has time for; says the settings that it chose')
    parser.add_argument('--resume', action='store_true',
                        help='go on with the results of a run that was cut')
    parser.add_argument('--quiet', action='store_true', help='no progress bar')


class _Found:
    """What a run found, for its last words."""

    def __init__(self) -> None:
        self.labels: Counter[str] = Counter()
        self.frames = 0
        self.engine_ms = 0.0

    def add(self, detections: Detections, entry: Entry) -> None:
        self.frames += 1
        self.engine_ms += sum(detections.stage_ms.values())
        self.labels.update(entry['labels'])


def run(args: argparse.Namespace) -> int:
    """Detect, and write what was asked for; 0, or 128 and the signal that ended it."""
    stream, detection = config_of(StreamConfig, args), config_of(DetectionConfig, args)
    if args.resume and stream.key_mode == 'async':
        raise ValueError('--resume: expected --key-mode sync (what async gives depends on the '
                         'time that things take)')
    if args.resume and args.realtime:
        raise ValueError('--resume: expected the settings that --realtime chose, got --realtime, '
                         'which measures anew')
    source = Source()
    video = open_video(args.input, args.topic, args.fps, source.refuse, args.max_image_pixels)
    source.read(video.frames)
    if args.topic and not is_bag(args.input):
        raise ValueError(f'--topic: expected a bag, got {args.input}, which has no topics')
    require_distinct({'--json': args.json, '--jsonl': args.jsonl, '--video': args.video},
                     (args.input, Path(args.model)))
    with stopping() as stop, closing(source):
        found, elapsed_s, where = _detect(args, stream, detection, source, video, stop)
    if source.error:
        raise source.error
    if found.frames:
        _tell(args, found, source, elapsed_s, where)
    return stop.exit_code


def _detect(args: argparse.Namespace, stream: StreamConfig, detection: DetectionConfig,
            source: Source, video: Video, stop: Stop) -> tuple[_Found, float, str]:
    """Run the network over the video and write what it finds, up to what ends it."""
    outputs = Outputs(args.json, args.jsonl, args.video, video.fps, args.resume)
    found, whole = _Found(), False
    try:
        runs = config_of(RunConfig, args)
        if not args.realtime:  # which does what the node would
            runs = steady(runs, choose_device(args.device).type == 'cpu')
        network = load_network(runs.model, runs.device, runs.runtime, runs.precision)
        if args.realtime:
            stream = _in_real_time(args, network, stream, detection, video.fps)
        engine = Engine(network, stream, detection)
        answers = _answers(engine, source, outputs)
        start = perf_counter()
        for frame, detections, entry in tqdm(answers, total=video.count or None, unit='frame',
                                             disable=args.quiet):
            outputs.take(frame, detections, entry, network.class_names)
            found.add(detections, entry)
            if stop.signal:
                break
        elapsed_s = perf_counter() - start
        if not (found.frames or source.error or stop.signal):
            raise ValueError(f'{args.input}: holds no frame that can be read')
        if found.frames and source.failed == found.frames:
            raise ValueError(f'model: {args.model} failed at every frame')
        whole = not (source.error or stop.signal)
    finally:
        if not whole and found.frames and outputs.count >= outputs.done:
            kept = 'their results are kept, --resume goes on behind them'
            print(f'impnet detect: ends after {found.frames} frames'
                  + (f'; {kept}' if outputs.lasts else ''), file=sys.stderr)
        outputs.close(whole=whole)
    return found, elapsed_s, f'{network.device}, {engine.config.mode}, {looks(engine.config)}'


def _in_real_time(args: argparse.Namespace, network: Network, stream: StreamConfig,
                  detection: DetectionConfig, fps: float) -> StreamConfig:
    """Choose what the node would, and say so."""
    first = next(open_video(args.input, args.topic, args.fps,
                            max_pixels=args.max_image_pixels).frames, None)
    if first is None:
        return stream
    costs = measured(network, stream, detection, first.image)
    chosen = real_time(stream, network, 1 / fps, costs, len(os.sched_getaffinity(0)))
    print(f'impnet detect: real time at {fps:.3g} Hz: {looks(chosen)} (key frame '
          f'{1e3 * costs.key_s:.1f} ms, glance {1e3 * costs.glance_s:.1f} ms, others '
          f'{1e3 * costs.other_s:.1f} ms)', file=sys.stderr)
    return chosen


def _answers(engine: Engine, source: Source, outputs: Outputs
             ) -> Iterator[tuple[Frame, Detections, Entry]]:
    """Yield what an earlier run found, up to where this one begins, and what the engine finds."""
    names, late = engine.network.class_names, LateImages()
    for entry in islice(outputs.stored(), outputs.restart):
        frame = next(source, None)
        if frame is None or (frame.stamp_s, source.number(frame)[0]) != (entry.get('stamp_s'),
                                                                         entry.get('frame')):
            raise outputs.misfit(f'another frame in place of {entry.get("frame")}')
        late.is_late(frame.stamp_s)
        yield frame, as_detections(entry, names), entry
    for frame, detections in play(engine, source, source.fail, late):
        number, error = source.number(frame)
        yield frame, detections, as_entry(number, detections, names, error)
    if outputs.count < outputs.done and not source.error:
        raise outputs.misfit(f'only {outputs.count} of its {outputs.done} frames')


def _tell(args: argparse.Namespace, found: _Found, source: Source, elapsed_s: float, where: str
          ) -> None:
    """Sum up a run."""
    to = sys.stderr if args.jsonl == STDOUT else sys.stdout
    lost = [f'{number} {text}' for number, text in (
        (source.left_out, 'could not be read'), (source.failed, 'lost by the network')) if number]
    left_out = f' ({", ".join(lost)})' if lost else ''
    print(f'{found.frames} frames{left_out} in {elapsed_s:.1f} s: '
          f'{found.frames / elapsed_s:.1f} frames a second '
          f'({found.engine_ms / found.frames:.1f} ms a frame in the engine) on {where}, '
          f'g = {args.g:g}, key_offset = {args.key_offset}', file=to)
    objects = ', '.join(f'{name} {number}' for name, number in found.labels.most_common())
    print(f'detections: {objects or "none"}', file=to)
