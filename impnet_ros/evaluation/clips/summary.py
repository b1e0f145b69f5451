# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From rows to a table: mean over draws, then over clips, with intervals over clips."""
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from impnet_ros.evaluation.bootstrap import interval
import numpy as np
from numpy.typing import NDArray

Row = Mapping[str, Any]
Floats = NDArray[np.float64]

PRECISIONS = ('ap50', 'ap75', 'ap')
RATES: dict[str, tuple[str, str, float]] = {
    'found': ('matches', 'objects', 100.0),
    'false_a_frame': ('false', 'frames', 1.0),
    'unsupported': ('unsupported', 'reported', 100.0),
    'switches': ('id_switches', 'matches', 100.0),
    'fragmentations': ('fragmentations', 'matches', 100.0),
    'breaks': ('breaks', 'matches', 100.0)}
"""Name: sum of the one over the sum of the other over all clips, times the last."""


def summarise(rows: Sequence[Row], reference: str, samples: int = 1000) -> list[dict[str, Any]]:
    """
    Say of each setting and each kind of bursts what it gave.

    Parameters
    ----------
    rows : sequence of Mapping
        From `rows.row`, with clip, bursts, seed and setting.
    reference : str
        The setting that the others are compared with.
    samples : int
        Bootstrap samples, of clips.

    Returns
    -------
    list of dict
        bursts, setting; each of `PRECISIONS`, in all and 'by', as mean over clips (value, low,
        high: 95 % over clips), and under 'difference' against the reference; each of `RATES`;
        frame_ms, cost (share of the reference's time), keys_per_frame.

    """
    result = []
    for bursts in dict.fromkeys(row['bursts'] for row in rows):
        here = [row for row in rows if row['bursts'] == bursts]
        base = [row for row in here if row['setting'] == reference]
        for setting in dict.fromkeys(row['setting'] for row in here):
            mine = [row for row in here if row['setting'] == setting]
            result.append({'bursts': bursts, 'setting': setting,
                           **_summary(mine, base, samples)})
    return result


def _summary(mine: Sequence[Row], base: Sequence[Row], samples: int) -> dict[str, Any]:
    result: dict[str, Any] = {'clips': len({row['clip'] for row in mine}),
                              'draws': len({row['seed'] for row in mine})}
    values, before = ({name: _by_clip(rows, lambda row, name=name: row[name])
                       for name in PRECISIONS} for rows in (mine, base))
    for name in PRECISIONS:
        result[name] = _interval(values[name], samples)
    result['difference'] = {name: _interval(values[name] - before[name], samples)
                            for name in PRECISIONS}
    places = list(dict.fromkeys(place for row in mine for place in row['by']))
    result['by'] = {place: {name: _mean(_by_clip(
        mine, lambda row, place=place, name=name: row['by'].get(place, {}).get(name, np.nan)))
        for name in PRECISIONS} for place in places}
    for name, (above, below, factor) in RATES.items():
        result[name] = _rate(mine, above, below, factor)
    cost, base_ms = (np.mean([row['frame_ms'] for row in rows]) for rows in (mine, base))
    return {**result, 'frame_ms': round(float(cost), 2), 'cost': round(float(cost / base_ms), 3),
            'keys_per_frame': round(_total(mine, 'keys_per_frame') / len(mine), 4)}


def _by_clip(rows: Sequence[Row], read: Callable[[Row], float]) -> Floats:
    """Mean over the draws of each clip in which something is to be found; NaN for none."""
    values: dict[str, list[float]] = {}
    for row in rows:
        values.setdefault(row['clip'], []).append(read(row))
    known = ([each for each in item if not np.isnan(each)] for item in values.values())
    return np.array([np.mean(item) if item else np.nan for item in known])


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return round(float(known.mean()), 2) if len(known) else None


def _interval(values: Floats, samples: int) -> dict[str, float | None]:
    """Mean over clips and its 95 % interval; None where nothing is known."""
    known = values[~np.isnan(values)]
    if not len(known):
        return {'value': None, 'low': None, 'high': None}
    found = interval(lambda weights: weights @ known / weights.sum(axis=1), len(known), samples)
    return {name: round(value, 2) for name, value in asdict(found).items()}


def _rate(rows: Sequence[Row], above: str, below: str, factor: float) -> float | None:
    if any(row[above] is None for row in rows) or not _total(rows, below):
        return None
    return round(factor * _total(rows, above) / _total(rows, below), 2)


def _total(rows: Sequence[Row], name: str) -> float:
    return float(sum(row[name] for row in rows))
