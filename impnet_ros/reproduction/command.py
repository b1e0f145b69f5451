# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet reproduce`: train and evaluate the small network, write docs/reproduction.md."""
import argparse
from collections.abc import Sequence
import json
from pathlib import Path
from typing import Any

import cv2
from impnet_ros.arguments import count
from impnet_ros.config import StreamConfig
from impnet_ros.outputs import require_distinct, require_folder, write_whole
from impnet_ros.reproduction.document import write_document
from impnet_ros.reproduction.figures import draw_figures
from impnet_ros.reproduction.other_flow import CLIPS, clips
from impnet_ros.reproduction.plan import FGFA, FULL, held_out, METHODS, OTHER_FLOW, Plan, QUICK
from impnet_ros.reproduction.predictions import aggregating, predict_held_out, streaming
from impnet_ros.reproduction.results import (aggregation_results, finished_seeds, make_results,
                                             other_flow_results)
from impnet_ros.reproduction.settings import LENGTH, stream_settings
from impnet_ros.reproduction.speed import time_aggregation, time_settings
from impnet_ros.reproduction.training_stages import trained_weights
import torch


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('--quick', action='store_true',
                        help='tens of seconds: every line is run, the figures mean nothing')
    parser.add_argument('--output', type=Path, metavar='FOLDER',
                        help='trainings and detections; a second call goes on where the first '
                             'stopped (default: out/reproduction, with --quick out/quick)')
    parser.add_argument('--document', type=Path, metavar='FILE',
                        help='what to write, with a folder for plots beside it (default: '
                             'docs/reproduction.md, with --quick in the output folder)')
    parser.add_argument('--methods', nargs='+', choices=(*METHODS, *OTHER_FLOW, FGFA),
                        metavar='METHOD', help='only some of a, b, c, d, e, d_other, e_other, '
                        'fgfa: to share the work')
    parser.add_argument('--threads', type=count, default=1, help='processor threads (default: 1)')
    parser.add_argument('--only-write', action='store_true',
                        help='train and evaluate nothing, write about the seeds that are done')
    parser.add_argument('--quiet', action='store_true', help='no progress bars')


def run(args: argparse.Namespace) -> None:
    """Go through all stages."""
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(args.threads)
    plan = QUICK if args.quick else FULL
    output = args.output or Path('out') / ('quick' if args.quick else 'reproduction')
    document = args.document or (output if args.quick else Path('docs')) / 'reproduction.md'
    require_folder('--output', output)
    require_distinct({'--document': document}, ())
    if not args.only_write:
        compute(plan, output, args.methods or everything_possible(), not args.quiet)
    seeds = finished_seeds(plan, output / 'evaluation')
    if not seeds:
        raise ValueError(f'{output}: expected at least one seed with all methods, got none; '
                         'leave out --only-write')
    speed = output / 'speed.json'
    if not speed.is_file():
        write_whole(speed, json.dumps(_speed(plan, output, seeds[0]), indent=1))
    results = make_results(plan, output / 'evaluation', seeds, json.loads(speed.read_text()))
    results.update(aggregation_results(plan, output / 'evaluation', seeds))
    results.update(other_flow_results(plan, output / 'evaluation', seeds))
    write(results, document, 'impnet reproduce' + (' --quick' if args.quick else ''))


def everything_possible() -> tuple[str, ...]:
    """Name all methods, those of OTHER_FLOW only where the clips are that they are trained on."""
    if len(clips()) == len(CLIPS):
        return *METHODS, *OTHER_FLOW, FGFA
    print(f'left out, as `make setup` has not fetched the clips: {", ".join(OTHER_FLOW)}')
    return *METHODS, FGFA


def compute(plan: Plan, output: Path, methods: Sequence[str], progress: bool) -> None:
    """Train and evaluate whatever is not done yet, seed by seed, FGFA last."""
    for seed in plan.seeds:
        for method in (*METHODS, *OTHER_FLOW):
            if method in methods:
                predict_held_out(trained_weights(plan, output, method, seed, progress),
                                 streaming(stream_settings(method, plan)), held_out(plan),
                                 output / 'evaluation' / f'{method}_{seed}', progress)
    for seed in plan.seeds if FGFA in methods else ():
        predict_held_out(trained_weights(plan, output, FGFA, seed, progress), aggregating,
                         held_out(plan, plan.aggregated_videos),
                         output / 'evaluation' / f'{FGFA}_{seed}', progress)


def _speed(plan: Plan, output: Path, seed: int) -> dict[str, float]:
    """Time all methods, and (b) and (d) at all l."""
    settings: dict[str, tuple[str, StreamConfig]] = {
        method: (method, stream_settings(method, plan)['main']) for method in METHODS}
    for method in ('b', 'd'):
        for name, config in stream_settings(method, plan).items():
            if name.startswith('l_'):
                settings[f'{method}, l = {config.segment_length}'] = method, config
    weights = {method: output / f'{method}_{seed}' / 'weights.safetensors' for method in METHODS}
    speed = time_settings(weights, settings, held_out(plan), plan.timed_frames)
    speed |= {f'{method}, l = {LENGTH}': speed[method] for method in ('b', 'd')}
    aggregation = output / f'{FGFA}_{seed}' / 'weights.safetensors'
    if aggregation.is_file():
        speed |= time_aggregation(aggregation, held_out(plan))
    return speed


def write(results: dict[str, Any], document: Path, command: str) -> None:
    """Write results, plots and document."""
    folder = document.with_suffix('')
    draw_figures(results, folder)
    write_whole(folder / 'results.json', json.dumps(results, indent=1) + '\n')
    write_whole(document, write_document(results, command))
    print(f'{document}: seeds {results["seeds"]}')
