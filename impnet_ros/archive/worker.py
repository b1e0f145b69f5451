# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One loaded network that labels piece after piece."""
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import cv2
from impnet_ros.archive import state
from impnet_ros.archive.job import Job
from impnet_ros.archive.labelled import About, Numbering
from impnet_ros.archive.outcome import Outcome
from impnet_ros.archive.pieces import Piece
from impnet_ros.archive.reading import Images, Seen
from impnet_ros.archive.store import Store
from impnet_ros.archive.writers.coco import CocoFile
from impnet_ros.archive.writers.mcap_file import McapFile
from impnet_ros.model.network import load_network
from impnet_ros.outputs import said
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.play import play
from impnet_ros.stream.types import Frame
import torch

NEAR_END_S = 10.0
"""A piece that will be done so soon is finished when the run is to stop."""

_TELL_S = 0.5
_PAUSE_S = 1.0

Tell = Callable[[str, int], bool]
"""(name of the piece, images so far) -> whether the run is to stop."""


class _Stopped(Exception):
    """The run is to stop, and this piece is not near its end."""


class Labeller:
    """
    What one worker does.

    Parameters
    ----------
    job : Job
        Settings of the run.
    tell : callable
        Is told about progress, twice a second.

    Raises
    ------
    ValueError
        If the network cannot be loaded with these settings.

    """

    def __init__(self, job: Job, tell: Tell = lambda name, frames: False) -> None:
        self._job, self._tell = job, tell
        runs = job.runs
        torch.set_num_threads(runs.threads)
        cv2.setNumThreads(runs.threads)
        self._network = load_network(runs.model, runs.device, runs.runtime, runs.precision)
        self._engine = Engine(self._network, job.stream, job.detection)
        self._store = Store(job.out, job.run)

    def label(self, piece: Piece) -> Outcome:
        """Label a piece; whatever goes wrong becomes its outcome."""
        if self._tell(piece.name, 0):
            return Outcome(piece.name, piece.label, 'stopped')
        for attempt in range(1, self._job.tries + 1):
            try:
                return self._labelled(piece, attempt)
            except _Stopped:
                return Outcome(piece.name, piece.label, 'stopped')
            except ValueError as error:  # a verdict on the source: it will not change
                return _failed(piece, error, attempt)
            except Exception as error:  # noqa: B902 - a store, a disk, a network: try again
                if attempt == self._job.tries:
                    return _failed(piece, error, attempt)
                sleep(_PAUSE_S * attempt)
        raise AssertionError('tries: expected 1 or more')

    def _labelled(self, piece: Piece, attempt: int) -> Outcome:
        store, job = self._store, self._job
        about = About(piece, job, tuple(self._network.class_names), self._engine.config,
                      str(self._network.device))
        parts: dict[str, tuple[Path, Any]] = {}
        try:
            for name, kind in _kinds(job.formats).items():
                target = f'{name}/{piece.name}{kind.suffix}'
                part = store.part(target)
                parts[target] = part, kind(part, about)
            outcome = self._run(piece, [writer for _, writer in parts.values()], attempt)
            for _, writer in parts.values():
                writer.close()
            outputs = {target: store.publish(part, target)
                       for target, (part, _) in parts.items()}
        except BaseException:
            for part, writer in parts.values():
                with suppress(Exception):
                    writer.abandon()
                with suppress(OSError):
                    part.unlink(missing_ok=True)
            raise
        state.mark(store, piece, job, outputs, {
            'frames': outcome.frames, 'broken': outcome.broken,
            'broken_reason': outcome.broken_reason, 'cut': outcome.cut,
            'found': outcome.found})
        return outcome

    def _run(self, piece: Piece, writers: list[Any], attempt: int) -> Outcome:
        begun_s = told_s = perf_counter()
        images = Images(piece, self._job.fps, self._job.max_pixels)
        numbering = Numbering(piece.begins)
        waiting: deque[Seen] = deque()
        found: Counter[str] = Counter()
        names = self._network.class_names
        frames, engine_s, write_s = 0, 0.0, 0.0
        for _, detections in play(self._engine, _frames(images, waiting)):
            engine_s += sum(detections.stage_ms.values()) / 1e3
            wrote_s = perf_counter()
            image = numbering.labelled(waiting.popleft(), detections)
            for writer in writers:
                writer.write(image)
            found.update(names[label] for label in image.labels)
            frames += 1
            now_s = perf_counter()
            write_s += now_s - wrote_s
            if now_s - told_s > _TELL_S:
                told_s = now_s
                self._report(piece, frames, (now_s - begun_s) / frames)
        if not frames:
            told = (f'none of its {images.broken} images can be read: {images.reason}'
                    if images.broken else 'holds no image that can be read')
            raise ValueError(f'{told}; {images.cut}' if images.cut else told)
        self._tell(piece.name, frames)
        return Outcome(piece.name, piece.label, 'done', '', frames, images.broken, images.reason,
                       images.cut, dict(sorted(found.items())), perf_counter() - begun_s,
                       images.read_s, images.decode_s, engine_s, write_s, attempt)

    def _report(self, piece: Piece, frames: int, frame_s: float) -> None:
        stop = self._tell(piece.name, frames)
        if stop and not 0 <= (piece.frames - frames) * frame_s <= NEAR_END_S:
            raise _Stopped


def _frames(images: Images, waiting: deque[Seen]) -> Iterator[Frame]:
    for seen in images:
        waiting.append(seen)
        yield seen.frame


def _kinds(formats: tuple[str, ...]) -> dict[str, Any]:
    kinds: dict[str, Any] = {'mcap': McapFile, 'coco': CocoFile}
    if 'parquet' in formats:
        from impnet_ros.archive.writers.parquet import ParquetFile  # late: pyarrow is an extra
        kinds['parquet'] = ParquetFile
    return {name: kinds[name] for name in formats}


def _failed(piece: Piece, error: Exception, attempt: int) -> Outcome:
    text = said(error).removeprefix(f'{piece.source}: ')
    return Outcome(piece.name, piece.label, 'failed', text, tries=attempt)
