# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Write `.params` files of every version byte by byte, and list the tensors of MSRA's models."""
from collections.abc import Iterator
import struct

import numpy as np

FLAGS = {'float32': 0, 'float64': 1, 'float16': 2, 'uint8': 3, 'int32': 4, 'int8': 5, 'int64': 6}


def array_bytes(array: np.ndarray, version: int) -> bytes:
    """Serialise one dense array as MXNet `version` (0 oldest, 1, 2, 3) does."""
    shape = array.shape
    if version == 0:
        head = struct.pack('<I', len(shape)) + struct.pack(f'<{len(shape)}I', *shape)
    else:
        head = struct.pack('<I', {1: 0xF993FAC8, 2: 0xF993FAC9, 3: 0xF993FACA}[version])
        if version >= 2:
            head += struct.pack('<i', 0)
        head += struct.pack('<i', len(shape)) + struct.pack(f'<{len(shape)}q', *shape)
    # Saved from the second GPU: where an array was does not matter.
    return head + struct.pack('<iii', 2, 1, FLAGS[array.dtype.name]) + array.tobytes()


def params_bytes(arrays: dict[str, np.ndarray], version: int = 1) -> bytes:
    """Serialise named arrays."""
    parts = [struct.pack('<QQQ', 0x112, 0, len(arrays))]
    parts += [array_bytes(array, version) for array in arrays.values()]
    parts.append(struct.pack('<Q', len(arrays)))
    for name in arrays:
        parts += [struct.pack('<Q', len(name)), name.encode()]
    return b''.join(parts)


def shapes(width: int = 64, channels: int = 1024, flow: int = 64,
           model: str = 'dff') -> Iterator[tuple[str, tuple[int, ...]]]:
    """List names and shapes of MSRA's Deep Feature Flow ('dff') or FGFA ('fgfa') model."""
    def norm(name: str, size: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        for field in ('gamma', 'beta'):
            yield f'arg:{name}_{field}', (size,)
        for field in ('moving_mean', 'moving_var'):
            yield f'aux:{name}_{field}', (size,)

    def layer(name: str, *shape: int, transposed: bool = False,
              ) -> Iterator[tuple[str, tuple[int, ...]]]:
        yield f'arg:{name}_weight', shape
        yield f'arg:{name}_bias', (shape[1 if transposed else 0],)

    yield 'arg:conv1_weight', (width, 3, 7, 7)
    yield from norm('bn_conv1', width)
    inputs = width
    blocks = {2: ['a', 'b', 'c'], 3: ['a', 'b1', 'b2', 'b3'],
              4: ['a', *(f'b{n}' for n in range(1, 23))], 5: ['a', 'b', 'c']}
    for stage, letters in blocks.items():
        inner = width * 2 ** (stage - 2)
        for letter in letters:
            sizes = [('2a', inner, inputs, 1), ('2b', inner, inner, 3),
                     ('2c', 4 * inner, inner, 1)]
            if letter == 'a':
                sizes.append(('1', 4 * inner, inputs, 1))
            for branch, outputs, before, side in sizes:
                place = f'{stage}{letter}_branch{branch}'
                yield f'arg:res{place}_weight', (outputs, before, side, side)
                yield from norm(f'bn{place}', outputs)
            inputs = 4 * inner
    yield from layer('feat_conv_3x3', channels, inputs, 3, 3)
    down = [('flow_conv1', flow, 6, 7), ('conv2', 2 * flow, flow, 5),
            ('conv3', 4 * flow, 2 * flow, 5), ('conv3_1', 4 * flow, 4 * flow, 3),
            ('conv4', 8 * flow, 4 * flow, 3), ('conv4_1', 8 * flow, 8 * flow, 3),
            ('conv5', 8 * flow, 8 * flow, 3), ('conv5_1', 8 * flow, 8 * flow, 3),
            ('conv6', 16 * flow, 8 * flow, 3), ('conv6_1', 16 * flow, 16 * flow, 3)]
    for name, outputs, before, side in down:
        yield from layer(name, outputs, before, side, side)
    joined = [16 * flow, 16 * flow + 2, 12 * flow + 2, 6 * flow + 2, 3 * flow + 2]
    for number, before in enumerate(joined, start=1):
        yield from layer(f'Convolution{number}', 2, before, 3, 3)
    for level, before, outputs in ((5, joined[0], 8 * flow), (4, joined[1], 4 * flow),
                                   (3, joined[2], 2 * flow), (2, joined[3], flow)):
        yield from layer(f'deconv{level}', before, outputs, 4, 4, transposed=True)
        yield from layer(f'upsample_flow{level + 1}to{level}', 2, 2, 4, 4, transposed=True)
    if model == 'dff':
        yield from layer('Convolution5_scale', channels, joined[4], 1, 1)
    else:
        yield from layer('em_conv1', 512, channels, 1, 1)
        yield from layer('em_conv2', 512, 512, 3, 3)
        yield from layer('em_conv3', 2048, 512, 1, 1)
    half = channels // 2
    yield from layer('rpn_cls_score', 18, half, 1, 1)
    yield from layer('rpn_bbox_pred', 36, half, 1, 1)
    yield from layer('rfcn_cls', 31 * 49, half, 1, 1)
    yield from layer('rfcn_bbox', 8 * 49, half, 1, 1)


def random_model(**sizes: object) -> dict[str, np.ndarray]:
    """Fill a model with values that tell every tensor from every other."""
    rng = np.random.default_rng(0)
    return {name: rng.normal(0, .05, shape).astype(np.float32) + name.endswith('var')
            for name, shape in shapes(**sizes)}
