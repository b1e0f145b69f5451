# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Tables and plots of a measurement."""
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from impnet_ros.benchmark.rows import Row
from rich.console import Console
from rich.table import Table

_COLUMNS = (('mean', 'mean_ms', '.2f'), ('median', 'median_ms', '.2f'), ('p95', 'p95_ms', '.2f'),
            ('p99', 'p99_ms', '.2f'), ('max', 'max_ms', '.2f'), ('key', 'key_ms', '.2f'),
            ('others', 'other_ms', '.2f'), ('CPU', 'cpu_ms', '.2f'), ('ratio', 'ratio', '.2f'),
            ('of bound', 'bound_share', '.2f'))
STAGES = ('prepare', 'features', 'flow', 'propagate', 'weights', 'task', 'glance',
          'boxes')


def row_label(row: Row) -> str:
    """Name of a row's mode for tables and plots."""
    return (row['mode'] + (' + boxes' if row['box_memory'] else '')
            + (' async' if row['key_mode'] == 'async' else ''))


def print_modes(rows: Sequence[Row], part_ms: dict[str, float], title: str) -> None:
    """Print the table of the modes, the stages and the parts."""
    console = _console()
    table = Table('mode', 'l', *(name for name, _, _ in _COLUMNS), title=title,
                  caption='milliseconds a frame; ratio: per_frame mean / mean')
    stages = Table('mode', 'l', *STAGES, title='time a frame in each stage, ms')
    for row in rows:
        first = row_label(row), '' if row['mode'] == 'per_frame' else str(row['l'])
        table.add_row(*first, *(_text(row[key], form) for _, key, form in _COLUMNS))
        stages.add_row(*first, *(_text(row['stage_ms'].get(stage), '.2f') for stage in STAGES))
    console.print(table)
    console.print(stages)
    console.print('parts alone, ms: ' + ', '.join(
        f'{part} {milliseconds:.2f}' for part, milliseconds in part_ms.items()))


def print_rows(rows: Sequence[dict[str, Any]], title: str) -> None:
    """Print rows of one shape as they are."""
    if not rows:
        return
    table = Table(*rows[0], title=title)
    for row in rows:
        table.add_row(*(_text(value, '.2f') if isinstance(value, float) else str(value)
                        for value in row.values()))
    _console().print(table)


def _console() -> Console:
    """Give tables room where the output is not a terminal, which has a width of its own."""
    console = Console()
    return console if console.is_terminal else Console(width=140)


def _text(value: float | None, form: str) -> str:
    return '' if value is None else format(value, form)


def plot(results: dict[str, Any], path: Path) -> None:
    """
    Draw what was measured.

    Parameters
    ----------
    results : dict
        As `impnet bench --json` writes it.
    path : Path
        .png, .svg or .pdf.

    """
    from impnet_ros.evaluation.plots import new_figure, save_figure

    drawn = [name for name in ('rows', 'by_size', 'by_cameras', 'by_length') if results.get(name)]
    panels = sum(2 if name == 'rows' else 1 for name in drawn)
    figure = new_figure(5.5 * panels, 4.2)
    axes = iter(figure.subplots(1, panels, squeeze=False)[0])
    if 'rows' in drawn:
        _plot_by_l(next(axes), results['rows'])
        _plot_latency(next(axes), results['rows'])
    if 'by_size' in drawn:
        _lines(next(axes), results['by_size'], lambda row: row['height'] * row['width'] / 1e6,
               ('per_frame_ms', 'mean_ms'), 'megapixels of the image')
    if 'by_cameras' in drawn:
        _lines(next(axes), results['by_cameras'], lambda row: row['cameras'], ('mean_ms',),
               'cameras')
    if 'by_length' in drawn:
        axis = next(axes)
        _lines(axis, results['by_length'], lambda row: row['frames'], ('mean_ms',),
               'frames from the start')
        memory = axis.twinx()
        memory.plot([row['frames'] for row in results['by_length']],
                    [row['memory_mb'] for row in results['by_length']], color='tab:gray', ls=':')
        memory.set(ylabel='memory, MB (dotted)', ylim=(0, None))
    save_figure(figure, path, dpi=130)


def _plot_by_l(axis: Any, rows: Sequence[Row]) -> None:
    base = next(row for row in rows if row['mode'] == 'per_frame')
    axis.axhline(base['mean_ms'], color='black', label='per_frame')
    for label in dict.fromkeys(row_label(row) for row in rows if row is not base):
        chosen = [row for row in rows if row_label(row) == label]
        lengths = [row['l'] for row in chosen]
        line, = axis.plot(lengths, [row['mean_ms'] for row in chosen], marker='o', label=label)
        axis.plot(lengths, [row['bound_ms'] for row in chosen], ls=':', color=line.get_color())
    axis.set(xlabel='l, frames a segment', ylabel='ms a frame, mean (dotted: bound)',
             ylim=(0, None), title=base['model'])
    axis.legend(fontsize='small')


def _plot_latency(axis: Any, rows: Sequence[Row]) -> None:
    names = [f'{row_label(row)}, l {row["l"]}' for row in rows]
    for key, marker in (('median_ms', '|'), ('mean_ms', 'o'), ('p99_ms', '>'), ('max_ms', 'x')):
        axis.plot([row[key] for row in rows], range(len(rows)), marker, label=key[:-3], ls='')
    axis.set(yticks=range(len(rows)), xlabel='ms a frame', xlim=(0, None))
    axis.set_yticklabels(names, fontsize='x-small')
    axis.invert_yaxis()
    axis.legend(fontsize='small')


def _lines(axis: Any, rows: Sequence[dict[str, Any]], place: Any, keys: Sequence[str],
           xlabel: str) -> None:
    for key in keys:
        axis.plot([place(row) for row in rows], [row[key] for row in rows], marker='o',
                  label='per frame' if key == 'per_frame_ms' else f'impression, l {rows[0]["l"]}')
    axis.set(xlabel=xlabel, ylabel='ms a frame, mean', ylim=(0, None))
    axis.legend(fontsize='small')
