# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a training says of itself: a CSV file and TensorBoard."""
from collections.abc import Mapping
import csv
from pathlib import Path

from impnet_ros.outputs import written_whole

FILE = 'log.csv'


class TrainingLog:
    """
    Rows of figures, one every few iterations.

    Lines beyond the iteration at which a training goes on are cut, so that a killed and resumed
    training leaves the log of one that ran through.

    Parameters
    ----------
    folder : Path
        Gets log.csv, and TensorBoard's files where that is installed.
    iteration : int
        Steps done already.

    """

    def __init__(self, folder: Path, iteration: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / FILE
        self._names: list[str] = []
        rows: list[dict[str, str]] = []
        if iteration and self._path.is_file():
            with self._path.open(newline='') as file:
                reader = csv.DictReader(file)
                rows = [row for row in reader if None not in row.values()  # cut by a full disk
                        and int(row['iteration']) <= iteration]
                self._names = list(reader.fieldnames or [])
        with written_whole(self._path) as part, part.open('w', newline='') as file:
            if self._names:
                writer = csv.DictWriter(file, self._names)
                writer.writeheader()
                writer.writerows(rows)
        self._writer = None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:  # TensorBoard is a convenience; the CSV has the same figures
            return
        self._writer = SummaryWriter(str(folder), purge_step=iteration)

    def write(self, iteration: int, values: Mapping[str, float]) -> None:
        """Add the figures after `iteration` steps."""
        new = not self._names
        if new:
            self._names = ['iteration', *values]
        with self._path.open('a', newline='') as file:
            writer = csv.DictWriter(file, self._names)
            if new:
                writer.writeheader()
            writer.writerow({'iteration': iteration,
                             **{name: f'{value:.6g}' for name, value in values.items()}})
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(name, value, iteration)

    def close(self) -> None:
        """Write out what is still held."""
        if self._writer is not None:
            self._writer.close()
