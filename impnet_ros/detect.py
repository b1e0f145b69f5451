# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet detect`: objects in a video file, an image folder or a bag."""
import argparse
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
import sys
from time import perf_counter

from impnet_ros.arguments import count, positive
from impnet_ros.config import DetectionConfig, MODES, PRECISIONS, SCHEDULES, StreamConfig
from impnet_ros.detect_outputs import Outputs, Source
from impnet_ros.entries import as_detections, as_entry, Entry
from impnet_ros.images import MAX_PIXELS
from impnet_ros.model.network import load_network
from impnet_ros.outputs import require_distinct
from impnet_ros.results import STDOUT
from impnet_ros.stopping import Stop, stopping
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.play import play
from impnet_ros.stream.types import Detections, Frame
from impnet_ros.video import open_video
from impnet_ros.video_source import Video
from tqdm import tqdm


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    stream, detection = StreamConfig(), DetectionConfig()
    parser.add_argument('input', type=Path, help='video file, folder of images, or rosbag2')
    parser.add_argument('--topic', default='', help='image topic of a bag with several')
    parser.add_argument('--fps', type=positive, default=30.0, help='frame rate of an image folder')
    parser.add_argument('--model', default='nanodet_g', help='name, or .safetensors checkpoint')
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda or cuda:n')
    parser.add_argument('--precision', choices=PRECISIONS, default='float32',
                        help='of the convolutions; bfloat16 is faster where the processor has it')
    parser.add_argument('--mode', choices=MODES, default=stream.mode)
    parser.add_argument('--l', type=int, default=stream.segment_length, metavar='L',
                        help='segment length, frames a key frame')
    parser.add_argument('--g', type=float, default=stream.memory_gate, metavar='G',
                        help='memory gate, 0..1')
    parser.add_argument('--key-offset', type=int, default=stream.key_offset,
                        help="key frame's place in its segment: 0 causal, l // 2 the paper's")
    parser.add_argument('--schedule', choices=SCHEDULES, default=stream.schedule,
                        help='adaptive: key frames where motion needs them, in place of --l')
    parser.add_argument('--l-min', type=int, default=stream.smallest_length, metavar='L',
                        help='adaptive: frames from key frame to key frame, at least')
    parser.add_argument('--l-max', type=int, default=stream.largest_length, metavar='L',
                        help='adaptive: the same, at most')
    parser.add_argument('--doubt-threshold', type=float, default=stream.doubt_threshold,
                        metavar='X', help='adaptive: smaller gives more key frames')
    parser.add_argument('--max-gap', type=float, default=stream.max_gap_s, metavar='S',
                        help='seconds between frames above which a new video starts')
    parser.add_argument('--box-memory', action=argparse.BooleanOptionalAction,
                        help='carry boxes too, or not; gives track ids (key offset 0 only; '
                             'default: as the model recommends in mode impression)')
    parser.add_argument('--score-threshold', type=float, default=detection.score_threshold)
    parser.add_argument('--nms-threshold', type=float, default=detection.nms_threshold)
    parser.add_argument('--max-detections', type=int, default=detection.max_detections)
    parser.add_argument('--max-image-pixels', type=count, default=MAX_PIXELS, metavar='N',
                        help='largest picture taken, width times height')
    parser.add_argument('--jsonl', type=Path, metavar='FILE',
                        help='write one entry per frame, a line each, as they come')
    parser.add_argument('--json', type=Path, metavar='FILE',
                        help='write one entry per frame, as a list that is in place at the end')
    parser.add_argument('--video', type=Path, metavar='FILE', help='write an annotated mp4')
    parser.add_argument('--resume', action='store_true',
                        help='go on with the results of a run that was cut')
    parser.add_argument('--quiet', action='store_true', help='no progress bar')


class _Found:
    """What a run found, for its last words."""

    def __init__(self) -> None:
        self.labels: Counter[str] = Counter()
        self.frames = self.keys = 0
        self.engine_ms = 0.0

    def add(self, detections: Detections, entry: Entry) -> None:
        self.frames += 1
        self.keys += detections.is_key
        self.engine_ms += sum(detections.stage_ms.values())
        self.labels.update(entry['labels'])


