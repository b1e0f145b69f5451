# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of the paper's network: tensors, configuration and where they come from."""
from pathlib import Path
from typing import Any

from impnet_ros.model.paper.config import ImpressionNetworkConfig
from impnet_ros.model.paper.network import ImpressionNetwork
from impnet_ros.model.weights import load_into, load_weights, save_weights, Weights
import torch

MODEL = 'impression'
"""What a checkpoint's configuration says under `model`."""


def save_checkpoint(path: Path, network: ImpressionNetwork, provenance: dict[str, Any]) -> str:
    """
    Write a network to a safetensors file.

    Parameters
    ----------
    path : Path
        The file.
    network : ImpressionNetwork
        On any device.
    provenance : dict
        Source, licence, command, recipe, figures: plain JSON values.

    Returns
    -------
    str
        SHA-256 of the file.

    """
    config = {'model': MODEL, 'network': network.config.to_dict()}
    return save_weights(path, Weights(dict(network.state_dict()), config, provenance))


def network_of(weights: Weights) -> ImpressionNetwork:
    """
    Build the network that a checkpoint describes, with its weights.

    Raises
    ------
    ValueError
        If it is a checkpoint of another model, or its tensors do not fit its configuration.

    """
    if weights.config.get('model') != MODEL:
        raise ValueError(f'checkpoint: expected model {MODEL!r}, '
                         f'got {weights.config.get("model")!r}')
    network = ImpressionNetwork(ImpressionNetworkConfig.from_dict(weights.config['network']))
    load_into(network, weights.tensors)
    return network.eval()


def load_checkpoint(path: Path, device: torch.device | None = None) -> ImpressionNetwork:
    """Read what `save_checkpoint` wrote; see `network_of` and `load_weights` for errors."""
    return network_of(load_weights(path)).to(device).eval()
