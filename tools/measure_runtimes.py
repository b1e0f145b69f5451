#!/usr/bin/env python3
# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Measure the detector alone (mode per_frame) in each of several runtimes, in turns.

`python tools/measure_runtimes.py [torch cpu ncnn ...] [--model M] [--threads N]`: how long each
takes; the time of the first over it, the median of the turns and that of the shortest frames,
which others on the machine disturb least; and milliseconds in each stage.
"""
import argparse
from statistics import median

from impnet_ros.benchmark.clip import default_clip, load_images
from impnet_ros.benchmark.measure import interleave, Stream
from impnet_ros.benchmark.variants import PER_FRAME
from impnet_ros.model.network import load_network
from impnet_ros.threads import spin_briefly

_TURN = 6  # frames


def main() -> None:
    """Print a line a runtime."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('runtimes', nargs='*', default=['torch', 'cpu', 'ncnn'])
    parser.add_argument('--model', default='nanodet_g')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--turns', type=int, default=20)
    args = parser.parse_args()
    spin_briefly()
    import torch  # late, as `spin_briefly` comes before it
    torch.set_num_threads(args.threads)
    images = load_images(default_clip(), 60, None)
    streams = {name: Stream(load_network(args.model, 'cpu', name), PER_FRAME, images)
               for name in args.runtimes}
    for _ in interleave([(stream, _TURN) for stream in streams.values()], args.turns):
        pass
    first = streams[args.runtimes[0]].times
    for name, stream in streams.items():
        times = stream.times
        ratio = median(one / other for one, other in
                       zip(first.round_ms, times.round_ms, strict=True))
        shortest = min(first.frame_ms) / min(times.frame_ms)
        stages = ', '.join(f'{stage} {spent / len(times.frame_ms):.1f}'
                           for stage, spent in times.stage_ms.items())
        print(f'{name}, {args.threads} threads: {median(times.frame_ms):.1f} ms a frame, '
              f'{min(times.frame_ms):.1f} at best; ratio {ratio:.2f}, at best {shortest:.2f} '
              f'({stages})')


if __name__ == '__main__':
    main()
