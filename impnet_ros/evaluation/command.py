# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet evaluate`: mean average precision of a model on videos with ground truth."""
import argparse
import json
from pathlib import Path
from typing import Any, get_args

from impnet_ros.arguments import add_settings, config_of, count, natural
from impnet_ros.config import DetectionConfig, Mode, RunConfig, StreamConfig
from impnet_ros.data.ilsvrc_vid import IlsvrcVid
from impnet_ros.data.samples import VideoSet
from impnet_ros.data.sprites import SpriteConfig, SpriteSet
from impnet_ros.evaluation.conventions import CONVENTIONS
from impnet_ros.evaluation.labelled import evaluate_labelled
from impnet_ros.evaluation.plots import plot_report
from impnet_ros.evaluation.predict import aggregate_video, predict_video
from impnet_ros.evaluation.report import report
from impnet_ros.evaluation.seq_nms import seq_nms
from impnet_ros.model.network import load_network
from impnet_ros.outputs import require_distinct, require_folder, write_whole
from impnet_ros.stream.engine import Engine
from tqdm import tqdm

_DETECTION = DetectionConfig(score_threshold=1e-3, nms_threshold=0.3, max_detections=300)
"""Nearly everything is kept, as average precision asks for."""

_OFFLINE = ('fgfa', 'fgfa_fast')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('dest', nargs='?', metavar='DEST',
                        help='what impnet label wrote, to be held against --truth')
    parser.add_argument('--truth', nargs='+', type=Path, metavar='TRUTH',
                        help='for DEST: MOTChallenge folders, or COCO JSON with videos')
    parser.add_argument('--classes', nargs='*', default=(), metavar='NAME=CLASS',
                        help="for DEST: the truth's classes as the network's")
    parser.add_argument('--topic', default='', help='for DEST: the camera, where there are more')
    parser.add_argument('--model', help='name, or .safetensors checkpoint')
    parser.add_argument('--data', default='sprites', metavar='ROOT',
                        help="'sprites', or the folder of ILSVRC2015 (default: %(default)s)")
    parser.add_argument('--split', default='val', help='of ILSVRC VID (default: %(default)s)')
    parser.add_argument('--names', nargs='+', metavar='CLASS',
                        help='class names in the annotations, for an exported set')
    parser.add_argument('--videos', type=count, metavar='N',
                        help='only the first N videos (sprites: 100 by default)')
    parser.add_argument('--seed', type=natural, default=1_000_000,
                        help='of the sprites (default: %(default)s)')
    parser.add_argument('--size', type=count, default=128, help="sprites' side in pixels")
    parser.add_argument('--frames', type=count, default=60, help='frames of a sprite video')
    parser.add_argument('--convention', nargs='+', choices=tuple(CONVENTIONS),
                        default=tuple(CONVENTIONS), help='how precision is averaged')
    parser.add_argument('--mode', choices=(*get_args(Mode), *_OFFLINE), default='auto',
                        help='fgfa and fgfa_fast look 10 frames ahead: offline')
    add_settings(parser, StreamConfig, 'segment_length', 'memory_gate', 'key_offset')
    parser.add_argument('--seq-nms', action='store_true', help='rescore along tracks, offline')
    add_settings(parser, RunConfig, 'device')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the results')
    parser.add_argument('--plots', type=Path, metavar='FOLDER', help='write plots')


def run(args: argparse.Namespace) -> None:
    """Evaluate and print, write and draw the results."""
    inputs = [Path(name) for name in (args.dest, args.model, args.data, *(args.truth or ()))
              if name]
    own = [Path(args.dest, 'summary.json'), *Path(args.dest).glob('*/**/*')] if args.dest else []
    require_distinct({'--json': args.json}, [*inputs, *own])
    if args.plots:
        require_folder('--plots', args.plots)
    if args.dest:
        return evaluate_labelled(args)
    if not args.model:
        raise ValueError('--model: expected a network to evaluate, or DEST with --truth')
    videos = _open(args)
    offline = args.mode in _OFFLINE
    config = config_of(StreamConfig, args, mode='per_frame' if offline else args.mode)
    network = load_network(args.model, args.device)
    if tuple(network.class_names) != videos.class_names:
        raise ValueError(f'model: expected the classes of the data, {videos.class_names}, got '
                         f'{tuple(network.class_names)}; --names gives those of an exported set')
    engine = Engine(network, config, _DETECTION)
    count = min(len(videos), args.videos or len(videos))
    found: list[Any] = []
    truths = []
    for index in tqdm(range(count), desc='evaluate', unit='video'):
        clip = videos[index]
        boxes = (aggregate_video(network, _DETECTION, clip, args.mode == 'fgfa_fast') if offline
                 else predict_video(engine, clip).boxes)
        found.append(seq_nms(boxes) if args.seq_nms else boxes)
        truths.append([clip.truth(frame) for frame in range(len(clip))])
    mode = args.mode if offline else engine.config.mode
    result = {'model': args.model, 'data': args.data, 'mode': mode, 'l': args.l, 'g': args.g,
              'key_offset': args.key_offset, 'seq_nms': args.seq_nms,
              **report(found, truths, videos.class_names,
                       [CONVENTIONS[name] for name in args.convention])}
    for name, part in result['conventions'].items():
        value = part['mAP']
        print(f"mAP {value['value']} % ({name}; 95 % over videos: {value['low']} to "
              f"{value['high']})")
    if args.json:
        write_whole(args.json, json.dumps(result, indent=1) + '\n')
    if args.plots:
        plot_report(result, args.plots)


def _open(args: argparse.Namespace) -> VideoSet:
    if args.data == 'sprites':
        config = SpriteConfig(height=args.size, width=args.size, frames=args.frames)
        return SpriteSet(args.videos or 100, args.seed, config)
    if args.names:
        return IlsvrcVid(args.data, args.split, synsets={name: name for name in args.names})
    return IlsvrcVid(args.data, args.split)
