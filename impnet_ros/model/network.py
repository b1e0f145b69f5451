# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Load a network by name, from a file, or from anybody's factory."""
from collections.abc import Callable
from importlib import import_module
import logging
from pathlib import Path
import re

from impnet_ros.model.contract import Network
from impnet_ros.model.device import choose_device
from impnet_ros.model.precision import choose_precision

BUILT_IN = {
    'nanodet_g': 'impnet_ros.model.nanodet.network:NanoDetNetwork.load',
    'impression_r101': 'impnet_ros.model.paper.presets:untrained_r101',
    'impression_r101_dis': 'impnet_ros.model.paper.presets:untrained_r101_dis',
    'tiny': 'impnet_ros.model.paper.presets:untrained_tiny',
}
"""Name of a network that comes with the package, and its factory."""

_FILES = {'.safetensors': 'impnet_ros.model.paper.checkpoint:load_checkpoint',
          '.onnx': 'impnet_ros.model.onnx.network:ImportedNetwork.load'}
_FACTORY = re.compile(r'[A-Za-z_][\w.]*:[A-Za-z_][\w.]*')

_log = logging.getLogger(__name__)


def load_network(name: str, device: str = 'auto', runtime: str = 'auto',
                 precision: str = 'float32') -> Network:
    """
    Build a network with its weights, ready for `impnet_ros.stream.engine.Engine`.

    Parameters
    ----------
    name : str
        A name in `BUILT_IN`; the path of a .safetensors checkpoint, or of a detector as .onnx
        (`impnet import-detector`); or `package.module:factory`, a callable on the Python path
        that takes a torch.device and gives a `Network`.
    device : str
        'auto', 'cpu', 'cuda' or 'cuda:n'; `network.device` tells what was chosen.
    runtime : str
        What runs the features: 'torch'; 'cpu', 'cuda' or 'tensorrt', providers of ONNX Runtime;
        'openvino'; 'ncnn', for nanodet_g; or 'auto', the fastest of what is installed and works
        for this network. The networks of the paper know torch only, .onnx files neither torch
        nor ncnn.
    precision : str
        Of convolutions: 'float32', 'bfloat16' (processors and GPUs that have it) or 'float16'
        (GPUs); see `impnet_ros.model.precision`.

    Raises
    ------
    ValueError
        If the name, the device, the runtime or the precision is unknown or not offered, or the
        weights do not fit or are not finite.

    """
    chosen = choose_device(device)
    numbers = choose_precision(precision, chosen)
    if name in BUILT_IN:
        network = _factory(BUILT_IN[name])(chosen)
    elif Path(name).suffix in _FILES:
        network = _factory(_FILES[Path(name).suffix])(Path(name), chosen)
    elif _FACTORY.fullmatch(name):
        network = _checked(name, _factory(name)(chosen))
    else:
        raise ValueError(
            f'model: expected one of {", ".join(BUILT_IN)}, a {" or ".join(_FILES)} file, or '
            f'package.module:factory, got {name!r}' + ('' if Path(name).exists() else
                                                       ' (no such file)'))
    network.run_with(numbers, runtime)
    return network


def _factory(place: str) -> Callable[..., Network]:
    module_name, _, attributes = place.partition(':')
    try:
        found = import_module(module_name)
    except ImportError as error:
        raise ValueError(f'model: cannot import {module_name} of {place!r}: {error}') from error
    for attribute in attributes.split('.'):
        try:
            found = getattr(found, attribute)
        except AttributeError as error:
            raise ValueError(f'model: {place!r}: {error}') from error
    if not callable(found):
        raise ValueError(f'model: {place!r}: expected a callable that takes a torch.device, got '
                         f'{type(found).__name__}')
    return found


def _checked(place: str, network: object) -> Network:
    """Hold somebody else's network to the contract."""
    if not isinstance(network, Network):
        raise ValueError(f'model: {place!r}: expected it to give an impnet_ros Network, got '
                         f'{type(network).__name__}')
    names = network.class_names
    if not names or not all(isinstance(item, str) for item in names):
        raise ValueError(f'model: {place!r}: expected class_names, a tuple of str, got {names!r}')
    if not (network.boxes_only or network.strides):
        raise ValueError(f'model: {place!r}: expected strides, pixels a cell of each feature '
                         'level, or boxes_only = True, got neither')
    return network
