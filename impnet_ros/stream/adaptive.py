# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Adaptive key frames: the next one comes when flow explains too little of what is seen."""
from dataclasses import replace

from impnet_ros.model.contract import Network
from impnet_ros.stream.state import StreamState, WaitingFrame
from impnet_ros.stream.timing import timed


def with_doubt(network: Network, frame: WaitingFrame,
               state: StreamState) -> tuple[WaitingFrame, float]:
    """
    Add what the flow to the key frame does not explain of a picture to the doubt that was there.

    Every frame needs that flow, to be served or to bring the impression on to it. So the frame in
    which the doubt is too large can itself become the key frame; waiting for the next one would
    cost one badly served frame more.

    Returns
    -------
    WaitingFrame
        The frame with its flow.
    float
        The doubt with this frame's.

    """
    assert state.key is not None
    stage_ms = dict(frame.stage_ms)
    with timed(stage_ms, 'flow'):
        flow = network.flow(frame.picture, state.key.picture)
        mismatch = network.mismatch(frame.picture, state.key.picture, flow)
        doubt = state.doubt + float(mismatch.mean())
    return replace(frame, flow=flow, stage_ms=stage_ms), doubt
