# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""All figures of the reproduction as plain data: what the document and the plots are made from."""
from dataclasses import asdict
from pathlib import Path
from typing import Any

from impnet_ros.data.degradations import KINDS
from impnet_ros.data.samples import FrameTruth
from impnet_ros.evaluation.average_precision import mean_average_precision
from impnet_ros.evaluation.conventions import CONVENTIONS, MSRA
from impnet_ros.evaluation.matching import match_all
from impnet_ros.evaluation.report import by_motion, per_cent
from impnet_ros.reproduction.plan import FGFA, held_out, METHODS, NETWORK, OTHER_FLOW, Plan
from impnet_ros.reproduction.predictions import available_settings, load_found, load_key_weights
from impnet_ros.reproduction.scores import Run, Scores
from impnet_ros.reproduction.settings import LENGTH, OFFSET
import numpy as np

_CLASSES = len(NETWORK.class_names)


def finished_seeds(plan: Plan, folder: Path) -> list[int]:
    """Seeds of which all methods are evaluated on all videos."""
    return [seed for seed in plan.seeds
            if all(_is_whole(plan, folder / f'{method}_{seed}') for method in METHODS)]


def _is_whole(plan: Plan, folder: Path) -> bool:
    settings = available_settings(folder)
    return bool(settings) and len(load_found(folder, settings[0])) == plan.videos


def make_results(plan: Plan, folder: Path, seeds: list[int],
                 speed: dict[str, float]) -> dict[str, Any]:
    """
    Collect everything.

    Parameters
    ----------
    plan : Plan
        Sizes.
    folder : Path
        With the stored detections, METHOD_SEED.
    seeds : list of int
        Finished ones.
    speed : dict
        From `time_settings`.

    Returns
    -------
    dict
        Ready for JSON. Average precision is that of MSRA's convention unless it says otherwise.

    """
    videos = held_out(plan)
    scores = Scores(folder, seeds, videos)
    main, same = Run('d'), Run('d', 'same_per_frame')
    keys = {offset: Run('d', f'key_{offset}' if offset != OFFSET else 'main')
            for offset in range(LENGTH)}
    return {
        'plan': asdict(plan), 'network': NETWORK.to_dict(), 'seeds': seeds,
        'videos': plan.videos, 'frames': plan.videos * plan.frames,
        'table_1': {method: {'mAP': scores.value(Run(method)),
                             'degraded': scores.value(Run(method), 'degraded'),
                             'clean': scores.value(Run(method), 'clean'),
                             'by_kind': {kind: scores.value(Run(method), kind) for kind in KINDS},
                             **_other_conventions(scores, folder, method),
                             'by_motion': _by_motion(scores, folder, method)}
                    for method in METHODS},
        'differences': {
            'd - a': scores.difference(main, Run('a')),
            'd - a, degraded': scores.difference(main, Run('a'), 'degraded'),
            'd - a, clean': scores.difference(main, Run('a'), 'clean'),
            'b - a': scores.difference(Run('b'), Run('a')),
            'c - a': scores.difference(Run('c'), Run('a')),
            'd - b': scores.difference(main, Run('b')),
            'd - c': scores.difference(main, Run('c')),
            'd - e': scores.difference(main, Run('e')),
            'key 0 - per frame, same network, all frames': scores.difference(keys[0], same),
            'key 0 - per frame, same network, degraded': scores.difference(keys[0], same,
                                                                           'degraded'),
            'l = 5, key 0 - per frame, same network, degraded': scores.difference(
                Run('d', 'causal_l_5'), same, 'degraded'),
            'l = 1, causal - per frame, same network, degraded': scores.difference(
                Run('d', 'causal_l_1'), same, 'degraded'),
            'l = 1, causal - per frame, same network, all frames': scores.difference(
                Run('d', 'causal_l_1'), same)},
        'table_2': {str(offset): scores.value(run) for offset, run in keys.items()},
        'figure_4': _weights_by_degradation(scores, folder),
        'figure_7': {f'{gate:g}': scores.value(Run('d', f'g_{gate:g}' if gate != 1 else 'main'))
                     for gate in plan.gates},
        'figure_8': {method: {str(length): scores.value(
            Run(method, f'l_{length}' if length != LENGTH else 'main'))
            for length in plan.lengths} for method in ('b', 'd')},
        'ms_a_frame': {name: round(value, 3) for name, value in speed.items()}}


