# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""An annotated video in a file."""
import errno
import os
from pathlib import Path
import shutil

import cv2
from impnet_ros.images import RgbImage
from impnet_ros.outputs import hold, is_plain, let_go, put_in_place, unfinished

SUFFIXES = ('.mp4', '.m4v', '.mov', '.mkv', '.avi')
_FPS = (0.01, 1000.0)
"""What each of these formats can have: the timebase of MPEG-4 has 16 bits, that of AVI less."""

_SPARE_BYTES = 1 << 18
_INDEX_BYTES = 32
"""What a frame takes of the index that is written at the end, at most."""


class AnnotatedVideo:
    """
    A video that takes the size of its first picture; later pictures are fitted to it.

    Parameters
    ----------
    path : Path
        Gets its name when it is closed; until then it is written beside.
    fps : float
        Frames a second.

    Raises
    ------
    OSError
        If it cannot be written, or was not written whole: OpenCV itself does not tell.
    ValueError
        If no video can have that name, rate or size, or another run writes it.

    """

    def __init__(self, path: Path, fps: float) -> None:
        if path.suffix.lower() not in SUFFIXES:
            raise ValueError(f'{path}: expected a name that ends with {", ".join(SUFFIXES)}')
        if not is_plain(path):
            raise ValueError(f'{path}: expected a file for the video, got a device or pipe')
        if not _FPS[0] <= fps <= _FPS[1]:
            raise ValueError(f'{path}: expected {_FPS[0]:g} to {_FPS[1]:g} frames a second for '
                             f'the video, got {fps:g}')
        self._path, self._part = path, unfinished(path)
        self._fps = round(fps, 3 if fps < 65 else 1)  # 65.536 would be 65536 / 1000
        self._held = hold(path)
        self._writer: cv2.VideoWriter | None = None
        self._size, self.count = (0, 0), 0

    def write(self, image: RgbImage) -> None:
        """Append a picture (H, W, 3), RGB."""
        if self._writer is None:
            self._size = image.shape[1], image.shape[0]
            self._writer = cv2.VideoWriter(str(self._part), cv2.CAP_FFMPEG,
                                           cv2.VideoWriter.fourcc(*'mp4v'), self._fps, self._size)
            if not self._writer.isOpened():
                raise ValueError(f'{self._path}: expected pictures that a video can have, got '
                                 f'{self._size[0]} x {self._size[1]}')
        if shutil.disk_usage(self._part.parent).free < _SPARE_BYTES + _INDEX_BYTES * self.count:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
        picture = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        self._writer.write(cv2.resize(picture, self._size))
        self.count += 1

    def close(self, *, whole: bool) -> None:
        """Finish the file, check it, and give it its name; `whole`: it has every frame."""
        if self._writer is None or not self.count:
            self.discard()
            return
        try:
            self._check(self._writer)
            put_in_place(self._part, self._path, whole=whole)
        except OSError:
            self.discard()
            raise
        let_go(self._path, self._held)

    def discard(self) -> None:
        """Leave nothing of it."""
        if self._writer is not None:
            self._writer.release()
        self._part.unlink(missing_ok=True)
        let_go(self._path, self._held)

    def _check(self, writer: cv2.VideoWriter) -> None:
        """Finish the file and see that it is whole."""
        writer.release()
        written = cv2.VideoCapture(str(self._part), cv2.CAP_FFMPEG)
        count = int(written.get(cv2.CAP_PROP_FRAME_COUNT)) if written.isOpened() else 0
        written.release()
        if count < self.count:
            raise OSError(f'{self._path}: expected a video of {self.count} frames, {count} could '
                          f'be written; is the disk full?')
        with self._part.open('rb') as file:
            os.fsync(file)
