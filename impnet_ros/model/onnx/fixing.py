# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
One form for every file: a single float32 input (1, 3, H, W) of known size, constants folded.

What else a graph asks for (the size of the original image, a scale) is answered once and for all:
boxes come in pixels of the input.
"""
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from impnet_ros.model.onnx.errors import ERRORS, first_line
from impnet_ros.model.onnx.runtimes import OnnxRuntime, PROVIDERS, session_options, UnfitError
import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto
import onnxruntime
import torch
from torch import Tensor

PICTURE = 'impnet_picture'
"""Name of the input."""

SMALLEST_SIDE, LARGEST_SIDE = 32, 4096
"""Pixels of an input, either way."""

LONGEST_LOOK_S = 60.0
"""Seconds that a graph may take for one picture: many times what any detector takes."""

LARGEST_TENSOR = 2 ** 30
"""Bytes of any tensor of which the size is known before it is computed."""

_SIZES = (640, 416, 320, 512, 384, 608, 544, 800, 576, 480, 448, 352, 300, 256, 1024, 1280)
# Tried in turn where a graph takes sizes that it does not work at.

_WEIGHTS_ARE_NO_INPUTS = 4
# Version of ONNX's format from which on initialisers need not be inputs too.

_PIXELS = {TensorProto.FLOAT: np.float32, TensorProto.FLOAT16: np.float16,
           TensorProto.UINT8: np.uint8}


def image_input(model: onnx.ModelProto) -> tuple[onnx.ValueInfoProto, list[int], str]:
    """
    Find the input that takes the picture.

    Returns
    -------
    value : ValueInfoProto
    size : list of int
        Height and width; 0 where any is taken.
    order : str
        Of its axes: 'NCHW', 'NHWC', 'CHW' or 'HWC'.

    Raises
    ------
    ValueError
        If there is none, or its size is out of all bounds.

    """
    weights = {item.name for item in model.graph.initializer}
    inputs = [item for item in model.graph.input if item.name not in weights]
    for value in inputs:
        tensor = value.type.tensor_type
        shape = [max(dim.dim_value, 0) for dim in tensor.shape.dim]
        if tensor.elem_type not in _PIXELS or len(shape) not in (3, 4):
            continue
        if len(shape) == 4 and shape[0] > 1:
            raise ValueError(f'expected an input of one picture, got batches of {shape[0]}: '
                             'export with a batch of 1, or a dynamic one')
        if len(shape) == 3 and shape[2] == 3 and shape[0] != 3:
            order, channels, size = 'HWC', shape[2], shape[:2]
        elif len(shape) == 3:
            order, channels, size = 'CHW', shape[0], shape[1:]
        elif shape[3] == 3 and shape[1] != 3:
            order, channels, size = 'NHWC', shape[3], shape[1:3]
        else:
            order, channels, size = 'NCHW', shape[1], shape[2:]
        if channels not in (0, 3):
            continue
        _require_size(size)
        return value, size, order
    told = ', '.join(f'{item.name} {_shape(item)}' for item in inputs) or 'none'
    raise ValueError(f'expected an input (1, 3, height, width) of float32, float16 or uint8, got '
                     f'{told}')


def _require_size(size: Sequence[int]) -> None:
    if max(size) > LARGEST_SIDE or any(0 < side < SMALLEST_SIDE for side in size):
        bound = (f'at most {LARGEST_SIDE}' if max(size) > LARGEST_SIDE
                 else f'at least {SMALLEST_SIDE}')
        raise ValueError(f'expected an input of {bound} pixels a side, got {size[1]} x {size[0]}')


def fixed(model: onnx.ModelProto, wanted: int | None,
          stated: tuple[int, int] | None) -> tuple[onnx.ModelProto, tuple[int, int]]:
    """
    Bring a model into the one form.

    Parameters
    ----------
    model : ModelProto
        Checked; not changed.
    wanted : int, optional
        Side to try first, where the graph takes any size and states none.
    stated : tuple of int, optional
        (height, width) that the user or the file's metadata say.

    Returns
    -------
    model : ModelProto
    size : tuple of int
        (height, width) of its input.

    Raises
    ------
    ValueError
        If it does not run, at any size that is possible.

    """
    refused = []
    for size in _candidates(image_input(model)[1], wanted, stated):
        try:
            made = _folded(_single_input(model, size))
            check_sizes(made)
            run_whole(made, torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0)))
            return made, size
        except UnfitError:
            raise
        except ERRORS as error:
            refused.append(f'at {size[1]} x {size[0]}: {first_line(error)}')
    others = f', nor at {len(refused) - 1} other sizes' if len(refused) > 1 else ''
    hint = '' if all(image_input(model)[1]) else (
        f'{others}: it may work only at the size for which it was exported, or at '
        'multiples of 32 (--size WxH)')
    if 'opset' in refused[0] or 'IR version' in refused[0]:
        hint = (f'; it was made for another ONNX than ONNX Runtime {onnxruntime.__version__} '
                'knows: export it with another opset (17 is widely known)')
    raise ValueError(f'the graph does not run {refused[0]}{hint}')


def run_whole(model: onnx.ModelProto, pixels: Tensor) -> dict[str, Tensor]:
    """
    Give all outputs of a fixed model by name, of an input (1, 3, H, W).

    Raises
    ------
    UnfitError
        If it takes too long, or what it gives is not finite.

    """
    runtime = OnnxRuntime(model.SerializeToString(), PROVIDERS['cpu'], trusted=False)
    outputs = runtime.within(LONGEST_LOOK_S, [pixels])
    named = dict(zip((item.name for item in model.graph.output), outputs, strict=True))
    for name, value in named.items():
        if value.is_floating_point() and not value.isfinite().all():
            raise UnfitError(f'{name}: expected finite numbers of a picture, got some that are '
                             'not: export it again, and look at its weights or its precision')
    return named


def _candidates(size: list[int], wanted: int | None,
                stated: tuple[int, int] | None) -> Iterator[tuple[int, int]]:
    """Sizes to try, (height, width): the graph's own, the stated one, or usual ones."""
    if all(size):
        yield size[0], size[1]
        return
    if stated is not None:
        _require_size(stated)
        yield stated
        return
    for side in dict.fromkeys(((wanted,) if wanted else ()) + _SIZES):
        yield size[0] or side, size[1] or side


