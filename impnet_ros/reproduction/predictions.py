# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Detections on the held-out videos, kept in files of a few videos each: a kill costs minutes."""
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from impnet_ros.config import StreamConfig
from impnet_ros.data.samples import VideoClip
from impnet_ros.data.sprites import SpriteSet
from impnet_ros.evaluation.matching import FrameBoxes
from impnet_ros.evaluation.predict import aggregate_video, predict_many, VideoResult
from impnet_ros.model.paper.checkpoint import load_checkpoint
from impnet_ros.model.paper.network import ImpressionNetwork
from impnet_ros.reproduction.settings import DETECTION
import numpy as np
from tqdm import tqdm

VIDEOS_A_FILE = 10

Found = list[tuple[FrameBoxes, ...]]


Predictor = Callable[[ImpressionNetwork, Iterable[VideoClip], Callable[[], object]],
                     dict[str, list[VideoResult]]]
"""Network, videos and what to call after each, to results by the name of a setting."""


def predict_held_out(weights: Path, predict: Predictor, videos: SpriteSet, folder: Path,
                     progress: bool = True) -> None:
    """
    Run one network over the held-out videos, where that is not done yet.

    Parameters
    ----------
    weights : Path
        Of the network.
    predict : callable
        Runs it: `streaming` of some settings, or `aggregating`.
    videos : SpriteSet
        All of them.
    folder : Path
        Gets part_*.npz.
    progress : bool
        Whether to show a progress bar.

    """
    missing = [first for first in range(0, len(videos), VIDEOS_A_FILE)
               if not _part(folder, first).is_file()]
    if not missing:
        return
    network = load_checkpoint(weights)
    folder.mkdir(parents=True, exist_ok=True)
    with tqdm(total=len(missing) * VIDEOS_A_FILE, desc=folder.name, unit='video',
              disable=not progress) as bar:
        for first in missing:
            stop = min(first + VIDEOS_A_FILE, len(videos))
            results = predict(network, (videos[i] for i in range(first, stop)), bar.update)
            save_results(_part(folder, first), results)


def streaming(settings: dict[str, StreamConfig]) -> Predictor:
    """Run the streaming engine with each of the settings."""
    return lambda network, clips, done: predict_many(network, settings, DETECTION, clips,
                                                     done)


def aggregating(network: ImpressionNetwork, clips: Iterable[VideoClip],
                done: Callable[[], object]) -> dict[str, list[VideoResult]]:
    """Run FGFA, 'main', and FGFA-fast, 'fast'."""
    results: dict[str, list[VideoResult]] = {'main': [], 'fast': []}
    for clip in clips:
        for name, composed in (('main', False), ('fast', True)):
            found = aggregate_video(network, DETECTION, clip, composed)
            results[name].append(VideoResult(found, (), (0.0,) * len(found)))
        done()
    return results


def _part(folder: Path, first: int) -> Path:
    return folder / f'part_{first:04d}.npz'


def save_results(path: Path, results: dict[str, list[VideoResult]]) -> None:
    """Write results of several settings, in one move."""
    arrays: dict[str, Any] = {}
    for name, videos in results.items():
        frames = [frame for video in videos for frame in video.boxes]
        arrays[f'{name}/videos'] = np.array([len(video.boxes) for video in videos])
        arrays[f'{name}/counts'] = np.array([len(frame.scores) for frame in frames])
        arrays[f'{name}/boxes'] = np.concatenate([frame.boxes for frame in frames]).astype('f4')
        arrays[f'{name}/scores'] = np.concatenate([frame.scores for frame in frames]).astype('f4')
        arrays[f'{name}/labels'] = np.concatenate([frame.labels for frame in frames]).astype('u1')
        weights = [(number, *pair) for number, video in enumerate(videos)
                   for pair in video.key_weights]
        arrays[f'{name}/key_weights'] = np.array(weights).reshape(-1, 3)
    unfinished = path.with_suffix('.unfinished.npz')
    np.savez_compressed(unfinished, **arrays)
    unfinished.replace(path)


def load_found(folder: Path, setting: str) -> Found:
    """Read what one setting found: by video and frame."""
    found: Found = []
    for path in sorted(folder.glob('part_????.npz')):
        with np.load(path) as file:
            counts, lengths = file[f'{setting}/counts'], file[f'{setting}/videos']
            cuts = np.cumsum(counts)[:-1]
            boxes, scores, labels = (np.split(file[f'{setting}/{name}'], cuts)
                                     for name in ('boxes', 'scores', 'labels'))
        frames = [FrameBoxes(*(part.astype(kind) for part, kind in zip(item, (float, float, int))))
                  for item in zip(boxes, scores, labels)]
        for length in lengths:
            found.append(tuple(frames[:length]))
            frames = frames[length:]
    return found


def load_key_weights(folder: Path, setting: str) -> np.ndarray:
    """Read (video, frame, mean w_k) of every fused key frame, (N, 3)."""
    parts = []
    for path in sorted(folder.glob('part_????.npz')):
        with np.load(path) as file:
            weights = file[f'{setting}/key_weights']
        weights[:, 0] += int(path.stem[-4:])
        parts.append(weights)
    return np.concatenate(parts)


def available_settings(folder: Path) -> list[str]:
    """Names of the settings in a folder of results; empty when there is none."""
    paths = sorted(folder.glob('part_????.npz'))
    if not paths:
        return []
    with np.load(paths[0]) as file:
        return [name.removesuffix('/counts') for name in file.files if name.endswith('/counts')]
