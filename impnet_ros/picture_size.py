# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Size of a JPEG or PNG file from its head, without unpacking it."""

_PNG = b'\x89PNG\r\n\x1a\n'
_JPEG = b'\xff\xd8'
# What other picture files begin with: at which byte, and with what.
_OTHERS = {
    'GIF': (0, b'GIF8'), 'BMP': (0, b'BM'), 'WebP': (8, b'WEBP'),
    'TIFF': (0, b'II*\0'), 'TIFF (big-endian)': (0, b'MM\0*'), 'BigTIFF': (0, b'II+\0'),
    'JPEG 2000': (0, b'\0\0\0\x0cjP  '), 'JPEG 2000 (codestream)': (0, b'\xff\x4f\xff\x51'),
    'AVIF or HEIF': (4, b'ftyp'), 'OpenEXR': (0, b'v/1\x01'), 'Radiance HDR': (0, b'#?'),
    'PFM': (0, b'PF'), 'PNM': (0, b'P'), 'Sun raster': (0, b'Y\xa6j\x95'),
}


def picture_size(data: bytes) -> tuple[int, int]:
    """
    Read width and height of a JPEG or PNG.

    Parameters
    ----------
    data : bytes
        The whole file, or enough of it.

    Returns
    -------
    (int, int)
        Width and height in pixels.

    Raises
    ------
    ValueError
        If the file is of another kind, which is named, or is cut before its size.

    """
    if data.startswith(_PNG):
        if data[12:16] == b'IHDR' and len(data) >= 24:
            return int.from_bytes(data[16:20], 'big'), int.from_bytes(data[20:24], 'big')
        raise ValueError(f'expected a whole JPEG or PNG, got a PNG without its header, '
                         f'{len(data)} bytes')
    if data.startswith(_JPEG):
        return _jpeg_size(data)
    raise ValueError(f'expected a whole JPEG or PNG, got {_kind(data)}')


def _kind(data: bytes) -> str:
    for name, (at, magic) in _OTHERS.items():
        if data[at:at + len(magic)] == magic:
            return f'{len(data)} bytes of {name}'
    return f'{len(data)} bytes starting with {data[:4]!r}'


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """
    Walk the segments to the frame header (SOF0 .. SOF15, without DHT, JPG and DAC).

    As libjpeg does: bytes before a marker are skipped, and so are 0xFF that fill.
    """
    at = 2
    while (at := data.find(b'\xff', at)) >= 0:
        while data[at:at + 1] == b'\xff':
            at += 1
        marker = data[at] if at < len(data) else 0
        at += 1
        if marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD7:  # no marker, or one without length
            continue
        if marker in (0xD8, 0xD9, 0xDA):  # a second beginning, the end, or pixels without a size
            break
        length = int.from_bytes(data[at:at + 2], 'big')
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            if len(data) < at + 7:
                break
            return (int.from_bytes(data[at + 5:at + 7], 'big'),
                    int.from_bytes(data[at + 3:at + 5], 'big'))
        if length < 2:
            break
        at += length
    raise ValueError(f'expected a whole JPEG or PNG, got a JPEG without its size, {len(data)} '
                     f'bytes')
