# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames from a folder of pictures."""
from collections.abc import Iterator
import errno
from io import BytesIO
import math
import os
from pathlib import Path

from impnet_ros.images import (IMAGE_SUFFIXES, ImageError, is_picture, MAX_PIXELS, require_few,
                               RgbImage, unpack)
from impnet_ros.outputs import said
from impnet_ros.picture_size import picture_size
from impnet_ros.sources.frames import Refused, Video
from impnet_ros.sources.natural import natural_order
from impnet_ros.stream.types import Frame
from PIL import Image

_OTHER_FORMATS = ('BMP', 'TIFF', 'WEBP')  # than JPEG and PNG
_SERIES = ('PNG', 'TIFF', 'WEBP')  # may hold several pictures
_BYTES_A_PIXEL = 16  # more than any of these formats needs
_HEAD_BYTES = 1 << 24


def open_folder(path: Path, fps: float, refused: Refused | None, max_pixels: int) -> Video:
    """Open a folder of pictures, taken in natural order of their names."""
    files = sorted((file for file in path.iterdir() if is_picture(file.name)
                    and not file.is_dir()), key=natural_order)
    if not files:
        raise ValueError(f'{path}: expected images ({", ".join(sorted(IMAGE_SUFFIXES))}) or a '
                         f'bag with its metadata.yaml, found neither')
    return open_pictures(files, fps, refused, max_pixels)


def open_pictures(files: list[Path], fps: float, refused: Refused | None, max_pixels: int
                  ) -> Video:
    """Open some pictures; one that cannot be read leaves its place in time empty."""
    if not 0 < fps < math.inf:
        raise ValueError(f'fps: expected frames a second > 0, got {fps}')
    return Video(_frames(files, fps, refused, max_pixels), len(files), fps)


def read_picture(file: Path, max_pixels: int = MAX_PIXELS) -> RgbImage:
    """
    Read a picture file, upright as its orientation tag says.

    Raises
    ------
    ImageError
        If it cannot be read, or is too large; its size is known before anything is unpacked.
    OSError
        As `picture_file`.

    """
    return upright(picture_file(file, max_pixels), max_pixels)


def picture_file(file: Path, max_pixels: int) -> bytes:
    """
    Give what a picture file holds; one that is too large for its pixels is not read.

    Raises
    ------
    ImageError
        If it cannot be read.
    OSError
        If its folder has gone, as a disk that is unplugged: no picture behind it can be read.

    """
    if not file.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(file.parent))
    try:
        if not file.is_file():
            raise ImageError('expected a file with a picture, got none')
        if file.stat().st_size > _BYTES_A_PIXEL * max_pixels + _HEAD_BYTES:
            raise ImageError(f'expected a file for at most {max_pixels} pixels '
                             f'(max_image_pixels), got {file.stat().st_size} bytes')
        return file.read_bytes()
    except OSError as error:
        raise ImageError(error.strerror or str(error)) from error


def upright(data: bytes, max_pixels: int) -> RgbImage:
    """Decode what a picture file holds; see `read_picture`."""
    require_few(*size_of(data), max_pixels)
    _require_one(data)
    return unpack(data, max_pixels, upright=True)


def _require_one(data: bytes) -> None:
    """Refuse an animation or several pages, of which only the first would be seen."""
    try:
        with Image.open(BytesIO(data), formats=_SERIES) as picture:
            count = getattr(picture, 'n_frames', 1)
    except Exception:  # noqa: B902 - no such format, or broken: it is decoded or refused later
        return
    if count > 1:
        raise ImageError(f'expected one picture in a file, got {count}: convert it to a video, or '
                         f'to a folder of pictures')


def size_of(data: bytes) -> tuple[int, int]:
    """Give width and height of a picture file of any format that folders may have."""
    try:
        return picture_size(data)
    except ValueError as error:
        got = str(error).partition(', got ')[2]
    try:
        with Image.open(BytesIO(data), formats=_OTHER_FORMATS) as picture:
            return picture.size
    except Image.DecompressionBombError as error:
        raise ImageError(f'image size: {said(error)}') from error
    except Exception as error:  # noqa: B902 - whatever a library says of a stranger's bytes
        raise ImageError(f'expected a whole JPEG, PNG, BMP, TIFF or WebP of 8 or 16 bits a '
                         f'channel, got {got}') from error


def _frames(files: list[Path], fps: float, refused: Refused | None, max_pixels: int
            ) -> Iterator[Frame]:
    for index, file in enumerate(files):
        try:
            yield Frame(read_picture(file, max_pixels), index / fps)
        except ImageError as error:
            if refused is None:
                raise ImageError(f'{file}: {error}') from error
            refused(f'{file}: {error}', 1)
