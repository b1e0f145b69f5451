# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet label`: objects in archives of bags, videos and pictures."""
import argparse
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from importlib.util import find_spec
from io import StringIO
import os
import sys
from typing import Any

from impnet_ros.archive import progress, state, summary
from impnet_ros.archive.cluster import label_with_ray, Pool
from impnet_ros.archive.job import FORMATS, Job
from impnet_ros.archive.outcome import Outcome
from impnet_ros.archive.pieces import Piece
from impnet_ros.archive.plan import make_plan
from impnet_ros.archive.sources import find_sources
from impnet_ros.archive.store import run_name, Store
from impnet_ros.arguments import add_settings, config_of, count, positive
from impnet_ros.config import DetectionConfig, RunConfig, StreamConfig
from impnet_ros.images import MAX_PIXELS
from impnet_ros.model.steady import steady
from impnet_ros.outputs import said
from impnet_ros.stopping import Stop, stopping
from tqdm import tqdm

_EXTRA = "pip install 'impnet_ros[archive]'"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument('sources', nargs='+', metavar='SOURCE',
                        help='bags (.mcap, .db3, .bag, folders), videos, folders, globs, or .txt '
                        'lists of them; paths or URLs (s3://, gs://, file://, memory://)')
    parser.add_argument('--out', required=True, metavar='DEST', help='folder or URL')
    parser.add_argument('--format', nargs='+', choices=FORMATS, default=FORMATS,
                        help='what to write (default: all three)')
    parser.add_argument('--topics', nargs='+', default=(), metavar='TOPIC',
                        help='image topics (default: every one)')
    parser.add_argument('--fps', type=positive, default=30.0, help='frame rate of an image folder')
    parser.add_argument('--max-image-pixels', type=count, default=MAX_PIXELS, metavar='N',
                        help='largest image taken, width times height')
    add_settings(parser, RunConfig, 'model', 'device', 'runtime', 'precision')
    add_settings(parser, StreamConfig)
    add_settings(parser, DetectionConfig)
    parser.add_argument('--workers', type=count, metavar='N',
                        help='processes, each with its own network (default: as many as the '
                        'processors or GPUs allow; 1 without Ray)')
    parser.add_argument('--threads', type=count, default=1, metavar='N',
                        help='threads of a worker (default: %(default)s)')
    parser.add_argument('--gpus', type=float, default=0.0, metavar='SHARE',
                        help='GPUs of a worker; 0.5 lets two share one (default: none)')
    parser.add_argument('--address', default='', metavar='HOST:PORT',
                        help='of a Ray cluster, or auto (default: this machine alone)')
    parser.add_argument('--resume', action=argparse.BooleanOptionalAction, default=True,
                        help='skip what is done and whole (default), or do everything again')
    parser.add_argument('--tries', type=count, default=3, metavar='N',
                        help='how often a piece is tried (default: %(default)s)')
    parser.add_argument('--log', choices=progress.LOGS, default='bar',
                        help='progress as a bar, as JSON lines on stdout, or not at all')


def run(args: argparse.Namespace) -> int:
    """Label; 0 when all is done, 1 when some failed or are cut short, 130 after Ctrl-C."""
    if 'parquet' in args.format and find_spec('pyarrow') is None:
        raise ValueError(f'--format: parquet needs pyarrow: {_EXTRA}')
    stream, detection = config_of(StreamConfig, args), config_of(DetectionConfig, args)
    store = Store(args.out, run_name())
    job = Job(store.root.url, store.run, tuple(sorted(set(args.format))), stream, detection,
              _runs(args), args.fps, args.max_image_pixels, args.tries)
    pool = _pool(args, store)
    sources = find_sources(args.sources, without=store.root)
    with tqdm(total=len(sources), unit='source', desc='look', leave=False,
              disable=args.log != 'bar') as bar:
        plan = make_plan(store, sources, args.topics, stream, bar.update)
    done = state.find_done(store, plan.pieces, job) if args.resume else {}
    outcomes = [_skipped(piece, done[piece.name]) for piece in plan.pieces if piece.name in done]
    pieces = [piece for piece in plan.pieces if piece.name not in done]
    shown = progress.Progress(args.log, pieces, pool.workers)
    shown.event('plan', sources=len(sources), pieces=len(plan.pieces), skipped=len(done))
    try:
        with stopping() as stop, redirect_stdout(StringIO()):  # Ray's raylet prints there
            def asked() -> bool:
                if stop.signal:
                    shown.stopping()
                return bool(stop.signal)

            for outcome in _labelled(pieces, job, pool, shown, asked):
                outcomes.append(outcome)
                shown.finished(outcome)
    finally:
        shown.close()
        store.tidy()
    told = summary.summarise(outcomes, plan.nothing, *shown.seconds, shown.workers,
                             {'model': job.model_name, 'settings': job.settings,
                              'threads': args.threads})
    return _end(store, plan.gone, told, shown, args.log, stop)


