# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From image messages to pixels and back: the one seam between ROS images and the network."""
from array import array
import reprlib
from typing import Any

import cv2
from impnet_ros.images import (decode_compressed, decode_image, ENCODINGS, ImageError, require_few,
                               RgbImage)
import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

LARGEST_JPEG = 65_500
"""Pixels a side of the JPEGs that OpenCV writes."""


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
        return decode_compressed(message.data, max_pixels)
    require_few(message.width, message.height, max_pixels)
    if message.encoding not in ENCODINGS:
        return _through_cv_bridge(message)
    return decode_image(message.data, message.height, message.width, message.encoding,
                        message.step, bool(message.is_bigendian), max_pixels)


def to_image(image: RgbImage, header: Header) -> Image:
    """Make an rgb8 message of an RGB picture (H, W, 3), with the given header."""
    height, width = image.shape[:2]
    message = Image(header=header, height=height, width=width, encoding='rgb8', step=3 * width)
    # An array of bytes is taken over as it is; any other sequence is checked byte by byte.
    message.data = _bytes(np.ascontiguousarray(image))
    return message


def to_jpeg(image: RgbImage, header: Header, quality: int) -> CompressedImage:
    """
    Make a JPEG message of an RGB picture (H, W, 3), with the given header.

    Raises
    ------
    ValueError
        If it is larger than a JPEG can be.

    """
    if max(image.shape[:2]) > LARGEST_JPEG:
        raise ValueError(f'expected at most {LARGEST_JPEG} pixels a side for a JPEG, got '
                         f'{image.shape[1]} x {image.shape[0]}')
    _, data = cv2.imencode('.jpg', cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2BGR),
                           [cv2.IMWRITE_JPEG_QUALITY, quality])
    return CompressedImage(header=header, format='rgb8; jpeg compressed bgr8', data=_bytes(data))


def encoding_of(message: Image | CompressedImage) -> str:
    """Give the pixel format; if it changes, the camera was set up anew and a new video begins."""
    return message.format if isinstance(message, CompressedImage) else message.encoding


def _bytes(pixels: np.ndarray[Any, Any]) -> 'array[int]':
    data = array('B')
    data.frombytes(pixels.data)
    return data


def _through_cv_bridge(message: Image) -> RgbImage:
    encoding = reprlib.repr(message.encoding)
    try:
        from cv_bridge import CvBridge, CvBridgeError
    except ImportError:
        raise ImageError(f'encoding: expected one of {", ".join(ENCODINGS)} (others need '
                         f'cv_bridge, which is not installed), got {encoding}'
                         ) from None
    # An unknown encoding raises a KeyError or TypeError in some versions of cv_bridge.
    try:
        return np.asarray(CvBridge().imgmsg_to_cv2(message, 'rgb8'))
    except (CvBridgeError, cv2.error, ArithmeticError, LookupError, TypeError,
            ValueError) as error:
        raise ImageError(f'encoding {encoding}: cv_bridge refuses it, {error}'
                         ) from error
