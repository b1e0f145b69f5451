# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Load a network by name or from a checkpoint."""
from collections.abc import Callable
from functools import partial
import logging
from pathlib import Path

from impnet_ros.config import DetectionConfig
from impnet_ros.model.device import choose_device
from impnet_ros.model.nanodet.network import NanoDetNetwork
from impnet_ros.model.paper.checkpoint import load_checkpoint
from impnet_ros.model.paper.network import ImpressionNetwork
from impnet_ros.model.paper.presets import impression_r101, tiny
from impnet_ros.model.precision import choose_precision
import torch

PRESETS: dict[str, Callable[[], ImpressionNetwork]] = {
    'impression_r101': impression_r101, 'tiny': tiny,
    'impression_r101_dis': partial(impression_r101, name='impression_r101_dis', flow='dis')}
NAMES = ('nanodet_g', *PRESETS)

_log = logging.getLogger(__name__)


def load_network(name: str, device: str = 'auto',
                 detection: DetectionConfig | None = None,
                 runtime: str = 'torch', precision: str = 'float32',
                 ) -> NanoDetNetwork | ImpressionNetwork:
    """
    Build a network with its weights, ready for `impnet_ros.stream.engine.Engine`.

    Parameters
    ----------
    name : str
        'nanodet_g' (COCO-80, weights in the package); 'impression_r101' or 'tiny', the paper's
        network without trained weights, the same random ones each time; 'impression_r101_dis',
        with DIS flow in place of FlowNet-S; or the path of a .safetensors checkpoint.
    device : str
        'auto', 'cpu', 'cuda' or 'cuda:n'; `network.device` tells what was chosen.
    detection : DetectionConfig, optional
        Thresholds; by default the network's own. `network.detection` may be set later.
    runtime : str
        What runs nanodet_g's features on a CPU: 'torch', 'onnxruntime' or 'openvino'; the others
        need the extra `runtimes` and are faster (docs/performance.md).
    precision : str
        Of convolutions: 'float32', 'bfloat16' (processors and GPUs that have it) or 'float16'
        (GPUs); see `impnet_ros.model.precision`.

    Returns
    -------
    Network
        With `name`, `device`, `class_names` and `detection` beside the engine's five methods.

    Raises
    ------
    ValueError
        If the name, the device, the runtime or the precision is unknown, they exclude each
        other, or the weights do not fit.

    """
    chosen = choose_device(device)
    numbers = choose_precision(precision, chosen)
    if name == 'nanodet_g':
        if runtime != 'torch' and precision != 'float32':
            raise ValueError(f"precision: expected 'float32' with runtime {runtime!r}, got "
                             f'{precision!r}')
        return NanoDetNetwork.load(chosen, detection, runtime, precision=numbers)
    if runtime != 'torch':
        raise ValueError(f"runtime: expected 'torch' for model {name!r}, got {runtime!r}")
    if name in PRESETS:
        _log.warning('%s has no trained weights: import some (impnet import-weights) or train it '
                     '(impnet train); what it detects now means nothing', name)
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(0)
            return _ready(PRESETS[name](), chosen, detection, numbers)
    if Path(name).suffix == '.safetensors':
        return _ready(load_checkpoint(Path(name)), chosen, detection, numbers)
    raise ValueError(f'model: expected one of {", ".join(NAMES)} or a .safetensors file, got '
                     f'{name!r}' + ('' if Path(name).exists() else ' (no such file)'))


def _ready(network: ImpressionNetwork, device: torch.device,
           detection: DetectionConfig | None, precision: torch.dtype) -> ImpressionNetwork:
    network.precision = precision
    if detection is not None:
        network.detection = detection
    return network.to(device).eval()
