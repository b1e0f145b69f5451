# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Put the figures of tools/performance.sh into docs/notes/performance_tables.md.

A table stands between `<!-- NAME -->` and `<!-- end -->`; it is made of out/performance/*.json.
"""
from collections.abc import Callable
import json
from pathlib import Path
import re
import sys
from textwrap import fill
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / 'out' / 'performance'
DOCUMENT = ROOT / 'docs' / 'notes' / 'performance_tables.md'

Row = dict[str, Any]


def read(name: str) -> dict[str, Any]:
    """Read the figures of one part."""
    figures: dict[str, Any] = json.loads((FIGURES / f'{name}.json').read_text())
    return figures


def table(titles: list[str], rows: list[list[Any]]) -> str:
    """Write a table in Markdown."""
    lines = [titles, ['---'] * len(titles), *([shown(cell) for cell in row] for row in rows)]
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)


def shown(cell: Any) -> str:
    """Write a figure with the digits that mean something."""
    if cell is None:
        return '–'
    if not isinstance(cell, float):
        return str(cell)
    return f'{cell:.0f}' if abs(cell) >= 200 else f'{cell:.1f}' if cell >= 20 else f'{cell:.2f}'


def mode(row: Row) -> str:
    """Name the mode of a row."""
    return (row['mode'] + (' + boxes' if row.get('box_memory') else '')
            + ('' if row['key_mode'] == 'sync' else f", {row['key_mode']}"))


def modes(*names: str) -> str:
    """Compare the modes."""
    rows = [row for name in names for row in read(name)['rows']]
    models = len({row['model'] for row in rows}) > 1
    return table(
        [*(['model'] if models else []), 'mode', 'l', 'mean', 'median', 'p95', 'p99', 'max',
         'CPU', 'ratio', 'of rounds', 'of bound'],
        [[*([row['model']] if models else []), mode(row),
          '' if row['mode'] == 'per_frame' else row['l'], row['mean_ms'], row['median_ms'],
          row['p95_ms'], row['p99_ms'], row['max_ms'], row['cpu_ms'], row['ratio'],
          f'{row["ratio_range"][0]:.1f}..{row["ratio_range"][1]:.1f}', row['bound_share']]
         for row in rows])


def parts() -> str:
    """Compare the parts on one thread and on two."""
    one, two = (read(f'modes_{threads}')['parts_ms']['nanodet_g'] for threads in (1, 2))
    return table(['part', '1 thread', '2 threads'],
                 [[part, one[part], two[part]] for part in one])


def runtimes() -> str:
    """Compare the runtimes."""
    rows = []
    for threads in (1, 2):
        for name, file in (('onnxruntime', 'modes'), ('openvino',) * 2, ('torch',) * 2,
                           ('torch, bfloat16', 'bfloat16')):
            figures = read(f'{file}_{threads}')
            chosen = next(row for row in figures['rows'] if row['mode'] == 'impression'
                          and row['l'] == 10 and row['key_mode'] == 'sync'
                          and not row['box_memory'])
            rows.append([name, threads, figures['parts_ms']['nanodet_g']['features'],
                         figures['rows'][0]['mean_ms'], chosen['mean_ms'], chosen['ratio']])
    return table(['runtime', 'threads', 'features', 'per_frame', 'impression, l = 10', 'ratio'],
                 rows)


def scaling(kind: str) -> str:
    """Show a part of the cost against size, cameras or length."""
    rows = read('scaling')[kind]
    if kind == 'by_length':
        rows = [row for row in rows if row['frames'] in (500, 1000, 2000, 5000, 10_000)]
    keys = [key for key in rows[0] if key not in ('model', 'l')]
    return table([key.replace('_', ' ') for key in keys],
                 [[row[key] for key in keys] for row in rows])


def node(name: str) -> str:
    """Show the node's latency."""
    return table(['mode', 'images', 'lost', 'mean', 'median', 'p95', 'p99', 'max', 'p99 / median',
                  'age, frames', 'in the node', 'over the engine', 'transport', 'CPU %'],
                 [[mode(row), *(row.get(key) for key in (
                     'published', 'lost', 'mean_ms', 'median_ms', 'p95_ms', 'p99_ms', 'max_ms',
                     'p99_over_median', 'age', 'node_ms', 'over_engine_ms', 'transport_ms',
                     'cpu_percent'))] for row in read(name)['rows']])


def streaming() -> str:
    """Put camera rates side by side, without and with compensation."""
    rows = read('streaming')['rows']
    rates = sorted({row['rate_hz'] for row in rows})
    cases: dict[tuple[str, int], dict[tuple[float, bool], Row]] = {}
    for row in rows:
        cases.setdefault((mode(row), row['l']), {})[row['rate_hz'], row['compensated']] = row
    return table(
        ['mode', 'l', *(f'{rate:g} Hz{word}' for word in ('', ', compensated')
                        for rate in rates)],
        [[name, length if name != 'per_frame' else '',
          *(case[rate, compensated]['sap50'] for compensated in (False, True) for rate in rates)]
         for (name, length), case in cases.items()])


def waiting() -> str:
    """Compare threads that spin with threads that sleep."""
    rows = []
    for load in ('idle', 'busy'):
        for spins, word in ((300_000, 'spin, as usual'), (0, 'sleep at once'), (500, 'ours')):
            base, chosen = read(f'waiting_{load}_{spins}')['rows'][:2]
            rows.append([load, f'{word}: {spins}', base['median_ms'], base['p99_ms'],
                         chosen['mean_ms'], chosen['p99_ms']])
    return table(['machine', 'GOMP_SPINCOUNT', 'per_frame, median', 'p99',
                  'impression, l = 10, mean', 'p99'], rows)


def conditions() -> str:
    """Tell what the figures were measured on."""
    found = read('modes_1')['conditions']
    return fill(f'{found["processor"]}, {found["cores"]} cores, {found["system"]}; Python '
                f'{found["python"]}, PyTorch {found["torch"]}, OpenCV {found["opencv"]}; load '
                f'before the first measurement {found["load_before"]:.2f}.', width=100)


TABLES: dict[str, Callable[[], str]] = {
    'conditions': conditions, 'parts': parts, 'runtimes': runtimes, 'streaming': streaming,
    'waiting': waiting, 'modes_1': lambda: modes('modes_1'), 'modes_2': lambda: modes('modes_2'),
    'r101': lambda: modes('r101'), 'r101_bfloat16': lambda: modes('r101_bfloat16'),
    'node_default': lambda: node('node_default'), 'node_one': lambda: node('node_one'),
    'node_two': lambda: node('node_two'), 'node_bfloat16': lambda: node('node_bfloat16'),
    'by_size': lambda: scaling('by_size'),
    'by_cameras': lambda: scaling('by_cameras'), 'by_length': lambda: scaling('by_length')}


def main() -> int:
    """Replace the tables whose figures are there, and name the others."""
    text = DOCUMENT.read_text()
    for name, make in TABLES.items():
        try:
            made = make()
        except FileNotFoundError as error:
            print(f'{name} stays as it is: no {error.filename}', file=sys.stderr)
            continue
        text, count = re.subn(rf'(<!-- {name} -->\n).*?(<!-- end -->)',
                              lambda match: f'{match[1]}{made}\n{match[2]}', text,  # noqa: B023
                              flags=re.DOTALL)
        if count != 1:
            print(f'{name}: expected one place in {DOCUMENT}, found {count}', file=sys.stderr)
            return 1
    DOCUMENT.write_text(text)
    return 0


if __name__ == '__main__':
    sys.exit(main())
