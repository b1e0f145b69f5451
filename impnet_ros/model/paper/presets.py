# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Ready-made configurations of the paper's network."""
from dataclasses import replace
import logging
from typing import Any

from impnet_ros.model.paper.config import ImpressionNetworkConfig
from impnet_ros.model.paper.network import ImpressionNetwork
import torch

_log = logging.getLogger(__name__)

TINY = ImpressionNetworkConfig(
    name='tiny', class_names=('first', 'second', 'third'), width=16, blocks=(1, 1, 2, 1),
    channels=128, flow_width=8, quality_channels=(32, 8), pixel_deviation=(58.0, 58.0, 58.0),
    short_side=160, long_side=256, anchor_scales=(2.0, 3.0, 4.0), frozen_stages=0,
    frozen_norm=False)
"""Narrow, shallow and made for small pictures with large objects, trained from nothing."""


def impression_r101(**changes: Any) -> ImpressionNetwork:
    """
    Build the paper's network for the 30 classes of ImageNet VID, weights random.

    Parameters
    ----------
    **changes
        Fields of `ImpressionNetworkConfig` that differ from the paper.

    """
    return ImpressionNetwork(replace(ImpressionNetworkConfig(), **changes)).eval()


def tiny(**changes: Any) -> ImpressionNetwork:
    """
    Build a small network of the same code, for tests and experiments, weights random.

    Parameters
    ----------
    **changes
        Fields of `ImpressionNetworkConfig` that differ from `TINY`.

    """
    return ImpressionNetwork(replace(TINY, **changes)).eval()


def untrained_r101(device: torch.device) -> ImpressionNetwork:
    """Give the paper's network with the same random weights each time."""
    return _untrained(replace(ImpressionNetworkConfig(), name='impression_r101'), device)


def untrained_r101_dis(device: torch.device) -> ImpressionNetwork:
    """Give the paper's network with DIS flow in place of FlowNet-S."""
    return _untrained(replace(ImpressionNetworkConfig(), name='impression_r101_dis', flow='dis'),
                      device)


def untrained_tiny(device: torch.device) -> ImpressionNetwork:
    """Give the small network with the same random weights each time."""
    return _untrained(TINY, device)


def _untrained(config: ImpressionNetworkConfig, device: torch.device) -> ImpressionNetwork:
    _log.warning('%s has no trained weights: import some (impnet import-weights) or train it '
                 '(impnet train); what it detects now means nothing', config.name)
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        return ImpressionNetwork(config).to(device).eval()
