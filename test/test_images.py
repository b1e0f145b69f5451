# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Decoding against pixels encoded by hand or by OpenCV."""
import cv2
from impnet_ros.images import decode_compressed, decode_image, ENCODINGS, ImageError
import numpy as np
import pytest


@pytest.fixture
def rgb():
    """Give a smooth picture, so that chroma subsampling and demosaicing cost little."""
    y, x = np.mgrid[:24, :32]
    return np.stack((40 + 4 * x, 200 - 5 * y, 60 + 2 * x + 2 * y), -1).astype(np.uint8)


def padded(pixels, padding=5):
    """Bytes of rows with garbage behind each, and the step."""
    rows = pixels.reshape(pixels.shape[0], -1).view(np.uint8)
    wide = np.full((rows.shape[0], rows.shape[1] + padding), 0xEE, np.uint8)
    wide[:, :rows.shape[1]] = rows
    return wide.tobytes(), wide.shape[1]


def decode(pixels, encoding, **kwargs):
    data, step = padded(np.ascontiguousarray(pixels))
    return decode_image(data, *pixels.shape[:2], encoding, step, **kwargs)


@pytest.mark.parametrize('encoding, channels', [
    ('rgb8', [0, 1, 2]), ('bgr8', [2, 1, 0]), ('8UC3', [2, 1, 0]),
    ('rgba8', [0, 1, 2, 0]), ('bgra8', [2, 1, 0, 0]), ('8UC4', [2, 1, 0, 0])])
def test_colour_encodings_with_padded_rows_are_views(rgb, encoding, channels):
    data, step = padded(np.ascontiguousarray(rgb[..., channels]))
    image = decode_image(data, 24, 32, encoding, step)
    np.testing.assert_array_equal(image, rgb)
    assert np.shares_memory(image, np.frombuffer(data, np.uint8))


@pytest.mark.parametrize('encoding', ['mono8', '8UC1'])
def test_gray_is_the_same_in_three_channels(rgb, encoding):
    image = decode(rgb[..., 0], encoding)
    assert image.shape == (24, 32, 3)
    assert all((image[..., channel] == rgb[..., 0]).all() for channel in range(3))


@pytest.mark.parametrize('bigendian', [False, True])
@pytest.mark.parametrize('encoding, channels', [
    ('mono16', [0]), ('rgb16', [0, 1, 2]), ('bgr16', [2, 1, 0]), ('bgra16', [2, 1, 0, 0]),
    ('rgba16', [0, 1, 2, 2])])
def test_sixteen_bits_in_both_byte_orders(rgb, encoding, channels, bigendian):
    deep = (rgb[..., channels].astype(np.uint32) * 257).astype('>u2' if bigendian else '<u2')
    expected = rgb[..., [0, 0, 0]] if encoding == 'mono16' else rgb
    np.testing.assert_array_equal(decode(deep, encoding, is_bigendian=bigendian), expected)


@pytest.mark.parametrize('encoding, luma, chroma', [
    ('yuv422', 1, 0), ('uyvy', 1, 0), ('yuv422_yuy2', 0, 1), ('yuyv', 0, 1)])
def test_yuv422_in_both_orders(rgb, encoding, luma, chroma):
    """Studio-range BT.601, the inverse of what OpenCV documents, worked out here."""
    r, g, b = np.moveaxis(rgb.astype(float), -1, 0)
    packed = np.empty((24, 32, 2), np.uint8)
    packed[..., luma] = np.round(16 + .257 * r + .504 * g + .098 * b)
    packed[:, 0::2, chroma] = np.round(128 - .148 * r - .291 * g + .439 * b)[:, 0::2]
    packed[:, 1::2, chroma] = np.round(128 + .439 * r - .368 * g - .071 * b)[:, 0::2]
    assert np.abs(decode(packed, encoding).astype(int) - rgb).max() <= 8


