# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Image messages to pixels and back, whatever arrives."""
from array import array

import cv2
from impnet_ros.images import ENCODINGS, ImageError
from impnet_ros.ros.images import to_image, to_jpeg, to_rgb
import numpy as np
import pytest
from ros_harness import image_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

MANY = 50_000_000
RGB = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def compressed(data: bytes) -> CompressedImage:
    """Make a message of a picture file."""
    return CompressedImage(format='jpeg', data=array('B', data))


@pytest.mark.parametrize(('encoding', 'pixels'), [
    ('rgb8', RGB),
    ('bgr8', RGB[..., ::-1]),
    ('rgba8', np.dstack([RGB, RGB[..., :1]])),
    ('bgra8', np.dstack([RGB[..., ::-1], RGB[..., :1]])),
    ('8UC3', RGB[..., ::-1]),
])
@pytest.mark.parametrize('padding', [0, 5])
def test_colour_encodings(encoding: str, pixels: np.ndarray, padding: int) -> None:
    """Every order of channels gives the same RGB picture, with padded rows too."""
    message = image_message(pixels, 0, encoding=encoding, padding=padding)
    assert np.array_equal(to_rgb(message, MANY), RGB)


@pytest.mark.parametrize('big_endian', [False, True])
def test_mono16_of_either_byte_order(big_endian: bool) -> None:
    """65535 is white, 257 is 1."""
    pixels = np.array([[0, 257, 65535]], '>u2' if big_endian else '<u2')
    message = image_message(pixels.view(np.uint8).reshape(1, 6), 0, encoding='mono16')
    message.width, message.is_bigendian = 3, big_endian
    assert to_rgb(message, MANY)[0, :, 0].tolist() == [0, 1, 255]


def test_common_pictures_are_not_copied() -> None:
    """The pixels of rgb8 are the bytes of the message."""
    message = image_message(RGB, 0)
    picture = to_rgb(message, MANY)
    message.data[0] = 99
    assert picture[0, 0, 0] == 99


def test_pictures_become_messages_with_the_header() -> None:
    """What is drawn comes out as it went in; a JPEG nearly."""
    header = Header(frame_id='left')
    header.stamp.sec = 7
    message = to_image(RGB, header)
    assert message.header == header
    assert np.array_equal(to_rgb(message, MANY), RGB)
    smooth = cv2.resize(RGB, (64, 48), interpolation=cv2.INTER_LINEAR)
    jpeg = to_jpeg(smooth, header, 95)
    assert jpeg.header == header
    assert np.abs(to_rgb(jpeg, MANY).astype(int) - smooth).mean() < 4


def test_compressed_pictures() -> None:
    """PNG is exact."""
    _, data = cv2.imencode('.png', RGB[..., ::-1])
    assert np.array_equal(to_rgb(compressed(data.tobytes()), MANY), RGB)


@pytest.mark.parametrize(('message', 'said'), [
    (Image(), 'at least 1 x 1|encoding'),
    (Image(encoding='rgb8'), 'at least 1 x 1'),
    (Image(encoding='rgb8', width=2**32 - 1, height=2**32 - 1, step=3), 'at most 50000000 pixels'),
    (Image(encoding='rgb8', width=4, height=4, step=12), 'expected 48 bytes'),
    (Image(encoding='rgb8', width=4, height=4, step=3), 'step: expected at least 12'),
    (compressed(b''), 'compressed image'),
    (compressed(b'\xff\xd8\xff'), 'compressed image'),
])
def test_what_cannot_be_decoded(message: Image | CompressedImage, said: str) -> None:
    """It is refused with what was expected."""
    with pytest.raises(ImageError, match=said):
        to_rgb(message, MANY)


@pytest.mark.parametrize('suffix', ['.png', '.jpg'])
def test_a_huge_picture_is_refused_before_it_is_unpacked(suffix: str) -> None:
    """A small file that unpacks to more than is taken: its head tells."""
    _, data = cv2.imencode(suffix, np.zeros((300, 400, 3), np.uint8))
    assert to_rgb(compressed(data.tobytes()), 120_000).shape == (300, 400, 3)
    with pytest.raises(ImageError, match='got 400 x 300'):
        to_rgb(compressed(data.tobytes()), 119_999)


def test_unknown_encodings_name_the_way_out() -> None:
    """Without cv_bridge the message says that it would serve others."""
    with pytest.raises(ImageError, match='32FC1|cv_bridge'):
        to_rgb(Image(encoding='32FC1', width=2, height=2, step=8, data=bytes(16)), MANY)


def test_no_message_does_harm() -> None:
    """Two thousand random and mutated messages: a picture of the right shape, or ImageError."""
    random = np.random.default_rng(0)
    _, jpeg = cv2.imencode('.jpg', RGB)
    _, png = cv2.imencode('.png', RGB)
    answers = 0
    for index in range(2000):
        if index % 4 == 0:
            data = bytearray((jpeg if index % 8 else png).tobytes())
            for at in random.integers(0, len(data), 4):
                data[at] = random.integers(256)
            message = compressed(bytes(data[:random.integers(len(data) + 1)]))
        else:
            height, width = (int(size) for size in random.integers(0, 9, 2))
            message = Image(
                height=height, width=width, encoding=str(random.choice([*ENCODINGS, 'no', ''])),
                is_bigendian=int(random.integers(2)), step=int(random.integers(0, 40)),
                data=bytes(random.integers(0, 256, random.integers(0, 300), np.uint8)))
        try:
            picture = to_rgb(message, 10_000)
        except ImageError:
            continue
        answers += 1
        assert picture.dtype == np.uint8
        assert picture.ndim == 3
        assert picture.shape[2] == 3
    assert answers > 100