def run(args: argparse.Namespace) -> int:
    """Detect, and write what was asked for; 0, or 128 and the signal that ended it."""
    stream = StreamConfig(segment_length=args.l, memory_gate=args.g, key_offset=args.key_offset,
                          mode=args.mode, max_gap_s=args.max_gap, box_memory=args.box_memory,
                          schedule=args.schedule, smallest_length=args.l_min,
                          largest_length=args.l_max, doubt_threshold=args.doubt_threshold)
    detection = DetectionConfig(score_threshold=args.score_threshold,
                                nms_threshold=args.nms_threshold,
                                max_detections=args.max_detections)
    source = Source()
    video = open_video(args.input, args.topic, args.fps, source.refuse, args.max_image_pixels)
    source.read(video.frames)
    require_distinct({'--json': args.json, '--jsonl': args.jsonl, '--video': args.video},
                     (args.input, Path(args.model)))
    with stopping() as stop:
        found, elapsed_s, device = _detect(args, stream, detection, source, video, stop)
    if source.error:
        raise source.error
    if found.frames:
        _tell(args, found, source, elapsed_s, device)
    return stop.exit_code


def _detect(args: argparse.Namespace, stream: StreamConfig, detection: DetectionConfig,
            source: Source, video: Video, stop: Stop) -> tuple[_Found, float, str]:
    """Run the network over the video and write what it finds, up to what ends it."""
    outputs = Outputs(args.json, args.jsonl, args.video, video.fps, args.resume)
    found, whole = _Found(), False
    try:
        network = load_network(args.model, args.device, detection, precision=args.precision)
        answers = _answers(Engine(network, stream), source, outputs)
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
        whole = not (source.error or stop.signal)
    finally:
        if not whole and found.frames:
            kept = '; their results are kept, --resume goes on behind them' if outputs.lasts else ''
            print(f'impnet detect: ends after {found.frames} frames{kept}', file=sys.stderr)
        outputs.close(whole=whole)
    return found, elapsed_s, str(network.device)


def _answers(engine: Engine, source: Source, outputs: Outputs
             ) -> Iterator[tuple[Frame, Detections, Entry]]:
    """Yield what an earlier run found, up to where this one begins, and what the engine finds."""
    names = engine.network.class_names
    for entry in islice(outputs.stored(), outputs.restart):
        frame = next(source, None)
        if frame is None or frame.stamp_s != entry.get('stamp_s'):
            raise ValueError(f'--resume: expected the input of the first run, got another frame '
                             f'in place of {entry.get("frame")}')
        source.number()
        yield frame, as_detections(entry, names), entry
    for frame, detections in play(engine, source):
        yield frame, detections, as_entry(source.number(), detections, names)


def _tell(args: argparse.Namespace, found: _Found, source: Source, elapsed_s: float, device: str
          ) -> None:
    """Sum up a run."""
    to = sys.stderr if args.jsonl == STDOUT else sys.stdout
    left_out = f' ({source.left_out} could not be read)' if source.left_out else ''
    print(f'{found.frames} frames{left_out} in {elapsed_s:.1f} s: '
          f'{found.frames / elapsed_s:.1f} frames a second '
          f'({found.engine_ms / found.frames:.1f} ms a frame in the engine) on {device}, '
          f'{args.mode}, {_segments(args, found.keys / found.frames)}, g = {args.g:g}, '
          f'key_offset = {args.key_offset}', file=to)
    objects = ', '.join(f'{name} {number}' for name, number in found.labels.most_common())
    print(f'detections: {objects or "none"}', file=to)


def _segments(args: argparse.Namespace, keys_per_frame: float) -> str:
    """Say how the video was cut into segments."""
    if args.schedule == 'fixed':
        return f'l = {args.l}'
    return f'l = {args.l_min} to {args.l_max}, {keys_per_frame:.3f} key frames a frame'
