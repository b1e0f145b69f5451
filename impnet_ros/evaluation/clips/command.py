# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The command: clips with or without truth, settings side by side, a table, JSON and a plot."""
import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
import json
from pathlib import Path
import sys
from typing import Any

import cv2
from impnet_ros.arguments import add_settings, config_of, count, natural, positive
from impnet_ros.config import DetectionConfig, RunConfig
from impnet_ros.data.class_mapping import read_mapping
from impnet_ros.data.true_clip import TrueClip
from impnet_ros.evaluation.clips.bursts import spoil_in_bursts, STRENGTHS
from impnet_ros.evaluation.clips.plot import plot_costs
from impnet_ros.evaluation.clips.precision import clip_labels
from impnet_ros.evaluation.clips.rows import row
from impnet_ros.evaluation.clips.run import run_settings
from impnet_ros.evaluation.clips.settings import (default_settings, parse, PER_FRAME, Setting,
                                                  with_reference)
from impnet_ros.evaluation.clips.sources import annotated, named_apart
from impnet_ros.evaluation.clips.summary import summarise
from impnet_ros.evaluation.clips.table import LEGEND, tables
from impnet_ros.evaluation.clips.timing import frame_times
from impnet_ros.evaluation.clips.unlabelled import label_clip
from impnet_ros.evaluation.plots import require_picture
from impnet_ros.model.contract import Network
from impnet_ros.model.network import load_network
from impnet_ros.outputs import require_distinct, write_whole
from impnet_ros.stream.real_time import real_time
from impnet_ros.stream.schedule import length_of
import torch
from tqdm import tqdm


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('clips', type=Path, nargs='+',
                        help='with truth: sequences in the layout of MOTChallenge, folders of '
                        'them, or COCO JSON of videos; without: video files, image folders, bags, '
                        'whose truth is what the model sees in the sharp frames, in '
                        'float32')
    parser.add_argument('--setting', action='append', default=[], metavar="'NAME=VALUE ...'",
                        help="a row of the table, in the node's parameters, for example "
                        "'l=10', 'mode=sparse box_memory=true l=3'; l_s is the segment in "
                        "seconds, size the side of the network's input, name what the row is "
                        'called; give as many as you like (default: the modes at l=1 and --span)')
    parser.add_argument('--span', type=positive, default=1 / 3, metavar='S',
                        help='seconds between key frames of the default settings (a third)')
    parser.add_argument('--classes', nargs='+', default=[], metavar='NAME=CLASS',
                        help="the network's class for names or numbers in the annotations, "
                        '1=person 3=car, or one CLASS for all boxes')
    parser.add_argument('--complete', action=argparse.BooleanOptionalAction,
                        help='all objects of the annotated classes are annotated, or not: then '
                        'boxes away from annotated ones are left out (default: as seqinfo.ini '
                        'says under [Truth] alone, else all)')
    parser.add_argument('--images', type=Path, metavar='FOLDER',
                        help='where the pictures of a COCO JSON are (default: beside it)')
    parser.add_argument('--fps', type=positive, help='of clips that do not say (30)')
    parser.add_argument('--bursts', nargs='+', choices=tuple(STRENGTHS), default=tuple(STRENGTHS))
    parser.add_argument('--seed', type=natural, nargs='+', default=[0], metavar='N',
                        help='of the bursts: a draw for each (0)')
    parser.add_argument('--frames', type=count, help='only the first of each clip')
    add_settings(parser, RunConfig, 'model', 'precision')
    parser.add_argument('--untrained', action='store_true',
                        help='training-free weights in place of the learned N_q')
    parser.add_argument('--lowest-score', type=float, default=0.05, metavar='X',
                        help='from which boxes count for average precision (0.05)')
    add_settings(parser, DetectionConfig)
    parser.add_argument('--json', type=Path, metavar='FILE', help='write all figures')
    parser.add_argument('--plot', type=Path, metavar='FILE', help='draw accuracy against cost')


