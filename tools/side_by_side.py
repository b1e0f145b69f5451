# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A clip with bursts of blur and darkness: the detector alone on the left, this package on the right.

Below each its cost, and how many it found of what the detector sees in the sharp frames. The left
looks at every frame; the right has the node's defaults at the clip's rate. Part of `make demo`.
"""
import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
import sys
from time import perf_counter

import cv2
from impnet_ros.config import DetectionConfig, StreamConfig
from impnet_ros.drawing import draw_detections
from impnet_ros.evaluation.clips.bursts import spoil_in_bursts, STRENGTHS
from impnet_ros.images import RgbImage
from impnet_ros.model.contract import Network
from impnet_ros.model.network import load_network
from impnet_ros.outputs import require_distinct, said, written_whole
from impnet_ros.results.annotated_video import AnnotatedVideo
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.real_time import looks, real_time
from impnet_ros.stream.types import Detections, Frame
from impnet_ros.video import open_video
import numpy as np
from PIL import Image
from torchvision.ops import box_iou

SIDE, STRIP = 480, 44
_FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass
class Half:
    """One half of the picture: an engine, what it cost, and what it found."""

    name: str
    engine: Engine
    frame_ms: list[float] = field(default_factory=list)
    found: int = 0
    wanted: int = 0

    def __post_init__(self) -> None:
        self._state = self.engine.reset()

    def step(self, frame: Frame, sharp: Detections) -> Detections:
        """Go on by a frame; `sharp` is what there is to be found."""
        began_s = perf_counter()
        (seen,), self._state = self.engine.step(frame, self._state)
        self.frame_ms.append(1e3 * (perf_counter() - began_s))
        self.wanted += len(sharp)
        if len(sharp) and len(seen):
            same = sharp.labels[:, None] == seen.labels
            self.found += int(((box_iou(sharp.boxes, seen.boxes) >= 0.5) & same).any(dim=1).sum())
        return seen

    @property
    def mean_ms(self) -> float:
        """Mean time of a frame."""
        return float(np.mean(self.frame_ms))


def halves(network: Network, fps: float) -> tuple[Half, Half]:
    """Give the detector alone, and the node's defaults at a rate."""
    alone = Engine(network, StreamConfig(mode='per_frame'))
    ours = Engine(network, real_time(StreamConfig(), network, 1 / fps))
    return Half('detector alone, every frame', alone), Half(f'impnet, {looks(ours.config)}', ours)


def pictures(network: Network, images: list[RgbImage], fps: float, seed: int,
             pair: tuple[Half, Half]) -> Iterator[RgbImage]:
    """Yield both halves side by side, frame by frame."""
    watch = Engine(network, StreamConfig(mode='per_frame'), DetectionConfig(score_threshold=0.5))
    spoilt = spoil_in_bursts(images, STRENGTHS['strong'], seed)
    for index, (sharp, (image, _)) in enumerate(zip(images, spoilt, strict=True)):
        (truth,), _ = watch.step(Frame(sharp, index / fps), watch.reset())
        frame = Frame(image, index / fps)
        shown = []
        for half in pair:
            drawn = draw_detections(image, half.step(frame, truth), network.class_names)
            drawn = cv2.resize(drawn, (SIDE, round(SIDE * image.shape[0] / image.shape[1])),
                               interpolation=cv2.INTER_AREA)
            shown.append(np.vstack((drawn, _strip(half, pair[0]))))
        yield np.hstack(shown)


def _strip(half: Half, alone: Half) -> RgbImage:
    strip = np.full((STRIP, SIDE, 3), 24, np.uint8)
    share = half.found / max(half.wanted, 1)
    for line, text in enumerate((half.name, f'cost {half.mean_ms / alone.mean_ms:.2f}   found '
                                 f'{half.found} of {half.wanted} ({share:.0%})')):
        cv2.putText(strip, text, (8, 17 + 19 * line), _FONT, 0.45, (235, 235, 235), 1, cv2.LINE_AA)
    return strip


def make(clip: Path, out: Path, frames: slice, seed: int,
         excerpt: tuple[Path, slice] | None = None) -> str:
    """
    Write the video, and an animated excerpt where one is asked for.

    Parameters
    ----------
    clip : Path
        A video.
    out : Path
        An mp4 file.
    frames : slice
        Of the clip.
    seed : int
        Of the bursts.
    excerpt : (Path, slice), optional
        A .webp file, and which of these frames it has.

    Returns
    -------
    str
        What was found, in a line.

    Raises
    ------
    OSError
        If the video cannot be written.

    """
    video = open_video(clip)
    images = [np.asarray(frame.image) for frame in islice(video.frames, frames.start, frames.stop)]
    network = load_network('nanodet_g', 'cpu')
    pair = halves(network, video.fps)
    shown = list(pictures(network, images, video.fps, seed, pair))
    writer = AnnotatedVideo(out, video.fps)
    for picture in shown:
        writer.write(picture)
    writer.close(whole=True)
    if excerpt:
        path, which = excerpt
        first, *others = [Image.fromarray(item) for item in shown[which]]
        step_ms = round(1e3 / video.fps * (which.step or 1))
        with written_whole(path) as part:
            first.save(part, save_all=True, append_images=others, duration=step_ms, loop=0,
                       quality=55, method=6)
    alone, ours = pair
    return (f'{ours.name}: {ours.found} of {ours.wanted} objects found at '
            f'{ours.mean_ms / alone.mean_ms:.2f} of the cost; {alone.name}: {alone.found}')


def main() -> int:
    """Write out/demo/side_by_side.mp4; with --excerpt the picture of the README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--clip', type=Path, default=Path('data/clips/bikes.mp4'))
    parser.add_argument('--out', type=Path, default=Path('out/demo/side_by_side.mp4'))
    parser.add_argument('--frames', type=int, nargs=2, default=(0, 250), metavar='N')
    parser.add_argument('--seed', type=int, default=0, help='of the bursts')
    parser.add_argument('--excerpt', type=Path, help='a .webp of some of these frames')
    parser.add_argument('--of', type=int, nargs=2, default=(76, 150), metavar='N')
    options = parser.parse_args()
    excerpt = (options.excerpt, slice(*options.of, 2)) if options.excerpt else None
    try:
        require_distinct({'--out': options.out, '--excerpt': options.excerpt}, [options.clip])
        print(make(options.clip, options.out, slice(*options.frames), options.seed, excerpt))
    except (OSError, ValueError) as error:
        print(f'side_by_side: {said(error)}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
