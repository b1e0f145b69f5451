# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Box memory's share of a step: what it asks of the network, and what it reports."""
from dataclasses import replace
import math

from impnet_ros.config import DetectionConfig, StreamConfig
from impnet_ros.model.contract import Network
from impnet_ros.model.sight.picture import Picture
from impnet_ros.stream.boxes.memory import carry, clarity_of_late, merge, no_tracks
from impnet_ros.stream.boxes.objects import told
from impnet_ros.stream.boxes.sighting import Sighting
from impnet_ros.stream.boxes.tracks import Tracks
from impnet_ros.stream.look import found, look
from impnet_ros.stream.state import KeyFrame, StreamState, WaitingFrame
from impnet_ros.stream.timing import timed
from impnet_ros.stream.types import Detections, Origin

WEAKEST = 0.5
"""Share of the reported score down to which what was once reported is remembered, and recognised
by a weaker look. 0.3 to 0.6 are as good."""

GLANCE_WEIGHT = 2.0
"""What places seen at a glance count: who looks more often need not hold on to old ones."""

LEAST_GLANCE = 0.2
"""Score from which on a glance begins a track, where less is reported."""

SEEN_FROM, SCORED_FROM = 24.0, 96.0
"""Sides in pixels of a glance's picture from which on it surely sees a thing, and gives it the
score that a key frame would."""

TOO_BLURRED = 1.0
"""Loss of clarity from which on a key frame had better wait: a glance sees as much. 0.3 is as
good."""


def carried_tracks(network: Network, detection: DetectionConfig, picture: Picture, origin: Origin,
                   state: StreamState, stage_ms: dict[str, float]) -> Tracks | None:
    """
    Carry what box memory knows, if anything, from the frame before to a new one.

    Parameters
    ----------
    network : Network
        Its methods motion and mismatch are used.
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
    remembered = replace(detection, score_threshold=WEAKEST * detection.score_threshold)
    with timed(stage_ms, 'flow'):
        flow = network.motion(state.picture, picture)
    with timed(stage_ms, 'boxes'):
        mismatch = network.mismatch(state.picture, picture, flow)
        return carry(tracks, flow, mismatch, origin.image_size, remembered, origin.stamp_s)


def remembers(network: Network, config: StreamConfig, detection: DetectionConfig,
              frame: WaitingFrame, key: KeyFrame, fresh: bool, glances: bool,
              tracks: Tracks | None) -> tuple[Detections, Tracks]:
    """
    Detect in a frame: boxes carried there, united with what is seen in it.

    Parameters
    ----------
    network : Network
        See `look`; and its method clarity.
    config : StreamConfig
        How long boxes live, and at which size a glance looks.
    detection : DetectionConfig
        Thresholds of what is reported; the memory goes lower.
    frame : WaitingFrame
        The frame.
    key : KeyFrame
        Whose task feature is looked at.
    fresh : bool
        Whether that feature is new.
    glances : bool
        Whether to look at a small picture where it is not.
    tracks : Tracks, optional
        In this frame already, see `carried_tracks`; None looks at the key frame's feature.

    """
    stage_ms = dict(frame.stage_ms)
    remembered = replace(detection, score_threshold=WEAKEST * detection.score_threshold)
    seen = None
    if fresh or tracks is None:
        seen = _key_look(network, detection, remembered, frame, key, stage_ms)
    elif glances:
        seen = _glance(network, config, detection, remembered, frame, stage_ms)
    with timed(stage_ms, 'boxes'):
        if tracks is None:
            tracks = no_tracks(frame.origin.stamp_s)
        if seen is not None:
            tracks = merge(tracks, seen, config.box_lifetime, remembered)
        scores = told(tracks, network.detection.score_threshold)
        best = scores.argsort(descending=True, stable=True)
        best = best[scores[best] >= detection.score_threshold]
    return Detections(tracks.boxes[best], scores[best], tracks.labels[best],
                      stamp_s=frame.origin.stamp_s, is_key=key.age == 0, age=key.age,
                      is_glance=glances and not fresh, mean_weight=float(key.mean_weight),
                      reset_reason=frame.reset_reason, stage_ms=stage_ms,
                      track_ids=tracks.ids[best]), tracks


def too_blurred(network: Network, frame: WaitingFrame, tracks: Tracks) -> bool:
    """Tell whether a frame shows much less than those of late."""
    lately = clarity_of_late(tracks, frame.origin.stamp_s)
    return lately - network.clarity(frame.picture) > TOO_BLURRED


def _key_look(network: Network, detection: DetectionConfig,
              remembered: DetectionConfig, frame: WaitingFrame, key: KeyFrame,
              stage_ms: dict[str, float]) -> Sighting:
    boxes, scores, labels = look(network, frame, key.age, key, remembered, stage_ms)
    return Sighting(boxes, scores, labels, frame.origin.stamp_s, network.clarity(frame.picture),
                    begins=detection.score_threshold)


def _glance(network: Network, config: StreamConfig, detection: DetectionConfig,
            remembered: DetectionConfig, frame: WaitingFrame,
            stage_ms: dict[str, float]) -> Sighting:
    """Look at a small picture of the frame with the same detector (Liu et al., 2019)."""
    assert isinstance(config.glance, int)
    with timed(stage_ms, 'glance'):
        small = network.glance(frame.picture, config.glance)
        boxes, scores, labels = found(network, network.features(small), None, remembered)
    scale = math.prod(frame.origin.image_size) ** 0.5 / math.prod(small.size) ** 0.5
    return Sighting(boxes, scores, labels, frame.origin.stamp_s, network.clarity(frame.picture),
                    begins=max(detection.score_threshold, LEAST_GLANCE),
                    place_weight=GLANCE_WEIGHT, seen_from=SEEN_FROM * scale,
                    scored_from=SCORED_FROM * scale)
