# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What came out of a run: summary.json and a table."""
from collections import Counter
from collections.abc import Sequence
from typing import Any

from impnet_ros.archive.outcome import Outcome
from impnet_ros.archive.pieces import Nothing

FILE = 'summary.json'
_LINES = 20


def summarise(outcomes: Sequence[Outcome], nothing: Sequence[Nothing], seconds: float,
              worked_s: float, workers: int, settings: dict[str, Any]) -> dict[str, Any]:
    """
    Give everything that is told of a run.

    Parameters
    ----------
    outcomes : sequence of Outcome
        One a piece, those too that were done before ('skipped').
    nothing : sequence of Nothing
        Sources and cameras without anything to label; the broken ones count as failed.
    seconds, worked_s : float
        From the beginning, and from when the first worker was ready, to the end.
    workers : int
        How many there were.
    settings : dict
        Model and settings, told as they are.

    Returns
    -------
    dict
        Plain values. Images and objects are those of all whole pieces, `frames_per_s` is this
        run's.

    """
    status = Counter(outcome.status for outcome in outcomes)
    broken = [item for item in nothing if item.broken]
    whole = [outcome for outcome in outcomes if outcome.status in ('done', 'skipped')]
    made = [outcome for outcome in outcomes if outcome.status == 'done']
    found: Counter[str] = Counter()
    for outcome in whole:
        found.update(outcome.found)
    frames = sum(outcome.frames for outcome in made)
    failures = [{'source': item.source, 'reason': item.reason, 'tries': 1} for item in broken]
    failures += [{'source': outcome.label, 'reason': outcome.reason, 'tries': outcome.tries}
                 for outcome in outcomes if outcome.status == 'failed']
    return {
        'pieces': len(outcomes) + len(broken), 'done': status['done'],
        'failed': status['failed'] + len(broken), 'skipped': status['skipped'],
        'stopped': status['stopped'],
        'frames': sum(outcome.frames for outcome in whole),
        'broken_images': sum(outcome.broken for outcome in whole),
        'frames_this_run': frames, 'seconds': round(seconds, 3),
        'worked_s': round(worked_s, 3),
        'frames_per_s': round(frames / worked_s, 3) if frames and worked_s else 0.0,
        'workers': workers,
        'detections_by_label': dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))),
        'failures': failures,
        'cut_short': [{'source': outcome.label, 'frames': outcome.frames, 'reason': outcome.cut}
                      for outcome in whole if outcome.cut],
        'images_left_out': [{'source': outcome.label, 'images': outcome.broken,
                             'reason': outcome.broken_reason}
                            for outcome in whole if outcome.broken],
        'nothing_to_label': [{'source': item.source, 'reason': item.reason}
                             for item in nothing if not item.broken],
        **settings,
        'times': [{'name': outcome.name, 'frames': outcome.frames,
                   'seconds': round(outcome.seconds, 3), 'read_s': round(outcome.read_s, 3),
                   'decode_s': round(outcome.decode_s, 3),
                   'engine_s': round(outcome.engine_s, 3),
                   'write_s': round(outcome.write_s, 3)} for outcome in made]}


def table(summary: dict[str, Any]) -> str:
    """Say it to people."""
    found = summary['detections_by_label']
    objects = ', '.join(f'{name} {count}' for name, count in found.items()) or 'none'
    stopped = f', {summary["stopped"]} left' if summary['stopped'] else ''
    lines = [f'pieces      {summary["pieces"]}: {summary["done"]} done, {summary["skipped"]} '
             f'done before, {summary["failed"]} failed{stopped}',
             f'frames      {summary["frames"]}, {summary["broken_images"]} images left out',
             f'objects     {objects}',
             f'speed       {summary["frames_this_run"]} frames in {summary["worked_s"]:.1f} s: '
             f'{summary["frames_per_s"]:.1f} frames a second, {summary["workers"]} '
             f'worker{"s" if summary["workers"] != 1 else ""}']
    lines += _listed('failed', [f'{item["source"]}: {item["reason"]}'
                                for item in summary['failures']])
    lines += _listed('cut short', [f'{item["source"]}: {item["frames"]} frames are labelled; '
                                   f'{item["reason"]}' for item in summary['cut_short']])
    lines += _listed('left out', [f'{item["source"]}: {item["images"]} images, {item["reason"]}'
                                  for item in summary['images_left_out']])
    lines += _listed('nothing', [f'{item["source"]}: {item["reason"]}'
                                 for item in summary['nothing_to_label']])
    return '\n'.join(lines)


def _listed(title: str, items: list[str]) -> list[str]:
    more = [f'{"":12}and {len(items) - _LINES} more in {FILE}'] if len(items) > _LINES else []
    return [f'{title:12}{item}' for item in items[:_LINES]] + more
