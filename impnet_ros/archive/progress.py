# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How far a run is: one bar for people, JSON lines for machines."""
from collections.abc import Sequence
from dataclasses import asdict
import json
import sys
from time import perf_counter
from typing import Any

from impnet_ros.archive.outcome import Outcome
from impnet_ros.archive.pieces import Piece
from tqdm import tqdm

LOGS = ('bar', 'jsonl', 'none')
_EVERY_S = 2.0


class Progress:
    """
    Counts pieces and images.

    Parameters
    ----------
    log : str
        One of `LOGS`: a bar on stderr, a JSON object a line on stdout, or nothing.
    pieces : sequence of Piece
        What is to be done.
    workers : int
        How many there are; 0 until a cluster has told.

    """

    def __init__(self, log: str, pieces: Sequence[Piece], workers: int) -> None:
        self.workers, self._is_stopping = workers, False
        # What libraries print later goes elsewhere.
        self._log, self._out = log, sys.stdout
        self._pieces = len(pieces)
        self._expected = {piece.name: piece.frames for piece in pieces}
        self._under_way: dict[str, int] = {}
        self._done = self._failed = self._frames = 0
        self._begun_s = self._said_s = perf_counter()
        self._worked_s: float | None = None
        self._bar = tqdm(total=sum(self._expected.values()) or None, unit='frame',
                         disable=log != 'bar', smoothing=0.05, dynamic_ncols=True,
                         file=sys.stderr)
        self._show()

    def event(self, kind: str, **values: Any) -> None:
        """Say something to machines."""
        if self._log == 'jsonl':
            print(json.dumps({'event': kind, **values}), file=self._out, flush=True)

    def note(self, text: str) -> None:
        """Say something that is worth a line."""
        self.event('note', text=text)
        if self._log == 'bar':
            tqdm.write(text, file=sys.stderr)

    def stopping(self) -> None:
        """Say once that the run was asked to stop."""
        if not self._is_stopping:
            self._is_stopping = True
            self.note('stopping: pieces near their end are finished, the same command goes on '
                      'later; once more ends at once')

    def told(self, frames: dict[str, int]) -> None:
        """Take in the images so far of pieces that are under way."""
        if frames and self._worked_s is None:
            self._worked_s = perf_counter()
        for name, count in frames.items():
            if name in self._expected:
                self._under_way[name] = count
        self._show()

    def finished(self, outcome: Outcome) -> None:
        """Take in a piece that is through."""
        self._under_way.pop(outcome.name, None)
        self._expected.pop(outcome.name, None)
        self._frames += outcome.frames
        self._done += 1
        self._failed += outcome.status == 'failed'
        self.event('piece', **asdict(outcome))
        if outcome.status == 'failed':
            self.note(f'failed: {outcome.label}: {outcome.reason}')
        self._show()

    def _show(self) -> None:
        frames = self._frames + sum(self._under_way.values())
        elapsed_s = perf_counter() - self._begun_s
        if self._log == 'bar':
            self._bar.set_description_str(f'{self._done}/{self._pieces} pieces', refresh=False)
            self._bar.set_postfix_str(f'{self._failed} failed', refresh=False)
            self._bar.update(max(0, frames - self._bar.n))
            self._bar.refresh()
        elif perf_counter() - self._said_s > _EVERY_S:
            self._said_s = perf_counter()
            rate = frames / elapsed_s
            left = sum(self._expected.values()) - sum(self._under_way.values())
            self.event('progress', pieces=self._pieces, pieces_done=self._done,
                       failed=self._failed, frames=frames, frames_per_s=round(rate, 2),
                       left_s=round(left / rate, 1) if rate and left >= 0 else None)

    @property
    def seconds(self) -> tuple[float, float]:
        """Time since the beginning, and since the first worker was ready."""
        now_s = perf_counter()
        return now_s - self._begun_s, now_s - (self._worked_s or now_s)

    def close(self) -> None:
        """End the bar."""
        self._bar.close()
