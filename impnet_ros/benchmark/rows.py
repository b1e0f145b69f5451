# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From times to the rows of the table and of the JSON file."""
from collections.abc import Mapping
from typing import Any

from impnet_ros.benchmark.measure import Times
from impnet_ros.benchmark.parts import bound_ms
from impnet_ros.benchmark.variants import Variant
import numpy as np

Row = dict[str, Any]


def spread(milliseconds: list[float]) -> dict[str, float]:
    """Mean, median, 95th and 99th percentile and maximum of some times."""
    values = np.asarray(milliseconds)
    return {'mean_ms': float(values.mean()), 'median_ms': float(np.median(values)),
            'p95_ms': float(np.percentile(values, 95)), 'p99_ms': float(np.percentile(values, 99)),
            'max_ms': float(values.max())}


def make_row(model: str, variant: Variant, times: Times, per_frame: Times,
             part_ms: Mapping[str, float], overlaps: bool = False) -> Row:
    """
    Sum up one variant.

    Parameters
    ----------
    model : str
        Name of the network.
    variant : Variant
        How it was run.
    times : Times
        Of this variant.
    per_frame : Times
        Of the network on every frame, in the same run.
    part_ms : mapping
        What its parts take alone, in the same run; see `bound_ms`.
    overlaps : bool
        See `bound_ms`.

    Returns
    -------
    dict
        model, mode, key_mode, l, box_memory; mean_ms, median_ms, p95_ms, p99_ms, max_ms a frame;
        ratio: per_frame's mean over this mean, and ratio_range, its lowest and highest of a
        round; bound_ms, and bound_share: bound over mean, 1 where nothing but the parts is spent;
        key_ms and other_ms, means of key frames and the others (None where there is none);
        cpu_ms, processor time a frame of all threads; stage_ms, time a frame in each stage;
        frames.

    """
    row: Row = {'model': model, 'mode': variant.mode, 'key_mode': variant.key_mode,
                'l': variant.l, 'box_memory': variant.box_memory, **spread(times.frame_ms)}
    count = len(times.frame_ms)
    bound = bound_ms(variant, part_ms, overlaps)
    ratios = [base / own for base, own in zip(per_frame.round_ms, times.round_ms)]
    row.update(ratio=float(np.mean(per_frame.frame_ms)) / row['mean_ms'],
               ratio_range=[min(ratios), max(ratios)],
               bound_ms=bound, bound_share=bound / row['mean_ms'],
               key_ms=_mean_where(times, True), other_ms=_mean_where(times, False),
               cpu_ms=times.cpu_ms / count, frames=count,
               stage_ms={stage: total / count for stage, total in times.stage_ms.items()})
    return row


def _mean_where(times: Times, is_key: bool) -> float | None:
    chosen = [item for item, key in zip(times.frame_ms, times.is_key) if key == is_key]
    return float(np.mean(chosen)) if chosen else None
