# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Box memory's share of a step: what it asks of the network, and what it reports."""
from dataclasses import replace
from typing import Any

from impnet_ros.config import DetectionConfig, StreamConfig
from impnet_ros.stream.box_memory import carry_tracks, merge, no_tracks
from impnet_ros.stream.task import run_task
from impnet_ros.stream.timing import timed
from impnet_ros.stream.types import Detections, Impression, Network, Tracks

WEAKEST = 0.5
"""Share of the reported score down to which what was once reported is remembered, and recognised
by a weaker look. 0.3 to 0.6 are as good (docs/memory.md)."""


def tracks_in(network: Network, picture: Any, state: Impression,
              stage_ms: dict[str, float]) -> Tracks | None:
    """
    Carry what box memory knows, if anything, from the frame before to a new one.

    Parameters
    ----------
    network : Network
        `flow` is used, and `mismatch` where there is one.
    picture
        Of the new frame.
    state : Impression
        With the picture and the tracks of the frame before, and the new frame's stamp.
    stage_ms : dict
        The milliseconds of flow and boxes are added to it.

    Returns
    -------
    Tracks, optional
        None where nothing was ever remembered.

    """
    tracks = state.tracks
    if tracks is None or not len(tracks.scores):
        return tracks
    assert state.image_size is not None and state.last_stamp_s is not None
    mismatch_of = getattr(network, 'mismatch', None)
    with timed(stage_ms, 'flow'):
        flow = network.flow(state.picture, picture)
    with timed(stage_ms, 'boxes'):
        mismatch = mismatch_of(state.picture, picture, flow) if mismatch_of else None
        return carry_tracks(tracks, flow, mismatch, state.image_size, _remembered(network),
                            state.last_stamp_s)


def follow(network: Network, config: StreamConfig, fresh: bool,
           state: Impression) -> tuple[Detections, Impression]:
    """
    Detect in the one waiting frame: boxes carried there, united with fresh ones.

    Parameters
    ----------
    network : Network
        See `run_task`; and `clarity`, where there is one.
    config : StreamConfig
        How long boxes live.
    fresh : bool
        Whether there is a new task feature to look at.
    state : Impression
        Its tracks are in this frame already, see `tracks_in`.

    Returns
    -------
    Detections
        What is sure enough to be reported; the state remembers more.
    Impression
        With the tracks after this frame.

    """
    (frame,) = state.waiting
    stage_ms = dict(frame.stage_ms)
    tracks = state.tracks
    reported, remembered = _reported(network), _remembered(network)
    looks_lower = remembered is not reported
    if fresh or tracks is None:
        boxes, scores, labels = run_task(network, frame, state.age, state, stage_ms,
                                         remembered.score_threshold)
        clarity_of = getattr(network, 'clarity', None)
        with timed(stage_ms, 'boxes'):
            tracks = merge(tracks or no_tracks(boxes, frame.stamp_s), boxes, scores, labels,
                           frame.stamp_s, config.box_lifetime, remembered,
                           clarity_of(frame.picture) if clarity_of else 0.0,
                           reported.score_threshold if looks_lower else 0.0)
    best = tracks.scores.argsort(descending=True, stable=True)
    if looks_lower:
        best = best[tracks.scores[best] >= reported.score_threshold]
    result = Detections(tracks.boxes[best], tracks.scores[best], tracks.labels[best],
                        stamp_s=frame.stamp_s, is_key=state.age == 0, age=state.age,
                        mean_weight=float(state.mean_weight), reset_reason=frame.reset_reason,
                        stage_ms=stage_ms, track_ids=tracks.ids[best.cpu()])
    return result, replace(state, tracks=tracks, mean_weight=result.mean_weight)


def _reported(network: Network) -> DetectionConfig:
    """Give the network's thresholds, which may be set while it runs."""
    return getattr(network, 'detection', DetectionConfig())


def _remembered(network: Network) -> DetectionConfig:
    """Give the thresholds of what is remembered: lower, where the network can look lower."""
    reported = _reported(network)
    if not hasattr(network, 'task_at'):
        return reported
    return replace(reported, score_threshold=WEAKEST * reported.score_threshold)
