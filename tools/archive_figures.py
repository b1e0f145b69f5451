#!/usr/bin/env python3
# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Measure the figures of docs/archives.md: `tools/archive_figures.py WHAT --clip bikes.mp4`.

WHAT is `workers` (two against one), `core` (a worker against `impnet detect`), `bytes` (the
same from 1, 2 and 4 workers, and after kill -9), `memory` (over a long bag), `resume` (of a
finished archive of many pieces) or `cost` (of 10,000 bags, by the rate of four). Compared runs
take turns, so that what else the machine does meets both; each is told with the load of the
machine.
"""
import argparse
import hashlib
import json
import os
from pathlib import Path
import re
import shutil
from statistics import median
import subprocess
import sys
import tempfile
from time import perf_counter

import psutil

_CLIP = Path(os.environ.get('IMPNET_CLIPS', 'data/clips'), 'bikes.mp4')


def bags(folder, clip, number, frames):
    """Write bags of a clip's first frames, JPEG inside, each beginning at another time."""
    for index in range(number):
        subprocess.run(
            [sys.executable, '-m', 'impnet_ros.ros.bags.write', str(clip),
             str(folder / f'ride_{index}'), '--limit', str(frames), '--encoding', 'jpeg',
             '--start', str(1000 + index), '--quiet'], check=True, stdout=subprocess.DEVNULL)


def label(source, out, *more):
    """Run impnet label anew; its summary."""
    shutil.rmtree(out, ignore_errors=True)
    subprocess.run([sys.executable, '-m', 'impnet_ros.cli', 'label', str(source), '--out',
                    str(out), '--log', 'none', *more], check=True, stdout=subprocess.DEVNULL)
    return json.loads((out / 'summary.json').read_text())


def load():
    """Tell how busy the machine was in the last minute."""
    return f'load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores'


def workers(folder, args):
    """Frames a second of two workers against one."""
    bags(folder / 'bags', args.clip, 8, args.frames)
    ratios = []
    for _ in range(args.repeats):
        one, two = (label(folder / 'bags', folder / f'out_{number}', '--workers', str(number))
                    ['frames_per_s'] for number in (1, 2))
        ratios.append(two / one)
        print(f'one worker {one:.1f}, two {two:.1f} frames a second: {two / one:.2f}; {load()}',
              flush=True)
    print(f'two workers against one, eight bags: {median(ratios):.2f} times (median)')


def core(folder, args):
    """Frames a second of one worker against impnet detect on one thread."""
    bags(folder / 'bags', args.clip, 1, args.frames)
    bag, ratios = folder / 'bags' / 'ride_0', []
    for _ in range(args.repeats):
        said = subprocess.run(
            [sys.executable, '-m', 'impnet_ros.cli', 'detect', str(bag), '--json',
             str(folder / 'found.json'), '--quiet'], check=True, capture_output=True, text=True,
            env={**os.environ, 'OMP_NUM_THREADS': '1'}).stdout
        alone = float(re.search(r'([\d.]+) frames a second', said)[1])
        worker = label(bag, folder / 'out', '--workers', '1')['frames_per_s']
        ratios.append(worker / alone)
        print(f'detect {alone:.1f}, a worker {worker:.1f} frames a second: {ratios[-1]:.3f}; '
              f'{load()}', flush=True)
    print(f'a worker against detect: {median(ratios):.3f} (median)')


def digest(out):
    """Name everything in an archive but the summary by its content."""
    files = sorted(path for path in out.rglob('*')
                   if path.is_file() and path.name != 'summary.json')
    return hashlib.sha256(b''.join(str(path.relative_to(out)).encode() + path.read_bytes()
                                   for path in files)).hexdigest()[:16]


def same_bytes(folder, args):
    """Compare archives of 1, 2 and 4 workers, and of one whose workers are killed."""
    bags(folder / 'bags', args.clip, 8, args.frames)
    for number in (1, 2, 4):
        label(folder / 'bags', folder / 'out', '--workers', str(number))
        print(f'{number} workers: {digest(folder / "out")}', flush=True)
    shutil.rmtree(folder / 'out')
    run = subprocess.Popen([sys.executable, '-m', 'impnet_ros.cli', 'label',
                            str(folder / 'bags'), '--out', str(folder / 'out'), '--log', 'jsonl',
                            '--workers', '2'], stdout=subprocess.PIPE, text=True)
    killed = 0
    for line in run.stdout:
        event = json.loads(line)
        if event['event'] == 'progress' and event['frames'] > (killed + 1) * args.frames < (
                4 * args.frames):
            actors = [child for child in psutil.Process(run.pid).children(recursive=True)
                      if 'MapWorker' in ' '.join(child.cmdline())]
            if actors:
                actors[killed % len(actors)].kill()
                killed += 1
    print(f'{killed} workers killed with -9, exit status {run.wait()}: {digest(folder / "out")}')


