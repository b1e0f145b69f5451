# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
From the bytes of an image message to RGB pixels, without any ROS import.

Encodings are named as in sensor_msgs/image_encodings.hpp. The common 8-bit ones become a view of
the bytes, with no copy; the others go through OpenCV's conversions.
"""
from collections.abc import Callable
from pathlib import PurePath
import reprlib
from typing import Any

import cv2
from impnet_ros.picture_size import picture_size
import numpy as np

MAX_PIXELS = 50_000_000
"""Largest width times height taken by default, the same as `max_image_pixels` of the node."""

RgbImage = np.ndarray[Any, np.dtype[np.uint8]]
Pixels = np.ndarray[Any, Any]

IMAGE_TYPE = 'sensor_msgs/msg/Image'
COMPRESSED_TYPE = 'sensor_msgs/msg/CompressedImage'
IMAGE_SUFFIXES = frozenset({'.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp'})


def is_picture(name: str) -> bool:
    """Whether a file in a folder is named as a picture; macOS has a hidden `._1.jpg` beside it."""
    return not name.startswith('.') and PurePath(name).suffix.lower() in IMAGE_SUFFIXES


class ImageError(ValueError):
    """An image that cannot be decoded; the message says what was expected and what came."""


def _convert(code: int) -> Callable[[Pixels], Pixels]:
    return lambda pixels: cv2.cvtColor(np.ascontiguousarray(pixels), code)


def _gray(pixels: Pixels) -> Pixels:
    return np.broadcast_to(pixels, (*pixels.shape[:2], 3))


_REVERSED = slice(2, None, -1)

# encoding: bytes a channel, channels a pixel, conversion of (H, W, channels) to RGB or 1 channel
_ENCODINGS: dict[str, tuple[int, int, Callable[[Pixels], Pixels]]] = {
    'rgb8': (1, 3, lambda pixels: pixels),
    'bgr8': (1, 3, lambda pixels: pixels[..., ::-1]),
    'rgba8': (1, 4, lambda pixels: pixels[..., :3]),
    'bgra8': (1, 4, lambda pixels: pixels[..., _REVERSED]),
    'mono8': (1, 1, _gray),
    '8UC1': (1, 1, _gray),
    '8UC3': (1, 3, lambda pixels: pixels[..., ::-1]),
    '8UC4': (1, 4, lambda pixels: pixels[..., _REVERSED]),
    'rgb16': (2, 3, lambda pixels: pixels),
    'bgr16': (2, 3, lambda pixels: pixels[..., ::-1]),
    'rgba16': (2, 4, lambda pixels: pixels[..., :3]),
    'bgra16': (2, 4, lambda pixels: pixels[..., _REVERSED]),
    'mono16': (2, 1, _gray),
    'yuv422': (1, 2, _convert(cv2.COLOR_YUV2RGB_UYVY)),
    'uyvy': (1, 2, _convert(cv2.COLOR_YUV2RGB_UYVY)),
    'yuv422_yuy2': (1, 2, _convert(cv2.COLOR_YUV2RGB_YUY2)),
    'yuyv': (1, 2, _convert(cv2.COLOR_YUV2RGB_YUY2)),
    'nv12': (1, 1, _convert(cv2.COLOR_YUV2RGB_NV12)),
    'nv21': (1, 1, _convert(cv2.COLOR_YUV2RGB_NV21)),
    # OpenCV names a Bayer pattern by its second row, ROS by its first.
    'bayer_rggb8': (1, 1, _convert(cv2.COLOR_BayerBG2RGB)),
    'bayer_bggr8': (1, 1, _convert(cv2.COLOR_BayerRG2RGB)),
    'bayer_gbrg8': (1, 1, _convert(cv2.COLOR_BayerGR2RGB)),
    'bayer_grbg8': (1, 1, _convert(cv2.COLOR_BayerGB2RGB)),
    'bayer_rggb16': (2, 1, _convert(cv2.COLOR_BayerBG2RGB)),
    'bayer_bggr16': (2, 1, _convert(cv2.COLOR_BayerRG2RGB)),
    'bayer_gbrg16': (2, 1, _convert(cv2.COLOR_BayerGR2RGB)),
    'bayer_grbg16': (2, 1, _convert(cv2.COLOR_BayerGB2RGB)),
}
ENCODINGS: tuple[str, ...] = tuple(_ENCODINGS)
_TWO_PLANES = frozenset({'nv12', 'nv21'})
"""Half as many rows of colour, of the same step, follow those of brightness."""


def decode_image(data: Any, height: int, width: int, encoding: str, step: int,
                 is_bigendian: bool = False, max_pixels: int = MAX_PIXELS) -> RgbImage:
    """
    Decode the pixels of a sensor_msgs/Image.

    Parameters
    ----------
    data : buffer
        The message's bytes: bytes, array.array or a uint8 array.
    height, width : int
        In pixels.
    encoding : str
        One of `ENCODINGS`.
    step : int
        Bytes a row, padding included.
    is_bigendian : bool
        Byte order of 16-bit channels.
    max_pixels : int
        Largest width times height taken.

    Returns
    -------
    numpy.ndarray
        uint8 (height, width, 3), RGB; a view of `data` for 8-bit RGB, BGR and gray encodings.
        16-bit channels are scaled from 0..65535 to 0..255.

    Raises
    ------
    ImageError
        If the encoding is unknown, the sizes do not fit together, or the image is too large.

    """
    if encoding not in _ENCODINGS:
        raise ImageError(f'encoding: expected one of {", ".join(ENCODINGS)}, '
                         f'got {reprlib.repr(encoding)}')
    item_bytes, channels, to_rgb = _ENCODINGS[encoding]
    pixel_bytes = item_bytes * channels
    require_few(width, height, max_pixels)
    if step < width * pixel_bytes:
        raise ImageError(f'step: expected at least {width * pixel_bytes} bytes for {width} pixels '
                         f'of {encoding}, got {step}')
    raw = np.frombuffer(data, np.uint8)
    rows = height * 3 // 2 if encoding in _TWO_PLANES else height
    if raw.size < step * (rows - 1) + width * pixel_bytes:
        raise ImageError(f'data: expected {step * rows} bytes ({rows} rows of {step}), '
                         f'got {raw.size}')
    order = '>' if is_bigendian else '<'
    pixels = np.ndarray((rows, width, channels), np.dtype(f'{order}u{item_bytes}'), raw,
                        strides=(step, pixel_bytes, item_bytes))
    try:
        if item_bytes == 2:
            pixels = (pixels.astype(np.uint16) / 257.0 + 0.5).astype(np.uint8)
        return to_rgb(pixels)
    except cv2.error as error:
        raise ImageError(f'{encoding} image of {width} x {height}: OpenCV refuses it, '
                         f'{error.err}') from error


def decode_compressed(data: Any, max_pixels: int = MAX_PIXELS) -> RgbImage:
    """
    Decode a JPEG or PNG file, which its first bytes tell; its orientation tag is not regarded.

    Parameters
    ----------
    data : buffer
        The whole file: nothing in it is trusted.
    max_pixels : int
        Largest width times height taken; read from the head before anything is unpacked.

    Returns
    -------
    numpy.ndarray
        uint8 (H, W, 3), RGB.

    Raises
    ------
    ImageError
        If the bytes are no such file, or the picture is too large.

    """
    file = bytes(data)
    try:
        require_few(*picture_size(file), max_pixels)
    except ImageError:
        raise
    except ValueError as error:
        raise ImageError(f'compressed image: {error}') from error
    return unpack(file, max_pixels, upright=False)


def require_few(width: int, height: int, max_pixels: int) -> None:
    """Refuse an empty picture and one of more than so many pixels."""
    if width < 1 or height < 1:
        raise ImageError(f'image size: expected at least 1 x 1, got {width} x {height}')
    if width * height > max_pixels:
        raise ImageError(f'image size: expected at most {max_pixels} pixels (max_image_pixels), '
                         f'got {width} x {height}')


def unpack(file: bytes, max_pixels: int, *, upright: bool) -> RgbImage:
    """
    Decode a picture file whose head was checked, with OpenCV.

    Parameters
    ----------
    file : bytes
        The whole file.
    max_pixels : int
        Largest width times height taken.
    upright : bool
        Whether to turn the picture as its orientation tag says.

    Raises
    ------
    ImageError
        If OpenCV cannot read it, or it is larger than its head said.

    """
    flags = cv2.IMREAD_COLOR | (0 if upright else cv2.IMREAD_IGNORE_ORIENTATION)
    try:
        image = cv2.imdecode(np.frombuffer(file, np.uint8), flags)
    except cv2.error:
        image = None
    if image is None:
        raise ImageError(f'expected a whole picture of 8 or 16 bits a channel, got {len(file)} '
                         f'bytes starting with {file[:4]!r} that OpenCV cannot decode')
    require_few(image.shape[1], image.shape[0], max_pixels)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