def _single_input(model: onnx.ModelProto, size: tuple[int, int]) -> onnx.ModelProto:
    value, _, order = image_input(model)
    made = onnx.ModelProto()
    made.CopyFrom(model)
    made.ir_version = max(made.ir_version, _WEIGHTS_ARE_NO_INPUTS)
    graph = made.graph
    kind = value.type.tensor_type.elem_type
    weights = {item.name for item in graph.initializer}
    for item in graph.input:
        if item.name != value.name and item.name not in weights:
            graph.initializer.append(numpy_helper.from_array(_answer(item, size), item.name))
    steps: list[tuple[str, dict[str, Any]]] = []
    steps += [('Cast', {'to': kind})] if kind != TensorProto.FLOAT else []
    steps += [('Transpose', {'perm': [0, 2, 3, 1]})] if order.endswith('HWC') else []
    steps += [('Reshape', {})] if len(order) == 3 else []
    steps = steps or [('Identity', {})]
    shape = np.array([3, *size] if order == 'CHW' else [*size, 3])
    graph.initializer.append(numpy_helper.from_array(shape, f'{PICTURE}_shape'))
    names = [PICTURE, *(f'{PICTURE}_{number}' for number in range(1, len(steps))), value.name]
    nodes = [helper.make_node(step, [before] + [f'{PICTURE}_shape'] * (step == 'Reshape'), [after],
                              **attributes)
             for (step, attributes), before, after in zip(steps, names, names[1:], strict=False)]
    old = list(graph.node)
    del graph.node[:], graph.input[:], graph.value_info[:]
    graph.node.extend([*nodes, *old])
    graph.input.append(helper.make_tensor_value_info(PICTURE, TensorProto.FLOAT, [1, 3, *size]))
    for item in graph.output:  # what the file says of sizes may be for other inputs
        if item.type.HasField('tensor_type'):
            item.type.tensor_type.ClearField('shape')
    return made


def _answer(item: onnx.ValueInfoProto, size: tuple[int, int]) -> np.ndarray:
    """Give what a graph asks for besides the picture, so that boxes are in the input's pixels."""
    shape = [dim.dim_value or 1 for dim in item.type.tensor_type.shape.dim]
    name = item.name.lower()
    if shape in ([1, 2], [2]) and item.type.tensor_type.elem_type:
        kind = helper.tensor_dtype_to_np_dtype(item.type.tensor_type.elem_type)
        if 'scale' in name:
            return np.ones(shape, kind)
        if 'im_shape' in name:  # Paddle counts rows first
            return np.array(size, kind).reshape(shape)
        if 'size' in name:
            return np.array(size[::-1], kind).reshape(shape)
    raise ValueError(f'expected a picture, and perhaps orig_target_sizes, im_shape or '
                     f'scale_factor, got the input {item.name} {_shape(item)}: export it without')


def _folded(model: onnx.ModelProto) -> onnx.ModelProto:
    """Let ONNX Runtime compute all that does not depend on the picture."""
    with TemporaryDirectory() as folder:
        options = session_options(trusted=False)
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(Path(folder, 'folded.onnx'))
        onnxruntime.InferenceSession(model.SerializeToString(), options,
                                     providers=['CPUExecutionProvider'])
        made = onnx.load(options.optimized_model_filepath)
    used = {node.domain for node in made.graph.node} | {''}
    kept = [item for item in made.opset_import if item.domain in used]
    del made.opset_import[:]
    made.opset_import.extend(kept)
    return onnx.shape_inference.infer_shapes(made)


def check_sizes(model: onnx.ModelProto) -> None:
    """Refuse a graph with a tensor that no detector has, before any memory is given to it."""
    for item in (*model.graph.value_info, *model.graph.output):
        count = float(np.prod([float(side) for side in shape_of(item)]))
        if count * 4 > LARGEST_TENSOR:
            raise ValueError(f'expected tensors of at most 1 GB, got {item.name!r} of '
                             f'{_shape(item)}')


def shape_of(item: onnx.ValueInfoProto) -> tuple[int, ...]:
    """Give a value's shape; 0 where it is not known."""
    return tuple(dim.dim_value for dim in item.type.tensor_type.shape.dim)


def _shape(item: onnx.ValueInfoProto) -> str:
    if not item.type.HasField('tensor_type'):
        return f'({item.type.WhichOneof("value")})'
    dims = item.type.tensor_type.shape.dim
    kind = TensorProto.DataType.Name(item.type.tensor_type.elem_type).lower()
    return f'({", ".join(str(dim.dim_param or dim.dim_value or "?") for dim in dims)}) of {kind}'
