# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Time a frame, measured on one thread in the run that gives the accuracies."""
from pathlib import Path
import time

from impnet_ros.config import StreamConfig
from impnet_ros.data.sprites import SpriteSet
from impnet_ros.evaluation.fgfa import run_fgfa
from impnet_ros.evaluation.predict import FRAME_RATE, HeldFrames, predict_video
from impnet_ros.model.paper.checkpoint import load_checkpoint
from impnet_ros.reproduction.settings import DETECTION
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.types import Frame
from impnet_ros.threads import on_threads

_ROUNDS = 3
_AGGREGATED_FRAMES = 25


@on_threads(1)
def time_settings(weights: dict[str, Path], settings: dict[str, tuple[str, StreamConfig]],
                  videos: SpriteSet, frames: int) -> dict[str, float]:
    """
    Measure processor time a frame, from the uint8 image to the detections.

    On one thread processor time is what a clock shows on an idle machine; other programs do not
    disturb it. The settings take turns, and the best of three rounds counts.

    Parameters
    ----------
    weights : dict
        Method to weights.
    settings : dict
        Name to (method, settings).
    videos : SpriteSet
        Whence the frames are.
    frames : int
        How many frames at least.

    Returns
    -------
    dict
        Name to milliseconds a frame.

    """
    networks = {method: load_checkpoint(path) for method, path in weights.items()}
    clips = []
    while sum(len(clip) for clip in clips) < frames:
        clips.append(HeldFrames(videos[len(clips)]))
    best: dict[str, float] = {}
    for number in range(_ROUNDS + 1):
        for name, (method, config) in settings.items():
            engine = Engine(networks[method], config, DETECTION)
            start = time.process_time()
            for clip in clips:
                predict_video(engine, clip)
            spent = (time.process_time() - start) * 1e3 / sum(len(clip) for clip in clips)
            if number:  # the first round warms up
                best[name] = min(spent, best.get(name, spent))
    return best


@on_threads(1)
def time_aggregation(weights: Path, videos: SpriteSet) -> dict[str, float]:
    """Measure FGFA and FGFA-fast in the same way, on fewer frames."""
    network = load_checkpoint(weights)
    clip = videos[0]
    frames = [Frame(clip.frame(index), index / FRAME_RATE)
              for index in range(min(_AGGREGATED_FRAMES, len(clip)))]
    best: dict[str, float] = {}
    for number in range(_ROUNDS + 1):
        for name, composed in (('FGFA', False), ('FGFA-fast', True)):
            start = time.process_time()
            for _ in run_fgfa(network, DETECTION, frames, composed=composed):
                pass
            spent = (time.process_time() - start) * 1e3 / len(frames)
            if number:
                best[name] = min(spent, best.get(name, spent))
    return best