def _runs(args: argparse.Namespace) -> RunConfig:
    """
    Decide what runs the network, the same for every worker and every run.

    Processors unless GPUs are asked for.
    """
    runs = config_of(RunConfig, args)
    if runs.device == 'auto' and not args.gpus:
        runs = replace(runs, device='cpu')
    return steady(runs, on_cpu=runs.device == 'cpu')


def _pool(args: argparse.Namespace, store: Store) -> Pool:
    """Decide who works."""
    has_ray = find_spec('ray') is not None
    if args.device.startswith('cuda') and (args.address or args.workers != 1) and not args.gpus:
        raise ValueError(f'--gpus: expected the GPUs of a worker, 0.5 say, with {args.device} and '
                         'more than one worker')
    if (args.address or (args.workers or 1) > 1 or args.gpus) and not has_ray:
        raise ValueError(f'--workers, --gpus, --address: more than one worker needs Ray: {_EXTRA}')
    alone = not has_ray or any(name.startswith('memory://') for name in args.sources)
    if store.is_of_this_process or alone:
        if (args.workers or 1) > 1 or args.address:
            raise ValueError('--workers: expected 1 with memory://, which other processes do '
                             f'not see, got {args.workers or args.address}')
        return Pool(1)
    if args.workers is None and not args.address:
        cores = len(os.sched_getaffinity(0))
        return Pool(max(1, cores // args.threads), args.gpus)
    return Pool(args.workers or 0, args.gpus, args.address)


def _labelled(pieces: list[Piece], job: Job, pool: Pool, shown: progress.Progress,
              stopping: Callable[[], bool]) -> Iterator[Outcome]:
    if not pieces:
        return
    if pool.workers == 1 and not pool.address and not pool.gpus:
        from impnet_ros.archive.local import label_here  # late: it loads torch
        yield from label_here(pieces, job, shown, stopping)
    else:
        yield from label_with_ray(pieces, job, pool, shown, stopping)


def _skipped(piece: Piece, marker: dict[str, Any]) -> Outcome:
    return Outcome(piece.name, piece.label, 'skipped', '', marker['frames'], marker['broken'],
                   marker['broken_reason'], marker['cut'], marker['found'])


def _end(store: Store, gone: frozenset[str], told: dict[str, Any], shown: progress.Progress,
         log: str, stop: Stop) -> int:
    if not told['failed'] and not told['stopped']:
        markers = store.read_json(f'{state.FOLDER}/{name}.json' for name in gone)
        for marker, value in markers.items():
            store.remove([marker, *value.get('outputs', ())])
    shown.event('summary', **{name: value for name, value in told.items() if name != 'times'})
    if log != 'jsonl':
        print(summary.table(told))
    lost = ''
    try:
        store.write_json(summary.FILE, told)
    except OSError as error:  # a full disk; what is done is done
        lost = f'{summary.FILE} cannot be written: {said(error)}'
        print(f'impnet label: {lost}', file=sys.stderr)
    if told['stopped']:
        return stop.exit_code
    return 1 if told['failed'] or told['cut_short'] or lost else 0
