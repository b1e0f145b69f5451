# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The reader of MXNet's file format."""
from pathlib import Path
import pickle
import struct

from impnet_ros.importers.mxnet_params import read_params
from mxnet_writer import array_bytes, params_bytes
import numpy as np
import pytest

ARRAYS = {'arg:a': np.arange(6, dtype=np.float32).reshape(2, 3),
          'aux:b': np.array([1.5], np.float64), 'arg:c': np.zeros((2, 0, 3), np.float16),
          'd': np.array([[[7]]], np.int64), 'e': np.array([1, 2, 255], np.uint8)}


def write(folder: Path, data: bytes) -> Path:
    path = folder / 'x.params'
    path.write_bytes(data)
    return path


@pytest.mark.parametrize('version', [0, 1, 2, 3])
def test_all_versions(tmp_path: Path, version: int) -> None:
    read = read_params(write(tmp_path, params_bytes(ARRAYS, version)))
    assert list(read) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert read[name].dtype == array.dtype and read[name].shape == array.shape
        np.testing.assert_array_equal(read[name], array)


def test_documented_bytes(tmp_path: Path) -> None:
    """One array of two numbers, spelt out."""
    data = bytes.fromhex('1201000000000000 0000000000000000 0100000000000000'
                         'c8fa93f9 01000000 0200000000000000 01000000 00000000 00000000'
                         '0000803f 00000040 0100000000000000 0100000000000000 77')
    np.testing.assert_array_equal(read_params(write(tmp_path, data))['w'], [1, 2])


def test_scalar_and_nothing(tmp_path: Path) -> None:
    scalar = struct.pack('<Iiiiii', 0xF993FACA, 0, 0, 1, 0, 0) + struct.pack('<f', 2.5)
    nothing = struct.pack('<Iii', 0xF993FACA, 0, -1)
    old_nothing = struct.pack('<Iii', 0xF993FAC9, 0, 0)
    data = struct.pack('<QQQ', 0x112, 0, 3) + scalar + nothing + old_nothing
    data += struct.pack('<Q', 3) + b''.join(struct.pack('<Qc', 1, c) for c in (b'a', b'b', b'c'))
    read = read_params(write(tmp_path, data))
    assert read['a'].shape == () and read['a'] == 2.5
    assert read['b'].size == read['c'].size == 0


def test_every_truncation_is_noticed(tmp_path: Path) -> None:
    whole = params_bytes({'arg:weight': np.ones((2, 2), np.float32)}, 2)
    for length in range(len(whole)):
        with pytest.raises(ValueError, match=r'truncated: expected .* at byte \d+ of'):
            read_params(write(tmp_path, whole[:length]))


def test_truncation_says_where(tmp_path: Path) -> None:
    whole = params_bytes({'a': np.ones(4, np.float32), 'b': np.ones((3, 5), np.float32)})
    with pytest.raises(ValueError, match=r'expected 60 bytes of values of array 2 of 2, \[3, 5\]'):
        read_params(write(tmp_path, whole[:120]))


@pytest.mark.parametrize('data, message', [
    (pickle.dumps({'a': 1}) + b'.' * 20, 'looks like a Python pickle'),
    (b'PK\x03\x04' + b'.' * 20, 'zip archive'),
    (b'hello, world, this is text', 'not an MXNet .params file')])
def test_other_files(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_params(write(tmp_path, data))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='no such file'):
        read_params(tmp_path / 'none.params')


@pytest.mark.parametrize('array, message', [
    (struct.pack('<Ii', 0xF993FAC9, 1), r'array 1 of 1 is sparse \(storage type 1\)'),
    (struct.pack('<II', 0xF993FAC8, 99), 'cannot have 99 dimensions'),
    (struct.pack('<I', 0xF993FACB), 'unknown version'),
    (struct.pack('<Iiqiii', 0xF993FAC8, 1, 1, 1, 0, 12), 'number type 12'),
    (struct.pack('<Iiqiii', 0xF993FAC8, 1, -5, 1, 0, 0), r'cannot have the shape \[-5\]'),
    (struct.pack('<Iiqiii', 0xF993FAC8, 1, 2 ** 60, 1, 0, 0), 'truncated')])
def test_damaged_arrays(tmp_path: Path, array: bytes, message: str) -> None:
    data = struct.pack('<QQQ', 0x112, 0, 1) + array
    with pytest.raises(ValueError, match=message):
        read_params(write(tmp_path, data))


def test_names_must_match(tmp_path: Path) -> None:
    head = struct.pack('<QQQ', 0x112, 0, 2) + 2 * array_bytes(np.ones(1, np.float32), 1)
    with pytest.raises(ValueError, match='expected 2 names, one an array, got 1'):
        read_params(write(tmp_path, head + struct.pack('<QQc', 1, 1, b'a')))
    with pytest.raises(ValueError, match="expected different names, got 'a' twice"):
        read_params(write(tmp_path, head + struct.pack('<QQcQc', 2, 1, b'a', 1, b'a')))
    with pytest.raises(ValueError, match='expected the end of the file'):
        read_params(write(tmp_path, params_bytes({'a': np.ones(1, np.float32)}) + b'x'))
