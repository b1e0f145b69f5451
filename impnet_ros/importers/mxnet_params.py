# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Read MXNet `.params` files without MXNet.

A file is a list of arrays and a list of their names, little-endian (apache/mxnet,
src/ndarray/ndarray.cc):

    u64 0x112, u64 0, u64 count, count arrays, u64 count, count times (u64 length, bytes)

An array begins with a u32 that tells its version; then follow its shape, i32 device type and
number, i32 number type, and the values:

    number of dimensions  oldest: it is that u32 itself, dimensions are u32
    0xF993fac8            version 1: u32 dimensions, each i64
    0xF993fac9            version 2: i32 storage type in front, 0 for dense
    0xF993faca            version 3: like 2; no dimension is a scalar, -1 is nothing

Dense arrays only: detection networks have no others.
"""
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LIST = 0x112
_VERSION_1, _VERSION_2, _VERSION_3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
_TYPES = {0: np.float32, 1: np.float64, 2: np.float16, 3: np.uint8, 4: np.int32, 5: np.int8,
          6: np.int64, 7: np.bool_}
_MOST_DIMENSIONS = 32


class _Cursor:
    """Reads forward through bytes and knows what it was about to read when they end."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ValueError(f'{path}: no such file')
        size = path.stat().st_size
        self.path = path
        self.data: NDArray[np.uint8] = (np.memmap(path, np.uint8, 'r') if size
                                        else np.zeros(0, np.uint8))
        self.place = 0

    def fail(self, text: str) -> ValueError:
        return ValueError(f'{self.path}: {text}, at byte {self.place} of {len(self.data)}')

    def array(self, kind: Any, count: int, what: str) -> NDArray[Any]:
        """Give the next `count` numbers, a view of the file."""
        size = count * np.dtype(kind).itemsize
        left = len(self.data) - self.place
        if size > left:
            raise self.fail(f'truncated: expected {size} bytes of {what}, got {left}')
        values = self.data[self.place:self.place + size].view(np.dtype(kind).newbyteorder('<'))
        self.place += size
        return values

    def number(self, kind: Any, what: str) -> int:
        return int(self.array(kind, 1, what)[0])


def read_params(path: Path) -> dict[str, NDArray[Any]]:
    """
    Read all arrays of a `.params` file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict
        Name -> array. Names of checkpoints begin with 'arg:' or 'aux:'.

    Raises
    ------
    ValueError
        If the file is missing, truncated, of another kind, or has sparse arrays; the message says
        what and where.

    """
    cursor = _Cursor(path)
    head = bytes(cursor.data[:8])
    if len(head) == 8 and int.from_bytes(head, 'little') != _LIST:
        hint = {b'\x80': ', it looks like a Python pickle, which is not read',
                b'P': ', it looks like a zip archive or PyTorch file'}.get(head[:1], '')
        raise cursor.fail(f'not an MXNet .params file: expected it to begin with '
                          f'{_LIST.to_bytes(8, "little")!r}, got {head!r}{hint}')
    cursor.array(np.uint64, 2, 'header')
    count = cursor.number(np.uint64, 'number of arrays')
    arrays = []
    for index in range(count):
        arrays.append(_array(cursor, f'array {index + 1} of {count}'))
    names = cursor.number(np.uint64, 'number of names')
    if names != count:
        raise cursor.fail(f'expected {count} names, one an array, got {names}')
    result: dict[str, NDArray[Any]] = {}
    for index, values in enumerate(arrays):
        what = f'name {index + 1} of {count}'
        length = cursor.number(np.uint64, what)
        name = bytes(cursor.array(np.uint8, length, what)).decode('utf-8', 'replace')
        if name in result:
            raise cursor.fail(f'expected different names, got {name!r} twice')
        result[name] = values
    if cursor.place != len(cursor.data):
        raise cursor.fail('expected the end of the file')
    return result


def _array(cursor: _Cursor, what: str) -> NDArray[Any]:
    version = cursor.number(np.uint32, what)
    wide = version in (_VERSION_1, _VERSION_2, _VERSION_3)
    dimensions = version
    if version in (_VERSION_2, _VERSION_3):
        storage = cursor.number(np.int32, f'storage type of {what}')
        if storage != 0:
            raise cursor.fail(f'{what} is sparse (storage type {storage}): only dense arrays are '
                              'read')
    if wide:
        dimensions = cursor.number(np.int32, f'number of dimensions of {what}')
    if version == _VERSION_3 and dimensions == -1 or version != _VERSION_3 and dimensions == 0:
        return np.zeros(0, np.float32)  # an array without content ends here
    if not 0 <= dimensions <= _MOST_DIMENSIONS:
        raise cursor.fail(f'{what} cannot have {dimensions} dimensions: the file is damaged or of '
                          'an unknown version')
    shape = [int(side) for side in cursor.array(np.int64 if wide else np.uint32, dimensions,
                                                f'shape of {what}')]
    if any(side < 0 for side in shape):
        raise cursor.fail(f'{what} cannot have the shape {shape}')
    cursor.array(np.int32, 2, f'device of {what}')
    kind = cursor.number(np.int32, f'number type of {what}')
    if kind not in _TYPES:
        raise cursor.fail(f'{what} has number type {kind}: expected one of {sorted(_TYPES)}')
    return cursor.array(_TYPES[kind], prod(shape), f'values of {what}, {shape}').reshape(shape)
