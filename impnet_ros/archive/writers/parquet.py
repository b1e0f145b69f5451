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
_GROUP = 16384


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
        self._rows: list[dict[str, Any]] = []
        self._writer = ParquetWriter(path, SCHEMA, compression='zstd')

    def write(self, image: Labelled) -> None:
        """Add an image."""
        seen = image.seen
        height, width = seen.size
        tracks = image.tracks or [None] * len(image.boxes)
        for box, score, label, track in zip(image.boxes, image.scores, image.labels, tracks,
                                            strict=True):
            self._rows.append({
                **self._same, 'stamp': seen.stamp_ns, 'logged': seen.log_ns, 'frame': seen.index,
                'class': self._names[label], 'score': score,
                'box': dict(zip(('x1', 'y1', 'x2', 'y2'), box, strict=True)), 'track': track,
                'width': width, 'height': height})
        if len(self._rows) >= _GROUP:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(pyarrow.Table.from_pylist(self._rows, SCHEMA))
        self._rows = []

    def close(self) -> None:
        """Write what is left, and the index."""
        self._flush()
        self._writer.close()

    def abandon(self) -> None:
        """Let it be unfinished."""
        self._rows = []
        self._writer.close()
