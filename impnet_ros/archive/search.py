# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The detections of an archive as one table."""
from pathlib import Path
from typing import Any

from impnet_ros.archive.expression import condition
from impnet_ros.archive.plan import last_plan
from impnet_ros.archive.store import Store
from impnet_ros.sources.places import answering, place
import pyarrow
from pyarrow import dataset

_LOOKS = 100
"""Rows kept for each object that is shown, as one object has many."""


def search(dest: str, text: str = '') -> Any:
    """
    Find detections.

    Parameters
    ----------
    dest : str
        Where `impnet label` wrote.
    text : str
        A condition, see `condition`; empty for all.

    Returns
    -------
    pyarrow.dataset.Dataset
        A row a detection; read when it is asked for.

    Raises
    ------
    ValueError
        If there is no Parquet, or the condition is not understood.

    """
    folder = place(dest) / 'parquet'
    with answering(dest):
        found = folder.fs.find(folder.path) if folder.exists() else []
    files = sorted(path for path in found if path.endswith('.parquet'))
    if not files:
        raise ValueError(f'{dest}: expected what impnet label --format parquet writes, found no '
                         f'parquet/*.parquet')
    rows = dataset.dataset(files, format='parquet', filesystem=folder.fs)
    if not text:
        return rows
    chosen = condition(text, [name for name in rows.schema.names if name != 'box'])
    try:
        rows.filter(chosen).head(1)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as error:
        raise ValueError(f'condition: {text!r} compares what cannot be compared: '
                         f'{str(error).splitlines()[0]}') from error
    return rows.filter(chosen)


def inputs_of(dest: str) -> set[Path]:
    """Give an archive, its own files, and all that was labelled, found empty or not."""
    batches = search(dest).to_batches(columns=['source'])
    sources = {*last_plan(Store(dest)),
               *(source for batch in batches for source in batch['source'].unique().to_pylist())}
    folder = Path(dest)
    return {folder, folder / 'summary.json', *folder.glob('*/**/*'), *map(Path, sources)}


def best_of(rows: Any, number: int) -> list[dict[str, Any]]:
    """Give the objects with the best scores, each in its best image, as dicts."""
    best = pyarrow.Table.from_batches([], rows.schema)
    for batch in rows.to_batches():
        both = pyarrow.concat_tables([best, pyarrow.Table.from_batches([batch])])
        best = both.sort_by([('score', 'descending')]).slice(0, number * _LOOKS)
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in _plain(best):
        place = ('track', row['track'])
        if row['track'] is None:
            place = 'box', (row['frame'], row['box']['x1'])
        found.setdefault((row['piece'], row['class'], *place), row)
    return list(found.values())[:number]


def _plain(table: Any) -> list[dict[str, Any]]:
    stamps = table['stamp'].cast(pyarrow.int64()).to_pylist()
    logged = table['logged'].cast(pyarrow.int64()).to_pylist()
    rows = table.drop_columns(['stamp', 'logged']).to_pylist()
    return [{**row, 'stamp': _time(stamp), 'logged_ns': log}
            for row, stamp, log in zip(rows, stamps, logged, strict=True)]


def _time(stamp_ns: int) -> str:
    """Write a time; one near 0 is that of a video, in seconds from its beginning."""
    if abs(stamp_ns) < 10**9 * 86400 * 365:
        return f'{stamp_ns / 1e9:.3f} s'
    return str(pyarrow.scalar(stamp_ns // 1000, pyarrow.timestamp('us')).as_py())
