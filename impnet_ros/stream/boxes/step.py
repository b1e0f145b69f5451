# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Box memory's share of a step: what it asks of the network, and what it reports."""
from dataclasses import replace

from impnet_ros.config import DetectionConfig, StreamConfig
from impnet_ros.model.contract import Network
from impnet_ros.model.sight.picture import Picture
from impnet_ros.stream.boxes.memory import carry, merge, no_tracks
from impnet_ros.stream.boxes.tracks import Tracks
from impnet_ros.stream.look import look
from impnet_ros.stream.state import KeyFrame, StreamState, WaitingFrame
from impnet_ros.stream.timing import timed
from impnet_ros.stream.types import Detections, Origin

WEAKEST = 0.5
"""Share of the reported score down to which what was once reported is remembered, and recognised
by a weaker look. 0.3 to 0.6 are as good (docs/memory.md)."""


def carried_tracks(network: Network, detection: DetectionConfig, picture: Picture, origin: Origin,
                   state: StreamState, stage_ms: dict[str, float]) -> Tracks | None:
    """
    Carry what box memory knows, if anything, from the frame before to a new one.

    Parameters
    ----------
    network : Network
        Its methods flow and mismatch are used.
    detection : DetectionConfig
        Thresholds of what is reported.
    picture : Picture
        Of the new frame.
    origin : Origin
        Of the new frame.
    state : StreamState
        With the picture and the tracks of the frame before.
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
    assert state.picture is not None
    with timed(stage_ms, 'flow'):
        flow = network.flow(state.picture, picture)
    with timed(stage_ms, 'boxes'):
        mismatch = network.mismatch(state.picture, picture, flow)
        return carry(tracks, flow, mismatch, origin.image_size, _remembered(detection),
                     origin.stamp_s)


def seen(network: Network, config: StreamConfig, detection: DetectionConfig, frame: WaitingFrame,
         key: KeyFrame, fresh: bool, tracks: Tracks | None) -> tuple[Detections, Tracks]:
    """
    Detect in a frame: boxes carried there, united with fresh ones.

    Parameters
    ----------
    network : Network
        See `look`; and its method clarity.
    config : StreamConfig
        How long boxes live.
    detection : DetectionConfig
        Thresholds of what is reported; the memory goes lower.
    frame : WaitingFrame
        The frame.
    key : KeyFrame
        Whose task feature is looked at.
    fresh : bool
        Whether that feature is new.
    tracks : Tracks, optional
        In this frame already, see `carried_tracks`; None looks whatever `fresh` says.

    """
    stage_ms = dict(frame.stage_ms)
    if fresh or tracks is None:
        remembered = _remembered(detection)
        boxes, scores, labels = look(network, frame, key.age, key, remembered, stage_ms)
        with timed(stage_ms, 'boxes'):
            stamp_s = frame.origin.stamp_s
            tracks = merge(tracks or no_tracks(boxes, stamp_s), boxes, scores, labels, stamp_s,
                           config.box_lifetime, remembered, network.clarity(frame.picture),
                           detection.score_threshold)
    best = tracks.scores.argsort(descending=True, stable=True)
    best = best[tracks.scores[best] >= detection.score_threshold]
    return Detections(tracks.boxes[best], tracks.scores[best], tracks.labels[best],
                      stamp_s=frame.origin.stamp_s, is_key=key.age == 0, age=key.age,
                      mean_weight=float(key.mean_weight), reset_reason=frame.reset_reason,
                      stage_ms=stage_ms, track_ids=tracks.ids[best.cpu()]), tracks


def _remembered(detection: DetectionConfig) -> DetectionConfig:
    """Give the thresholds of what is remembered: lower than those of what is reported."""
    return replace(detection, score_threshold=WEAKEST * detection.score_threshold)
