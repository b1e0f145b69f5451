# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A static network as ONNX, for inputs of any size."""
from collections.abc import Iterator
import contextlib
import logging
from typing import Any
import warnings

import torch
from torch import nn, Tensor

_LARGEST_SIDE = 4096


def onnx_bytes(module: nn.Module, example: Tensor, multiple: int,
               names: tuple[str, ...] = ()) -> bytes:
    """
    Export a module.

    Parameters
    ----------
    module : nn.Module
        A network of one input and a tensor or a tuple of tensors as output, in evaluation mode.
    example : Tensor
        An input, (1, C, H, W), H and W several times `multiple`.
    multiple : int
        Of what height and width must be multiples; any such size may come later.
    names : tuple of str
        Of the outputs; their own by default.

    Returns
    -------
    bytes
        The ONNX model, weights included.

    Raises
    ------
    ValueError
        If the packages that torch needs for it are not installed.

    """
    rows = torch.export.Dim('rows', min=2, max=_LARGEST_SIDE // multiple)
    columns = torch.export.Dim('columns', min=2, max=_LARGEST_SIDE // multiple)
    shapes: Any = ({2: multiple * rows, 3: multiple * columns},)
    with quietly():
        try:
            program = torch.onnx.export(
                module, (example,), input_names=['pixels'], output_names=names or None,
                dynamo=True, dynamic_shapes=shapes, verbose=False)
        except ImportError as error:
            raise ValueError('the export needs the package onnxscript: pip install '
                             f"'impnet_ros[runtimes]' ({error})") from error
    assert program is not None
    model: bytes = program.model_proto.SerializeToString()
    return model


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Keep an exporter's progress and advice off the terminal."""
    logger = logging.getLogger('torch.onnx')
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        logger.setLevel(level)
