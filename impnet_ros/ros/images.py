# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From image messages to pixels and back: the one seam between ROS images and the network."""
from array import array
from typing import Any

import cv2
from impnet_ros.images import decode_compressed, decode_image, ENCODINGS, ImageError, RgbImage
import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header


def to_rgb(message: Image | CompressedImage, max_pixels: int) -> RgbImage:
    """
    Decode an image message.

    Encodings that `impnet_ros.images` does not know go to cv_bridge where it is installed.

    Parameters
    ----------
    message : Image or CompressedImage
        Anything that came over the network: nothing in it is trusted.
    max_pixels : int
        Largest width times height taken.

    Returns
    -------
    numpy.ndarray
        uint8 (H, W, 3), RGB; a view of the message's data where its encoding allows.

    Raises
    ------
    ImageError
        If it cannot be decoded; the message says what was expected and what came.

    """
    if isinstance(message, CompressedImage):
        _require_few(*_compressed_size(message.data), max_pixels)
        return decode_compressed(message.data)
    _require_few(message.width, message.height, max_pixels)
    if message.encoding not in ENCODINGS:
        return _through_cv_bridge(message)
    return decode_image(message.data, message.height, message.width, message.encoding,
                        message.step, bool(message.is_bigendian))


def to_image(image: RgbImage, header: Header) -> Image:
    """Make an rgb8 message of an RGB picture (H, W, 3), with the given header."""
    height, width = image.shape[:2]
    message = Image(header=header, height=height, width=width, encoding='rgb8', step=3 * width)
    # An array of bytes is taken over as it is; any other sequence is checked byte by byte.
    message.data = _bytes(np.ascontiguousarray(image))
    return message


def to_jpeg(image: RgbImage, header: Header, quality: int) -> CompressedImage:
    """Make a JPEG message of an RGB picture (H, W, 3), with the given header."""
    _, data = cv2.imencode('.jpg', cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2BGR),
                           [cv2.IMWRITE_JPEG_QUALITY, quality])
    return CompressedImage(header=header, format='rgb8; jpeg compressed bgr8', data=_bytes(data))


def encoding_of(message: Image | CompressedImage) -> str:
    """Name what a change of which is a change of the camera's setting."""
    return message.format if isinstance(message, CompressedImage) else message.encoding


def _bytes(pixels: np.ndarray[Any, Any]) -> 'array[int]':
    data = array('B')
    data.frombytes(pixels.data)
    return data


def _require_few(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise ImageError(f'image size: expected at most {max_pixels} pixels (max_image_pixels), '
                         f'got {width} x {height}')


def _compressed_size(data: Any) -> tuple[int, int]:
    """Read width and height of a JPEG or PNG from its head, without unpacking it; (0, 0) else."""
    head = bytes(memoryview(data)[:24])
    if head.startswith(b'\x89PNG\r\n\x1a\n') and len(head) == 24:
        return int.from_bytes(head[16:20], 'big'), int.from_bytes(head[20:24], 'big')
    return _jpeg_size(data) if head.startswith(b'\xff\xd8') else (0, 0)


def _jpeg_size(data: Any) -> tuple[int, int]:
    """Walk a JPEG's segments to the frame header (SOF0 .. SOF15, without DHT, JPG and DAC)."""
    view = memoryview(data).cast('B')
    at = 2
    while at + 9 <= len(view) and view[at] == 0xFF:
        marker, length = view[at + 1], int.from_bytes(view[at + 2:at + 4], 'big')
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return (int.from_bytes(view[at + 7:at + 9], 'big'),
                    int.from_bytes(view[at + 5:at + 7], 'big'))
        at += 2 + max(length, 2)
    return 0, 0


def _through_cv_bridge(message: Image) -> RgbImage:
    try:
        from cv_bridge import CvBridge, CvBridgeError
    except ImportError:
        raise ImageError(f'encoding: expected one of {", ".join(ENCODINGS)} (others need '
                         f'cv_bridge, which is not installed), got {message.encoding!r}'
                         ) from None
    # An unknown encoding raises a KeyError or TypeError in some versions of cv_bridge.
    try:
        return np.asarray(CvBridge().imgmsg_to_cv2(message, 'rgb8'))
    except (CvBridgeError, cv2.error, ArithmeticError, LookupError, TypeError,
            ValueError) as error:
        raise ImageError(f'encoding {message.encoding!r}: cv_bridge refuses it, {error}'
                         ) from error
