# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parquet, a row a detection, for DuckDB, pyarrow, Spark and their like."""
from pathlib import Path
from typing import Any

from impnet_ros.archive.labelled import About, Labelled
import pyarrow
from pyarrow.parquet import ParquetWriter

SCHEMA = pyarrow.schema([
    ('source', pyarrow.string()), ('topic', pyarrow.string()), ('piece', pyarrow.string()),
    ('stamp', pyarrow.timestamp('ns')), ('logged', pyarrow.timestamp('ns')),
    ('frame', pyarrow.int64()), ('class', pyarrow.string()), ('score', pyarrow.float32()),
    ('box', pyarrow.struct([(name, pyarrow.float32()) for name in ('x1', 'y1', 'x2', 'y2')])),
    ('track', pyarrow.int64()), ('width', pyarrow.int32()), ('height', pyarrow.int32()),
    ('model', pyarrow.string()), ('settings', pyarrow.string())])
_GROUP = 4096
_SIDES = ('x1', 'y1', 'x2', 'y2')


class ParquetFile:
    """
    The detections of a piece.

    Parameters
    ----------
    path : Path
        File to write.
    about : About
        The piece and the settings.

    """

    suffix = '.parquet'

    def __init__(self, path: Path, about: About) -> None:
        self._names = about.class_names
        piece, job = about.piece, about.job
        self._same = {'source': piece.source, 'topic': piece.topic, 'piece': piece.name,
                      'model': job.model_name, 'settings': job.settings}
        self._columns = _empty()
        pyarrow.array([0])  # loads pandas where it is there: better now than in the middle
        self._writer = ParquetWriter(path, SCHEMA, compression='zstd')

    def write(self, image: Labelled) -> None:
        """Add an image."""
        seen, count = image.seen, len(image.boxes)
        height, width = seen.size
        found = {
            'stamp': [seen.stamp_ns] * count, 'logged': [seen.log_ns] * count,
            'frame': [seen.index] * count, 'class': [self._names[label] for label in image.labels],
            'score': image.scores, 'track': image.tracks or [None] * count,
            'width': [width] * count, 'height': [height] * count,
            **dict(zip(_SIDES, zip(*image.boxes), strict=bool(count)))}
        for name, values in found.items():
            self._columns[name] += values
        if len(self._columns['score']) >= _GROUP:
            self._flush()

    def _flush(self) -> None:
        columns, self._columns = self._columns, _empty()
        count = len(columns['score'])
        sides = [pyarrow.array(columns[side], pyarrow.float32()) for side in _SIDES]
        made = {'box': pyarrow.StructArray.from_arrays(sides, _SIDES),
                **{name: [value] * count for name, value in self._same.items()}}
        self._writer.write_table(pyarrow.Table.from_arrays(
            [pyarrow.array(made.get(name, columns.get(name)), SCHEMA.field(name).type)
             if name != 'box' else made['box'] for name in SCHEMA.names], schema=SCHEMA))

    def close(self) -> None:
        """Write what is left, and the index."""
        self._flush()
        self._writer.close()

    def abandon(self) -> None:
        """Let it be unfinished."""
        self._columns = _empty()
        self._writer.close()


def _empty() -> dict[str, list[Any]]:
    return {name: [] for name in ('stamp', 'logged', 'frame', 'class', 'score', 'track', 'width',
                                  'height', *_SIDES)}