@pytest.mark.parametrize('encoding, chroma', [('nv12', 'uv'), ('nv21', 'vu')])
def test_two_planes(rgb, encoding, chroma):
    """Rows of brightness, then half as many of colour, as cameras of phones and boards have."""
    r, g, b = np.moveaxis(rgb.astype(float), -1, 0)
    planes = np.empty((36, 32), np.uint8)
    planes[:24] = np.round(16 + .257 * r + .504 * g + .098 * b)
    u = np.round(128 - .148 * r - .291 * g + .439 * b)[::2, ::2]
    v = np.round(128 + .439 * r - .368 * g - .071 * b)[::2, ::2]
    planes[24:, ::2], planes[24:, 1::2] = (u, v) if chroma == 'uv' else (v, u)
    data, step = padded(planes)
    image = decode_image(data, 24, 32, encoding, step)
    assert image.shape == rgb.shape and np.abs(image.astype(int) - rgb).max() <= 12
    with pytest.raises(ImageError, match=f'{encoding} image of 32 x 23: OpenCV refuses it'):
        decode_image(data, 23, 32, encoding, step)
    with pytest.raises(ImageError, match=r'expected 1332 bytes \(36 rows of 37\), got 888'):
        decode_image(data[:888], 24, 32, encoding, step)


@pytest.mark.parametrize('pattern', ['rggb', 'bggr', 'gbrg', 'grbg'])
@pytest.mark.parametrize('depth', [8, 16])
def test_bayer_patterns(rgb, pattern, depth):
    mosaic = np.empty((24, 32), np.uint8)
    for place, colour in enumerate(pattern):
        row, column = divmod(place, 2)
        mosaic[row::2, column::2] = rgb[row::2, column::2, 'rgb'.index(colour)]
    if depth == 16:
        mosaic = mosaic.astype(np.uint16) * 257
    image = decode(mosaic, f'bayer_{pattern}{depth}')
    assert np.abs(image.astype(int) - rgb)[2:-2, 2:-2].max() <= 6


@pytest.mark.parametrize('change, message', [
    ({'encoding': '32FC1'}, "encoding: expected one of .*got '32FC1'"),
    ({'height': 0}, 'expected at least 1 x 1, got 32 x 0'),
    ({'width': 0}, 'expected at least 1 x 1, got 0 x 24'),
    ({'step': 95}, 'step: expected at least 96 bytes for 32 pixels of rgb8, got 95'),
    ({'height': 400_000}, r'data: expected 38400000 bytes \(400000 rows of 96\), got 2304'),
    ({'height': 4_000_000_000}, 'at most 50000000 pixels .*, got 32 x 4000000000'),
    ({'data': b''}, 'got 0')])
def test_what_does_not_fit_together_is_refused(rgb, change, message):
    good = {'data': rgb.tobytes(), 'height': 24, 'width': 32, 'encoding': 'rgb8', 'step': 96}
    with pytest.raises(ImageError, match=message):
        decode_image(**(good | change))


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_one_pixel_is_decoded_or_refused_clearly(encoding):
    try:
        assert decode_image(bytes(8), 1, 1, encoding, 8).shape == (1, 1, 3)
    except ImageError as error:
        assert encoding in str(error)


@pytest.mark.parametrize('suffix, tolerance', [('.png', 0), ('.jpg', 12)])
def test_compressed_pictures(rgb, suffix, tolerance):
    file = cv2.imencode(suffix, rgb[..., ::-1])[1].tobytes()
    assert np.abs(decode_compressed(file).astype(int) - rgb).max() <= tolerance


@pytest.mark.parametrize('data', [b'', b'not a picture', b'\xff\xd8\xff\xe0'])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(ImageError, match='expected a whole JPEG or PNG'):
        decode_compressed(data)


def test_sixteen_bits_are_rounded_not_cut():
    """257 deep steps are one: half of them, 128.5, is the border."""
    deep = np.array([[0, 128, 129, 385, 386, 65_406, 65_407, 65_535]], '<u2')
    assert decode(deep, 'mono16')[0, :, 0].tolist() == [0, 0, 1, 1, 2, 254, 255, 255]


def test_a_turned_picture_file_is_left_as_the_camera_saw_it(rgb):
    """A camera's calibration is of the sensor; what its file says of "up" changes no pixel."""
    file = cv2.imencode('.jpg', rgb[..., ::-1])[1].tobytes()
    # Big-endian TIFF with one entry: tag 0x112, a short, is 6, "turn by a quarter".
    entry = bytes.fromhex('0112 0003 00000001 0006 0000')
    tiff = b'MM' + bytes.fromhex('002a 00000008 0001') + entry + bytes(4)
    exif = b'Exif' + bytes(2) + tiff
    turned = file[:2] + b'\xff\xe1' + (len(exif) + 2).to_bytes(2, 'big') + exif + file[2:]
    assert cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR).shape == (32, 24, 3)
    np.testing.assert_array_equal(decode_compressed(turned), decode_compressed(file))
