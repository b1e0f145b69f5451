# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What `impnet detect` reads one by one and writes as it comes, and where it goes on from."""
from collections.abc import Generator, Iterator, Sequence
from itertools import islice
from pathlib import Path
import sys

from impnet_ros.drawing import caption, draw_detections
from impnet_ros.outputs import said
from impnet_ros.results.annotated_video import AnnotatedVideo
from impnet_ros.results.entries import Entry
from impnet_ros.results.json_files import JsonLines, JsonList
from impnet_ros.stream.types import Detections, Frame
import numpy as np
from tqdm import tqdm

_TOLD = 20


class Source:
    """
    Frames with their numbers in the input; what ends them is kept for later.

    Attributes
    ----------
    left_out : int
        Frames that could not be read.
    failed : int
        Frames at which the network failed.
    error : Exception, optional
        What ended the frames before their end.

    """

    def __init__(self) -> None:
        self.left_out, self.failed, self.error = 0, 0, None
        self._frames: Iterator[Frame] = iter(())
        self._numbers: dict[int, int] = {}
        self._failures: dict[int, str] = {}
        self._next = 0

    def read(self, frames: Iterator[Frame]) -> None:
        """Take the frames."""
        self._frames = frames

    def close(self) -> None:
        """Let go of the input: not all of the frames may have been read."""
        if isinstance(self._frames, Generator):
            self._frames.close()

    def refuse(self, reason: str, frames: int) -> None:
        """Say what cannot be read, and count the frames that it costs."""
        self.left_out += frames
        self._next += frames
        _tell(reason, self.left_out if frames else 0)

    def fail(self, frame: Frame, error: Exception) -> None:
        """Say that the network failed at a frame that was not asked for yet, and count it."""
        self.failed += 1
        self._failures[id(frame)] = f'{type(error).__name__}: {said(error)}'
        _tell(f'frame {self._numbers[id(frame)]}: the network failed: '
              f'{self._failures[id(frame)]}', self.failed)

    def number(self, frame: Frame) -> tuple[int, str]:
        """Give the number of a frame that was not asked for yet, and why the network failed."""
        return self._numbers.pop(id(frame)), self._failures.pop(id(frame), '')

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        try:
            frame = next(self._frames)
        except (OSError, ValueError) as error:
            self.error = error
            raise StopIteration from error
        self._numbers[id(frame)] = self._next
        self._next += 1
        return frame


def _tell(reason: str, count: int) -> None:
    """Say the first of many things of a kind; `count` with this one."""
    if count <= _TOLD:
        tqdm.write(f'impnet detect: {reason}', file=sys.stderr)
    elif count == _TOLD + 1:
        tqdm.write('impnet detect: further ones are only counted', file=sys.stderr)


class Outputs:
    """
    The files of one run.

    One that goes on with results of an earlier run changes none of them before it has found the
    same as that run; then all get what the fullest holds.

    Parameters
    ----------
    json, jsonl, video : Path, optional
        Where to write; None for what is not wanted.
    fps : float
        Of the video.
    resume : bool
        Go on behind what the results files hold.

    Attributes
    ----------
    count : int
        Frames taken so far.
    done : int
        Frames whose entries an earlier run wrote.
    restart : int
        The last of these at which the memory began anew: a run from there gives the same as one
        that was never cut.

    """

    def __init__(self, json: Path | None, jsonl: Path | None, video: Path | None, fps: float,
                 resume: bool) -> None:
        if resume and not (json or jsonl):
            raise ValueError('--resume: expected --json or --jsonl, whose results it goes on with')
        self._files: list[JsonLines] = []
        self._video: AnnotatedVideo | None = None
        self.count = self.done = 0
        try:
            if jsonl:
                self._files.append(JsonLines(jsonl, resume))
            if json:
                self._files.append(JsonList(json, resume))
            self._fullest = max(self._files, key=lambda file: file.count, default=None)
            self.done = self._fullest.count if self._fullest else 0
            self._require_alike()
            self._video = AnnotatedVideo(video, fps) if video else None
        except BaseException:
            self.close(whole=False)
            raise
        self.restart = 0
        for number, entry in enumerate(self.stored()):
            if entry.get('reset_reason'):
                self.restart = number
        self._held = islice(self.stored(), self.restart, None)

    @property
    def lasts(self) -> bool:
        """Whether results are in files that a later run can go on with."""
        return any(file.is_file and file.count and file.written.exists() for file in self._files)

    def stored(self) -> Iterator[Entry]:
        """Read the entries of the earlier run."""
        return islice(self._fullest.stored(), self.done) if self._fullest else iter(())

    def _require_alike(self) -> None:
        for file in self._files:
            if any(one != other for one, other in zip(file.stored(), self.stored(),
                                                      strict=False)):
                raise ValueError(f'--resume: expected results of one run, got others in '
                                 f'{file.path} than in {self._fullest.path}')

    def take(self, frame: Frame, detections: Detections, entry: Entry, names: Sequence[str]
             ) -> None:
        """
        Write a frame's entry, unless an earlier run has, and draw it.

        Raises
        ------
        ValueError
            If the earlier run found something else there: it had other settings.
        OSError
            If it cannot be written.

        """
        if self.restart <= self.count < self.done:
            self._compare(next(self._held), entry)
        elif self.count >= self.done:
            for file in self._files:
                file.write(entry)
        self.count += 1
        if self.count == self.done:
            self._level()
        if self._video:
            self._video.write(draw_detections(np.asarray(frame.image), detections, names,
                                              caption(detections)))

    def _compare(self, held: Entry, entry: Entry) -> None:
        if 'error' in held:  # at a late image: a lasting error would have begun anew behind it
            return
        if 'error' in entry:
            raise ValueError(f'--resume: {self._fullest.path}: the network failed at frame '
                             f'{entry["frame"]}, which the first run answered: {entry["error"]}')
        if self.count == self.restart > 0:  # why it began anew there, this run does not know
            entry = {**entry, 'reset_reason': held.get('reset_reason')}
        if held != entry:
            raise self.misfit(f'other results for frame {entry["frame"]}')

    def misfit(self, found: str) -> ValueError:
        """Say that what an earlier run wrote does not fit this one."""
        return ValueError(f'--resume: {self._fullest.path}: expected the input and settings of '
                          f'the first run, got {found}')

    def _level(self) -> None:
        """Give every file what the fullest holds."""
        for file in self._files:
            if file.count < self.done:
                for entry in islice(self.stored(), file.count, None):
                    file.write(entry)

    def close(self, *, whole: bool) -> None:
        """Finish every file; `whole` says whether they have all frames. First error is raised."""
        error = None
        if self._video and self.count < self.done:  # an earlier one has more
            self._video.discard()
            self._video = None
        for file in (*self._files, *([self._video] if self._video else [])):
            try:
                file.close(whole=whole)
            except OSError as failed:
                error = error or failed
        if error:
            raise error
