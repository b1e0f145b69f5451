# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What runs an ONNX graph: ONNX Runtime with its providers, or OpenVINO.

One seam: a callable, tensors in and out. `choose` takes the fastest that gives right numbers.
"""
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
import io
from time import perf_counter
from typing import Any

from impnet_ros.model.onnx.errors import ERRORS, first_line
from impnet_ros.model.onnx.signal_stack import use_own_stack
import numpy as np
import onnxruntime
import torch
from torch import Tensor

PROVIDERS = {'cpu': 'CPUExecutionProvider', 'cuda': 'CUDAExecutionProvider',
             'tensorrt': 'TensorrtExecutionProvider'}
"""Of ONNX Runtime, by the names of the parameter `runtime`."""

MOST_MEMORY = 4 * 2 ** 30
"""Bytes that graphs of strangers may have in this process, all together."""

TOLERANCE = 1e-3
"""Of the largest output, by which a runtime may differ from ONNX Runtime on the CPU."""

CLEARLY = 1.2
"""How many times as fast a later runtime must be to be taken in place of an earlier one: times
vary, and the choice should not."""

_NUMBERS = {f'tensor({kind})' for kind in (
    'float', 'float16', 'double', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32',
    'uint64', 'bool')}
# What outputs may be of.

_SHAPES = 4
# Input shapes kept compiled: cameras of one robot have few.

_ROUNDS = 7
# Calls of each runtime from which the fastest is told.


class UnfitError(ValueError):
    """A graph runs, but does what no detector does."""


Run = Callable[[Sequence[Tensor]], list[Tensor]]
"""Inputs in the graph's order to its outputs, floats as float32."""


def installed(device: torch.device) -> tuple[str, ...]:
    """Name the runtimes that are here, for a network on a device."""
    if device.type == 'cuda':
        providers = onnxruntime.get_available_providers()
        return tuple(name for name in ('cuda', 'tensorrt') if PROVIDERS[name] in providers)
    return ('cpu', 'openvino') if find_spec('openvino') else ('cpu',)


def open_runtime(model: bytes, runtime: str, trusted: bool = True) -> Run:
    """
    Make what runs a graph.

    Parameters
    ----------
    model : bytes
        ONNX.
    runtime : str
        'cpu', 'openvino', 'cuda' or 'tensorrt'.
    trusted : bool
        False bounds the memory that the graph may take.

    Returns
    -------
    callable
        It uses as many threads of the processor as torch has now.

    Raises
    ------
    ValueError
        If the runtime is unknown, not installed or refuses the graph.

    """
    if runtime == 'openvino':
        return _OpenVino(model)
    if runtime not in PROVIDERS:
        raise ValueError(f'runtime: expected one of {", ".join(PROVIDERS)}, openvino, got '
                         f'{runtime!r}')
    provider = PROVIDERS[runtime]
    if provider not in onnxruntime.get_available_providers():
        raise ValueError(f'runtime: {runtime!r} needs an ONNX Runtime with {provider} '
                         f'(onnxruntime-gpu), this one has none; use cpu or auto')
    return OnnxRuntime(model, provider, trusted)


def choose(model: bytes, runtime: str, examples: Sequence[Tensor], device: torch.device,
           trusted: bool = True, rival: Run | None = None) -> tuple[Run, str, str]:
    """
    Open a runtime by name, or try all that are installed and take the fastest.

    Parameters
    ----------
    model : bytes
        ONNX.
    runtime : str
        'auto', or as for `open_runtime`.
    examples : sequence of Tensor
        Inputs to try it with.
    device : torch.device
        Where the network is.
    trusted : bool
        As for `open_runtime`.
    rival : callable, optional
        The same in torch, which runs against the others.

    Returns
    -------
    run : callable
    name : str
        Which it is.
    told : str
        What was tried, for people.

    """
    if runtime != 'auto':
        run = open_runtime(model, runtime, trusted)
        _require_outputs(runtime, run, examples)
        return run, runtime, runtime
    runs: dict[str, Run] = {}
    refused = []
    expected = None if rival is None else rival(examples)
    for name in installed(device) or (('cpu',) if rival is None else ()):
        try:
            run = open_runtime(model, name, trusted)
            outputs = run(examples)
            expected = outputs if expected is None else expected
            _require_like(expected, outputs)
            runs[name] = run
        except ERRORS as error:
            refused.append(f'{name} does not work: {first_line(error)}')
    if rival is not None:
        runs['torch'] = rival
    if not runs:
        raise ValueError(f'runtime: none works for this file: {"; ".join(refused)}')
    seconds = _seconds(runs, examples) if len(runs) > 1 else dict.fromkeys(runs, 0.0)
    name, *others = seconds
    for other in others:
        name = other if seconds[other] * CLEARLY < seconds[name] else name
    tried = [f'{item} {1e3 * spent:.1f} ms' for item, spent in seconds.items() if spent]
    told = '; '.join([*tried, *refused])
    return runs[name], name, f'{name} ({told})' if told else name


