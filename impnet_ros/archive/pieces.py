# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What one worker does at a time: one camera of one bag, or a part of it between two gaps."""
from dataclasses import dataclass
import hashlib
import re


@dataclass(frozen=True)
class Piece:
    """
    One camera of one source, or a part of it; its memory is its own.

    Attributes
    ----------
    source, kind, identity : str
        As in `Source`.
    topic : str
        Of the images; empty for videos and pictures.
    part : int
        Number of the part, from 0.
    start_ns, stop_ns : int, optional
        Times in the bag between which the part lies, stop excluded; None for no bound.
    first : int
        Number of its first image in the camera.
    frames : int
        How many images there should be; 0 where nobody knows.
    begins : str
        Why memory is empty at its beginning, as in `Detections.reset_reason`.

    """

    source: str
    kind: str
    identity: str
    topic: str = ''
    part: int = 0
    start_ns: int | None = None
    stop_ns: int | None = None
    first: int = 0
    frames: int = 0
    begins: str = 'start'

    @property
    def name(self) -> str:
        """Name of its files without suffix: readable, and its own."""
        stem = self.source.rstrip('/').rpartition('/')[2]
        if self.kind != 'pictures':
            stem = re.sub(r'\.(mcap|db3|bag)$', '', stem)
        words = re.sub(r'[^A-Za-z0-9.-]+', '_', f'{stem}-{self.topic.strip("/")}').strip('_-')
        mark = hashlib.sha256(f'{self.source}\n{self.topic}'.encode()).hexdigest()[:8]
        return f'{words[:120]}-{mark}-{self.part:03d}'

    @property
    def label(self) -> str:
        """Say which it is, to people."""
        part = f' part {self.part}' if self.part or self.begins != 'start' else ''
        return f'{self.source}{" " if self.topic else ""}{self.topic}{part}'


@dataclass(frozen=True)
class Nothing:
    """A source, or a camera of it, in which there is nothing to label, and why."""

    source: str
    reason: str
    broken: bool = False
