# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is to be done with every piece, and how its results are told from other settings'."""
from dataclasses import asdict, dataclass
from functools import cached_property
import hashlib
import json
from pathlib import Path

from impnet_ros.config import DetectionConfig, RunConfig, StreamConfig
from impnet_ros.images import MAX_PIXELS

FORMATS = ('mcap', 'coco', 'parquet')
_EDITION = 2
"""Of what is written: raise it when the same settings come to mean another content."""


@dataclass(frozen=True)
class Job:
    """
    Settings of a run, the same for every worker.

    Attributes
    ----------
    out : str
        Path or URL of the destination.
    run : str
        Name of this run, for unfinished files only.
    formats : tuple of str
        Of `FORMATS`.
    stream, detection : StreamConfig, DetectionConfig
        Settings of the engine.
    runs : RunConfig
        The network, and where it runs; its `threads` are a worker's.
    fps : float
        Of folders of pictures.
    max_pixels : int
        Largest image taken, width times height.
    tries : int
        How often a piece is tried.

    """

    out: str
    run: str
    formats: tuple[str, ...] = FORMATS
    stream: StreamConfig = StreamConfig()
    detection: DetectionConfig = DetectionConfig()
    runs: RunConfig = RunConfig(threads=1)
    fps: float = 30.0
    max_pixels: int = MAX_PIXELS
    tries: int = 3

    @cached_property
    def settings(self) -> str:
        """
        Short name of everything that decides what is found, and of the model's content.

        Neither device nor threads nor workers belong to it.
        """
        told = {'edition': _EDITION, 'model': model_content(self.runs.model),
                'runtime': self.runs.runtime, 'precision': self.runs.precision,
                'fps': self.fps, 'max_pixels': self.max_pixels, 'stream': asdict(self.stream),
                'detection': asdict(self.detection)}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def model_name(self) -> str:
        """Name of the model without folders, the same on every machine."""
        return Path(self.runs.model).name


def model_content(model: str) -> str:
    """Give the hash of a model's file, or of the weights that come with the package."""
    path = Path(model)
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    shipped = Path(__file__).parents[1] / 'weights' / 'SHA256SUMS'
    return f'{model} {hashlib.sha256(shipped.read_bytes()).hexdigest()}'
