# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How large compressed data are when unpacked, known before the memory is given."""
from lz4.frame import get_frame_info, LZ4FrameDecompressor
from zstandard import frame_content_size, FRAME_HEADER, ZstdDecompressor

_BLOCK = 1 << 20


def zstd_size(data: bytes, most: int) -> int:
    """
    Give the bytes that zstd data unpack to, more than `most` where it is more.

    What does not state it, or may hold several frames, of which each states its own, is unpacked
    for it, a block at a time.
    """
    size = frame_content_size(data)
    if size >= 0 and bytes(data).count(FRAME_HEADER) == 1:
        return size
    total = 0
    with ZstdDecompressor().stream_reader(data, read_across_frames=True) as reader:
        while total <= most and (block := reader.read(_BLOCK)):
            total += len(block)
    return max(size, total)


def lz4_size(data: bytes, most: int) -> int:
    """Give the bytes that an lz4 frame unpacks to, more than `most` where it is more."""
    size: int = get_frame_info(data)['content_size']
    if size:
        return size
    unpacker, total = LZ4FrameDecompressor(), 0
    block = unpacker.decompress(data, max_length=_BLOCK)
    while block:
        total += len(block)
        if total > most or unpacker.eof:
            break
        block = unpacker.decompress(b'', max_length=_BLOCK)
    return total