def memory(folder, args):
    """Follow the memory of a worker over a long bag."""
    bags(folder / 'bags', args.clip, 1, 250)
    files = sorted((folder / 'bags' / 'ride_0').glob('*.mcap'))
    _repeat(files[0], folder / 'long.mcap', args.frames)
    run = subprocess.Popen([sys.executable, '-m', 'impnet_ros.cli', 'label',
                            str(folder / 'long.mcap'), '--out', str(folder / 'out'), '--log',
                            'jsonl', '--workers', '1'], stdout=subprocess.PIPE, text=True)
    process, seen = psutil.Process(run.pid), []
    for line in run.stdout:
        event = json.loads(line)
        if event['event'] == 'progress' and event['frames']:
            seen.append((event['frames'], process.memory_info().rss / 2**20))
    run.wait()
    early = median(size for frames, size in seen if args.frames * .1 < frames < args.frames * .3)
    late = median(size for frames, size in seen if frames > args.frames * .8)
    print(f'memory of a worker over {args.frames} frames: {early:.0f} MiB at 10 to 30 %, '
          f'{late:.0f} MiB from 80 % on: {100 * (late / early - 1):+.1f} %')


def _repeat(source, target, frames):
    """Write a bag's messages over and over, with stamps that go on."""
    from mcap.reader import make_reader
    from mcap.writer import Writer
    with source.open('rb') as file, target.open('wb') as out:
        messages = list(make_reader(file).iter_messages())
        schema, channel, _ = messages[0]
        writer = Writer(out)
        writer.start(profile='ros2')
        number = writer.register_schema(schema.name, schema.encoding, schema.data)
        place = writer.register_channel(channel.topic, 'cdr', number)
        for index in range(frames):
            raw = bytearray(messages[index % len(messages)][2].data)
            stamp_ns = 10**12 + index * 40 * 10**6
            raw[4:12] = (stamp_ns // 10**9).to_bytes(4, 'little') + (
                stamp_ns % 10**9).to_bytes(4, 'little')
            writer.add_message(place, stamp_ns, bytes(raw), stamp_ns)
        writer.finish()


def resume(folder, args):
    """Time the second run over an archive of many pieces."""
    bags(folder / 'bags', args.clip, 1, 1)
    [one] = (folder / 'bags' / 'ride_0').glob('*.mcap')
    many = folder / 'many'
    many.mkdir()
    for index in range(args.pieces):
        shutil.copy(one, many / f'{index:05d}.mcap')
    label(many, folder / 'out', '--workers', '1')
    for _ in range(args.repeats):
        begun_s = perf_counter()
        subprocess.run([sys.executable, '-m', 'impnet_ros.cli', 'label', str(many), '--out',
                        str(folder / 'out'), '--log', 'none'], check=True,
                       stdout=subprocess.DEVNULL)
        took_s = perf_counter() - begun_s
        summary = json.loads((folder / 'out' / 'summary.json').read_text())
        print(f'resume of {summary["skipped"]} finished pieces: {took_s:.1f} s; {load()}')


def cost(folder, args):
    """Label three bags with JPEG and a raw one; tell what 10,000 of an hour would take."""
    bags(folder / 'bags', args.clip, 3, args.frames)
    subprocess.run([sys.executable, '-m', 'impnet_ros.ros.bags.write', str(args.clip),
                    str(folder / 'bags' / 'raw'), '--limit', str(args.frames), '--quiet'],
                   check=True, stdout=subprocess.DEVNULL)
    label(folder / 'bags', folder / 'out', '--workers', '1')
    print(load(), flush=True)
    subprocess.run([sys.executable, '-m', 'impnet_ros.cli', 'label-cost',
                    str(folder / 'out' / 'summary.json'), '--workers', '1', '16', '100', '1000',
                    '2000'], check=True)


_WHAT = {'workers': workers, 'core': core, 'bytes': same_bytes, 'memory': memory,
         'resume': resume, 'cost': cost}


def main():
    """Measure one of the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('what', choices=_WHAT)
    parser.add_argument('--clip', type=Path, default=_CLIP)
    parser.add_argument('--frames', type=int, default=250, help='a bag')
    parser.add_argument('--pieces', type=int, default=1000, help='for resume')
    parser.add_argument('--repeats', type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='impnet_figures_') as name:
        _WHAT[args.what](Path(name), args)


if __name__ == '__main__':
    main()