def run(args: argparse.Namespace) -> None:
    """Measure, print, write and draw."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    require_picture('--plot', args.plot)
    inputs = [*args.clips, Path(args.model), *filter(None, (args.images,))]
    require_distinct({'--json': args.json, '--plot': args.plot}, inputs)
    given = [parse(text) for text in args.setting]
    reported = config_of(DetectionConfig, args)
    lowest = replace(reported, score_threshold=args.lowest_score)
    network = load_network(args.model, 'cpu', precision=args.precision)
    if args.untrained:
        network.quality = None
    settings = with_reference(given or default_settings(args.span, network.boxes_only))
    rows: list[dict[str, Any]] = []
    clips = list(_opened(args, network.class_names))
    named_apart(clips)
    if not clips:
        raise ValueError('clips: expected at least one with something to be found, got none')
    for clip in clips:
        for item in measured(clip, network, settings, args.bursts, args.seed, lowest, reported):
            print(f'{clip.name}, {item["bursts"]} {item["seed"]}, {item["setting"]}: AP50 '
                  f'{item["ap50"]:.1f}, AP75 {item["ap75"]:.1f}', flush=True)
            rows.append(item)
        summary = summarise(rows, PER_FRAME.name)
        _write(args, rows, summary)  # after each clip: a long run may be stopped
    print()
    print('\n\n'.join(tables(summary)), LEGEND, sep='\n\n')


def _write(args: argparse.Namespace, rows: Sequence[dict[str, Any]],
           summary: Sequence[dict[str, Any]]) -> None:
    if args.json:
        said = {key: value for key, value in vars(args).items() if key != 'run'}
        content = {'arguments': said, 'summary': summary,
                   'rows': [_without_nan(item) for item in rows]}
        write_whole(args.json, json.dumps(content, indent=1, default=str) + '\n')
    if args.plot:
        plot_costs(summary, args.plot)


def measured(clip: TrueClip, network: Network, settings: list[Setting], kinds: list[str],
             seeds: list[int], lowest: DetectionConfig,
             reported: DetectionConfig) -> Iterator[dict[str, Any]]:
    """Run all settings over one clip, clean and with each draw of bursts; give the rows."""
    draws = [(bursts, seed) for bursts in kinds
             for seed in (seeds[:1] if STRENGTHS[bursts][1] == 0.0 else seeds)]
    clean = ('clean', seeds[0])
    seen = None
    frame_ms = frame_times(network, settings, _watched(clip, 'time'), clip.fps, reported)
    for bursts, seed in sorted(draws, key=lambda draw: draw != clean):
        if seen is None and (bursts, seed) != clean:
            runs, _ = run_settings(network, [PER_FRAME], spoil_in_bursts(
                _watched(clip, 'clean'), STRENGTHS['clean'], 0), clip.fps, lowest, reported)
            seen = runs[PER_FRAME.name].found
        frames = spoil_in_bursts(_watched(clip, f'{bursts} {seed}'), STRENGTHS[bursts], seed)
        runs, spoilt = run_settings(network, settings, frames, clip.fps, lowest, reported)
        if seen is None:
            seen = runs[PER_FRAME.name].found
        for setting in settings:
            yield {'clip': clip.name, 'bursts': bursts, 'seed': seed, 'setting': setting.name,
                   'l': length_of(real_time(setting.stream(clip.fps), network, 1 / clip.fps)),
                   'frame_ms': frame_ms[setting.name],
                   **row(clip, runs[setting.name], spoilt, seen)}


def _watched(clip: TrueClip, what: str) -> Any:
    return tqdm(clip.images(), f'{clip.name} {what}', len(clip.truth), unit='frame', disable=None)


def _opened(args: argparse.Namespace, class_names: tuple[str, ...]) -> Iterator[TrueClip]:
    mapping = read_mapping(args.classes, class_names)
    teacher: Network | None = None
    for path in args.clips:
        if not path.exists():
            raise FileNotFoundError(f'no such clip: {path}')
        clips = annotated(path, class_names, mapping, args.complete, args.images, args.fps)
        if clips is None:
            teacher = teacher or load_network(args.model, 'cpu')
            clips = [label_clip(path, teacher, args.frames, args.fps)]
        for clip in clips:
            clip = clip.first(args.frames)
            if len(clip_labels(clip)):
                yield clip
            else:
                print(f'{path}: {clip.name} is left out, nothing is to be found in it',
                      file=sys.stderr)


def _without_nan(value: Any) -> Any:
    """Give None for NaN, which JSON lacks."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return None if isinstance(value, float) and value != value else value
