# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Other programs that may run a static network: ONNX Runtime and OpenVINO, on the CPU.

One seam: a callable that takes the place of the module, tensors in and out. What they need is
installed with the extra `runtimes` (pip install impnet_ros[runtimes]) and imported when asked for.
"""
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Any

from impnet_ros.config import RUNTIMES
from impnet_ros.model.onnx.exporting import onnx_bytes, quietly
import torch
from torch import nn, Tensor

Static = Callable[[Tensor], tuple[Tensor, ...]]
"""(B, C, H, W) to a tuple of (B, C_i, h_i, w_i)."""

_SHAPES = 4
"""Input shapes kept compiled: cameras of one robot have few."""


def choose_runtime(module: nn.Module, runtime: str, example: Tensor, multiple: int) -> Static:
    """
    Give what runs a module.

    Parameters
    ----------
    module : nn.Module
        A network of one input and a tuple of outputs, in evaluation mode.
    runtime : str
        Of `RUNTIMES`; 'torch' calls the module itself.
    example : Tensor
        An input, (1, C, H, W).
    multiple : int
        Of what inputs' height and width are multiples.

    Returns
    -------
    callable
        (1, C, H, W) to the module's outputs. It uses as many threads as torch has now.

    Raises
    ------
    ValueError
        If the runtime is unknown, not installed, or asked for on another device than the CPU.

    """
    if runtime not in RUNTIMES:
        raise ValueError(f'runtime: expected one of {", ".join(RUNTIMES)}, got {runtime!r}')
    if runtime == 'torch':
        run: Static = module.__call__  # not the module, which would become a part twice
        return run
    if example.device.type != 'cpu':
        raise ValueError(f'runtime: {runtime!r} is for the CPU, got device {example.device}')
    if runtime == 'openvino':
        return OpenVino(module, example)
    return OnnxRuntime(onnx_bytes(module, example, multiple))


def required(package: str) -> Any:
    """Import an optional package, or tell how to get it."""
    try:
        return import_module(package)
    except ImportError as error:
        raise ValueError(f"{package} is not installed: pip install 'impnet_ros[runtimes]', or "
                         f'use runtime torch ({error})') from error


class OnnxRuntime:
    """
    A session of ONNX Runtime.

    Parameters
    ----------
    model : bytes
        ONNX, one input.

    """

    def __init__(self, model: bytes) -> None:
        onnxruntime = required('onnxruntime')
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        # Threads that spin while they wait take the processor from whoever else needs it.
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        self._session = onnxruntime.InferenceSession(model, options,
                                                     providers=['CPUExecutionProvider'])
        self._name = self._session.get_inputs()[0].name

    def __call__(self, x: Tensor) -> tuple[Tensor, ...]:
        """(B, C, H, W) to the model's outputs."""
        outputs = self._session.run(None, {self._name: x.contiguous().numpy()})
        return tuple(torch.from_numpy(output) for output in outputs)


class OpenVino:
    """
    A module compiled by OpenVINO, once for each shape of the input.

    Parameters
    ----------
    module : nn.Module
        As for `choose_runtime`.
    example : Tensor
        An input.

    """

    def __init__(self, module: nn.Module, example: Tensor) -> None:
        self._openvino = required('openvino')
        with torch.inference_mode(), quietly():
            self._model = self._openvino.convert_model(module, example_input=example)
        # f32 in so many words: where the processor can, OpenVINO would take bfloat16.
        self._properties = {'INFERENCE_PRECISION_HINT': 'f32', 'PERFORMANCE_HINT': 'LATENCY',
                            'INFERENCE_NUM_THREADS': torch.get_num_threads()}
        self._compiled = lru_cache(maxsize=_SHAPES)(self._compile)

    def __call__(self, x: Tensor) -> tuple[Tensor, ...]:
        """(B, C, H, W) to the module's outputs."""
        request = self._compiled(tuple(x.shape)).create_infer_request()
        outputs = request.infer([x.contiguous().numpy()], share_inputs=True)
        return tuple(torch.from_numpy(output) for output in outputs.to_tuple())

    def _compile(self, shape: tuple[int, ...]) -> Any:
        model = self._model.clone()
        model.reshape(list(shape))
        return self._openvino.Core().compile_model(model, 'CPU', self._properties)
