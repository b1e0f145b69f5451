# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From the answers of the node to the rows of the table."""
from collections.abc import Sequence
from typing import Any

from impnet_ros.benchmark.rows import spread
from impnet_ros.ros.bench.cameras import Answer
from impnet_ros.ros.status import STAGES
import numpy as np

Row = dict[str, Any]


def make_row(settings: dict[str, Any], answers: Sequence[Answer], cpu_s: float,
             seconds: float) -> Row:
    """
    Sum up one setting.

    Parameters
    ----------
    settings : dict
        model, mode, key_mode, l, cameras, rate_hz, ...: they open the row.
    answers : sequence of Answer
        One for each published image.
    cpu_s, seconds : float
        Processor time of the node and time that passed.

    Returns
    -------
    dict
        published, lost (never answered); mean_ms .. max_ms from publication to the arrival of
        the detections, and p99_over_median; age, mean distance to the key frame in frames; node_ms
        from the callback's start to the publication; over_engine_ms, what of it is not spent in
        the stages of the engine (decoding, resizing, messages); transport_ms, the rest of the
        mean latency; cpu_percent of one core.

    """
    answered = [item for item in answers if item.answered_s is not None]
    row: Row = {**settings, 'published': len(answers), 'lost': len(answers) - len(answered)}
    if not answered:
        return row
    latencies = [(item.answered_s - item.published_s) * 1e3 for item in answered
                 if item.answered_s is not None]
    row.update(spread(latencies))
    row['p99_over_median'] = row['p99_ms'] / row['median_ms']
    statuses = [item.status for item in answered if item.status is not None]
    if statuses:
        node_ms = float(np.mean([status.total_ms for status in statuses]))
        engine_ms = float(np.mean([_engine_ms(status) for status in statuses]))
        row.update(age=float(np.mean([status.age for status in statuses])), node_ms=node_ms,
                   over_engine_ms=node_ms - engine_ms, transport_ms=row['mean_ms'] - node_ms)
    row['cpu_percent'] = 100 * cpu_s / seconds
    return row


def _engine_ms(status: Any) -> float:
    return sum(getattr(status, f'{stage}_ms') for stage in STAGES)
