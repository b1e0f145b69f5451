# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Load a network by name or from a checkpoint."""
from pathlib import Path
from typing import TYPE_CHECKING

from impnet_ros.config import DetectionConfig
from impnet_ros.model.device import choose_device
from impnet_ros.model.nanodet_network import NanoDetNetwork

if TYPE_CHECKING:
    from impnet_ros.model.nanodet_network import NanoDetNetwork

NAMES = ('nanodet_g',)


def load_network(name: str, device: str = 'auto',
                 detection: DetectionConfig | None = None) -> 'NanoDetNetwork':
    """
    Build a network with its weights, ready for `impnet_ros.stream.engine.Engine`.

    Parameters
    ----------
    name : str
        'nanodet_g' (COCO-80, weights in the package), or the path of a .safetensors checkpoint.
    device : str
        'auto', 'cpu', 'cuda' or 'cuda:n'; `network.device` tells what was chosen.
    detection : DetectionConfig, optional
        Thresholds; by default the network's own. `network.detection` may be set later.

    Returns
    -------
    Network
        With `name`, `device`, `class_names` and `detection` beside the engine's five methods.

    Raises
    ------
    ValueError
        If the name or the device is unknown, or the weights do not fit.

    """
    chosen = choose_device(device)
    if name == 'nanodet_g':
        from impnet_ros.model.nanodet_network import NanoDetNetwork
        return NanoDetNetwork.load(chosen, detection)
    raise ValueError(f'model: expected one of {", ".join(NAMES)} or a .safetensors file, got '
                     f'{name!r}' + ('' if Path(name).exists() else ' (no such file)'))