def aggregation_results(plan: Plan, folder: Path, seeds: list[int]) -> dict[str, Any]:
    """
    Collect table 3, on the videos that FGFA was run on.

    Returns
    -------
    dict
        'table_3', of the seeds for which FGFA is done; nothing where there is none.

    """
    done = [seed for seed in seeds if available_settings(folder / f'{FGFA}_{seed}')
            and len(load_found(folder / f'{FGFA}_{seed}', 'main')) == plan.aggregated_videos]
    if not done:
        return {}
    scores = Scores(folder, done, held_out(plan, plan.aggregated_videos))
    return {'table_3': {'seeds': done, 'FGFA': scores.value(Run(FGFA)),
                        'FGFA-fast': scores.value(Run(FGFA, 'fast')),
                        'impression': scores.value(Run('d')),
                        'impression - FGFA': scores.difference(Run('d'), Run(FGFA))}}


def other_flow_results(plan: Plan, folder: Path, seeds: list[int]) -> dict[str, Any]:
    """
    Collect (d) and (e) from the flow network that was trained on other pictures.

    Returns
    -------
    dict
        'other_flow', of the seeds for which both are done; nothing where there is none.

    """
    done = [seed for seed in seeds
            if all(_is_whole(plan, folder / f'{method}_{seed}') for method in OTHER_FLOW)]
    if not done:
        return {}
    scores = Scores(folder, done, held_out(plan))
    d, e = (Run(method) for method in OTHER_FLOW)
    return {'other_flow': {
        'seeds': done, 'd': scores.value(d), 'e': scores.value(e),
        'd - e': scores.difference(d, e), 'd - a': scores.difference(d, Run('a')),
        'd - a, degraded': scores.difference(d, Run('a'), 'degraded'),
        'e - a': scores.difference(e, Run('a'))}}


def _other_conventions(scores: Scores, folder: Path,
                       method: str) -> dict[str, list[float | None]]:
    """Average precision in the other conventions, seed by seed."""
    result: dict[str, list[float | None]] = {}
    for name in ('mega', 'coco'):
        convention = CONVENTIONS[name]
        result[name] = []
        for seed in scores.seeds:
            found = load_found(folder / f'{method}_{seed}', 'main')
            matches = match_all(found, scores.truths, _CLASSES, convention)
            result[name].append(per_cent(float(mean_average_precision(matches, convention)[0])))
    return result


def _by_motion(scores: Scores, folder: Path, method: str) -> dict[str, list[float | None]]:
    """Average precision of slow, medium and fast objects, seed by seed."""
    result: dict[str, list[float | None]] = {}
    for seed in scores.seeds:
        found = load_found(folder / f'{method}_{seed}', 'main')
        for name, matches in by_motion(found, scores.truths, _CLASSES, MSRA).items():
            value = mean_average_precision(matches, MSRA)[0]
            result.setdefault(name, []).append(per_cent(float(value)))
    return result


def _weights_by_degradation(scores: Scores, folder: Path) -> dict[str, Any]:
    """
    Mean w_k of key frames by what spoils them (figure 4).

    'steps' holds only key frames whose predecessor was sharp: there a weight below a half means
    that N_q prefers the memory.
    """
    rows = [row for seed in scores.seeds for row in load_key_weights(folder / f'd_{seed}', 'main')]
    kinds: dict[str, list[float]] = {}
    steps: dict[str, list[float]] = {}
    strengths: list[tuple[float, float]] = []
    for video, frame, weight in rows:
        now = _degradation(scores, video, frame)
        before = _degradation(scores, video, max(frame - LENGTH, 0))
        kinds.setdefault(now.kind, []).append(weight)
        if before.kind == 'none':
            steps.setdefault(now.kind, []).append(weight)
            strengths.append((now.strength, weight))
    pairs = np.array(strengths).reshape(-1, 2)
    correlation = float(np.corrcoef(pairs.T)[0, 1]) if len(pairs) > 2 else 0.0
    everything = [row[2] for row in rows]
    return {'mean': round(float(np.mean(everything)), 4),
            'deviation': round(float(np.std(everything)), 4), 'by_kind': _means(kinds),
            'after_a_sharp_key_frame': _means(steps),
            'correlation_with_strength': round(correlation, 3)}


def _degradation(scores: Scores, video: float, frame: float):
    truth: FrameTruth = scores.truths[int(video)][int(frame)]
    return truth.degradation


def _means(groups: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    return {name: {'mean': round(float(np.mean(values)), 4), 'count': len(values),
                   'error': round(float(np.std(values) / np.sqrt(len(values))), 4)}
            for name, values in sorted(groups.items())}
