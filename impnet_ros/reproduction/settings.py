# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which settings of the stream each trained network is evaluated with."""
from impnet_ros.config import DetectionConfig, StreamConfig
from impnet_ros.reproduction.plan import OTHER_FLOW, Plan

LENGTH, OFFSET = 10, 5
"""l and key frame of table 1."""

DETECTION = DetectionConfig(score_threshold=0.02, nms_threshold=0.3, max_detections=40)
"""As the reference's, without the many boxes that cost time and hardly change the figures."""


def stream_settings(method: str, plan: Plan) -> dict[str, StreamConfig]:
    """
    Name all settings to evaluate a method's network with.

    Parameters
    ----------
    method : str
        'a' to 'e' of table 1, or of OTHER_FLOW.
    plan : Plan
        Says which l and g.

    Returns
    -------
    dict
        'main' is that of table 1. For (d) also key_0..key_9 (table 2), g_* (figure 7), l_*
        (figure 8) and the same network frame by frame and causal; for (b) l_* too.

    """
    def sparse(length: int = LENGTH, offset: int | None = None, gate: float = 1.0,
               mode: str = 'impression') -> StreamConfig:
        return StreamConfig(length, gate, length // 2 if offset is None else offset, mode)

    if method == 'a':
        return {'main': StreamConfig(1, mode='per_frame')}
    if method == 'c':
        return {'main': sparse(mode='average')}
    if method == 'e' or method in OTHER_FLOW:
        return {'main': sparse()}
    mode = 'sparse' if method == 'b' else 'impression'
    settings = {'main': sparse(mode=mode)}
    settings |= {f'l_{length}': sparse(length, mode=mode) for length in plan.lengths
                 if length != LENGTH}
    if method == 'd':
        settings |= {f'key_{offset}': sparse(offset=offset) for offset in range(LENGTH)
                     if offset != OFFSET}
        settings |= {f'g_{gate:g}': sparse(gate=gate) for gate in plan.gates if gate != 1.0}
        settings |= {'same_per_frame': StreamConfig(1, mode='per_frame'),
                     'causal_l_1': sparse(1, 0), 'causal_l_5': sparse(5, 0)}
    return settings