def _require_like(expected: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
    """Compare values in their order of size: rounding swaps places in lists by score."""
    for one, other in zip(expected, outputs, strict=True):
        if one.shape != other.shape:
            raise ValueError('its outputs are of other shapes')
        if one.is_floating_point() and one.numel():
            one, other = one.flatten().sort().values, other.flatten().sort().values
            apart = float((one - other).abs().max() / one.abs().max().clamp(min=1e-6))
            if not apart <= TOLERANCE:
                raise ValueError(f'its outputs differ by {apart:.1e}')


def _require_outputs(name: str, run: Run, examples: Sequence[Tensor]) -> None:
    try:
        run(examples)
    except ERRORS as error:
        raise ValueError(f'runtime: {name} does not work for this file, use auto: '
                         f'{first_line(error)}') from error


def _seconds(runs: dict[str, Run], examples: Sequence[Tensor]) -> dict[str, float]:
    """Give the shortest call of each, in turns, so that what else the machine does is shared."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(_ROUNDS):
        for name, run in runs.items():
            began = perf_counter()
            run(examples)
            times[name].append(perf_counter() - began)
    return {name: min(spent) for name, spent in times.items()}


@lru_cache(maxsize=1)
def _bound_memory() -> None:
    memory = onnxruntime.OrtMemoryInfo('Cpu', onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0,
                                       onnxruntime.OrtMemType.DEFAULT)
    # Strategy 1 takes what is asked for and no more.
    onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg(
        {'max_mem': MOST_MEMORY, 'arena_extend_strategy': 1}))


def session_options(trusted: bool) -> onnxruntime.SessionOptions:
    """Give quiet options with torch's number of threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 4  # what fails is raised too
    # Threads that spin while they wait take the processor from whoever else needs it.
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    if not trusted:
        _bound_memory()
        options.add_session_config_entry('session.use_env_allocators', '1')
    return options


class OnnxRuntime:
    """A session of ONNX Runtime."""

    def __init__(self, model: bytes, provider: str, trusted: bool) -> None:
        try:
            self._session = onnxruntime.InferenceSession(model, session_options(trusted),
                                                         providers=[provider])
        except ERRORS as error:
            raise ValueError(f'ONNX Runtime {onnxruntime.__version__} refuses the graph: '
                             f'{first_line(error)}') from error
        if self._session.get_providers()[0] != provider:
            raise ValueError(f'ONNX Runtime cannot start {provider}')
        for item in self._session.get_outputs():
            if item.type not in _NUMBERS:
                raise ValueError(f'expected outputs of numbers, got {item.name!r} of {item.type}: '
                                 'export without it')
        self._options = onnxruntime.RunOptions()
        self._inputs = [(item.name, np.float16 if '16' in item.type else np.float32)
                        for item in self._session.get_inputs()]

    def __call__(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Run the graph."""
        fed = {name: np.ascontiguousarray(item.cpu().numpy(), dtype=kind)
               for (name, kind), item in zip(self._inputs, inputs, strict=True)}
        return [_tensor(output) for output in self._session.run(None, fed, self._options)]

    def within(self, seconds: float, inputs: Sequence[Tensor]) -> list[Tensor]:
        """
        Run a graph that may never end, on a thread of its own, so that Ctrl-C ends it too.

        Raises
        ------
        UnfitError
            If it takes longer.

        """
        with ThreadPoolExecutor(max_workers=1) as worker:
            try:
                return worker.submit(self, inputs).result(timeout=seconds)
            except TimeoutError as error:
                raise UnfitError(f'expected an answer within {seconds:g} s, got none: it may '
                                 'have a loop without an end') from error
            finally:  # what still runs ends here
                self._options.terminate = True
                worker.shutdown()
                self._options.terminate = False


class _OpenVino:
    """A graph compiled by OpenVINO, once for each shape of its inputs."""

    def __init__(self, model: bytes) -> None:
        try:
            self._openvino: Any = import_module('openvino')
        except ImportError as error:
            raise ValueError("openvino is not installed: pip install 'impnet_ros[runtimes]', or "
                             f'use runtime auto ({error})') from error
        self._model = self._openvino.Core().read_model(io.BytesIO(model))
        # f32 in so many words: where the processor can, OpenVINO would take bfloat16.
        self._properties = {'INFERENCE_PRECISION_HINT': 'f32', 'PERFORMANCE_HINT': 'LATENCY',
                            'INFERENCE_NUM_THREADS': torch.get_num_threads()}
        self._kinds = [np.float16 if item.element_type.to_string() == 'f16' else np.float32
                       for item in self._model.inputs]
        self._compiled = lru_cache(maxsize=_SHAPES)(self._compile)

    def __call__(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Run the graph."""
        request = self._compiled(tuple(tuple(item.shape) for item in inputs)
                                 ).create_infer_request()
        fed = [np.ascontiguousarray(item.cpu().numpy(), dtype=kind)
               for kind, item in zip(self._kinds, inputs, strict=True)]
        outputs = request.infer(fed, share_inputs=True)
        return [_tensor(output) for output in outputs.to_tuple()]

    def _compile(self, shapes: tuple[tuple[int, ...], ...]) -> Any:
        model = self._model.clone()
        model.reshape({index: list(shape) for index, shape in enumerate(shapes)})
        compiled = self._openvino.Core().compile_model(model, 'CPU', self._properties)
        use_own_stack()
        return compiled


def _tensor(output: Any) -> Tensor:
    if output.dtype == np.float16:
        output = output.astype(np.float32)
    if output.dtype.kind == 'u':
        output = output.astype(np.int64)
    return torch.from_numpy(np.ascontiguousarray(output))
