# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What happens at a key frame: extract its feature and let the impression absorb it."""
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from impnet_ros.config import StreamConfig
from impnet_ros.model.impression import absorb, aggregate
from impnet_ros.stream.timing import timed
from impnet_ros.stream.types import FeatureLevels, Flow, Impression, Network
import torch
from torch import Tensor


def carry(network: Network, picture: Any, key_image: Any, levels: FeatureLevels,
          stage_ms: dict[str, float], flow: Flow | None = None) -> FeatureLevels:
    """Align levels of `key_image` with `picture`: F where it is not known yet, then W and S."""
    if flow is None:
        with timed(stage_ms, 'flow'):
            flow = network.flow(picture, key_image)
    with timed(stage_ms, 'propagate'):
        return network.propagate(levels, flow)


def absorb_key(network: Network, config: StreamConfig, picture: Any, state: Impression,
               stage_ms: dict[str, float],
               carried: Callable[[], FeatureLevels] | None) -> Impression:
    """
    Make `picture` the key frame, eqs. (1)-(4).

    May run beside the stream as long as no other key frame is absorbed meanwhile.

    Parameters
    ----------
    network : Network
        Its methods weights and features are used.
    config : StreamConfig
        Mode and memory gate.
    picture
        The key frame's picture.
    state : Impression
        Not changed.
    stage_ms : dict
        The milliseconds of features and weights are added to it.
    carried : Callable, optional
        Gives the impression aligned with `picture`; called once the new feature is there. None
        where nothing shall be fused.

    Returns
    -------
    Impression
        The state with new key image, f_task, f_imp and mean weight, at age 0.

    """
    with timed(stage_ms, 'features'):
        f_k = network.features(picture)
    f_task = f_imp = f_k
    mean_weight: float | Tensor = 1.0
    if carried is not None:
        f_imp_warped = carried()
        with timed(stage_ms, 'weights'):
            w_k = _weights(network, config, f_imp_warped, f_k)
            if config.box_memory and config.mode == 'impression':
                w_k = _cautious(network, w_k, f_imp_warped)
            f_task = aggregate(f_imp_warped, f_k, w_k)
            f_imp = absorb(f_k, f_task, config.memory_gate)
            mean_weight = torch.cat([w.flatten() for w in w_k]).mean()
    return replace(state, key_image=picture, f_task=f_task, f_imp=f_imp, age=0,
                   mean_weight=mean_weight, doubt=0.0)


def _weights(network: Network, config: StreamConfig, f_imp_warped: FeatureLevels,
             f_k: FeatureLevels) -> tuple[Tensor, ...]:
    if config.mode == 'average':
        return tuple(torch.full_like(level[:, :1], 0.5) for level in f_k)
    return network.weights(f_imp_warped, f_k)


def _cautious(network: Network, w_k: tuple[Tensor, ...],
              f_imp_warped: FeatureLevels) -> tuple[Tensor, ...]:
    """Keep of the impression what is surely in its place, where a network can tell."""
    trust = getattr(network, 'trust', None)
    if trust is None:
        return w_k
    return tuple(1 - (1 - w) * sure for w, sure in zip(w_k, trust(f_imp_warped), strict=True))
