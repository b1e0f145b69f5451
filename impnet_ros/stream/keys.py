# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What happens at a key frame: extract its feature and let the impression absorb it."""
from collections.abc import Callable

from impnet_ros.config import StreamConfig
from impnet_ros.model.contract import Network
from impnet_ros.model.impression import absorb, aggregate
from impnet_ros.model.levels import Flow, Levels
from impnet_ros.model.sight.picture import Picture
from impnet_ros.stream.state import KeyFrame
from impnet_ros.stream.timing import timed
import torch
from torch import Tensor


def aligned(network: Network, picture: Picture, key: KeyFrame, flow: Flow | None,
            stage_ms: dict[str, float]) -> Levels:
    """Give f_imp', the impression brought to a picture: F where it is not known yet, W and S."""
    if flow is None:
        with timed(stage_ms, 'flow'):
            flow = network.flow(picture, key.picture)
    with timed(stage_ms, 'propagate'):
        return network.propagate(key.f_imp, flow)


def absorbed(network: Network, config: StreamConfig, picture: Picture, stage_ms: dict[str, float],
             f_imp_warped: Callable[[], Levels] | None) -> KeyFrame:
    """
    Make a picture the key frame, eqs. (1)-(4).

    May run while the stream goes on, as long as no other key frame is absorbed meanwhile.

    Parameters
    ----------
    network : Network
        Its methods features, weights and trust are used.
    config : StreamConfig
        Mode and memory gate.
    picture : Picture
        The key frame's.
    stage_ms : dict
        The milliseconds of features and weights are added to it.
    f_imp_warped : Callable, optional
        Gives the impression aligned with the picture; called once the new feature is there. None
        where nothing is to be fused.

    """
    with timed(stage_ms, 'features'):
        f_k = network.features(picture)
    if f_imp_warped is None:
        return KeyFrame(picture, f_k, f_k, _or_nan(1.0, f_k))
    remembered = f_imp_warped()
    with timed(stage_ms, 'weights'):
        w_k = _weights(network, config, remembered, f_k)
        f_task = aggregate(remembered, f_k, w_k)
        mean_weight = torch.cat([w.flatten() for w in w_k]).mean()
        return KeyFrame(picture, f_task, absorb(f_k, f_task, config.memory_gate),
                        _or_nan(mean_weight, f_task))


def _weights(network: Network, config: StreamConfig, remembered: Levels,
             f_k: Levels) -> tuple[Tensor, ...]:
    """Give w_k; beside box memory the impression keeps only what is surely in its place."""
    if config.mode == 'average':
        return tuple(torch.full_like(level[:, :1], 0.5) for level in f_k.maps)
    w_k = network.weights(remembered, f_k)
    if not config.box_memory:
        return w_k
    return tuple(1 - (1 - w) * sure for w, sure in zip(w_k, network.trust(remembered),
                                                       strict=True))


def _or_nan(value: float | Tensor, levels: Levels) -> Tensor:
    """
    Give NaN in place of a value where a feature is not finite.

    The value is read with the frame's detections, so that a GPU is not waited for once more.
    """
    total = torch.stack([level.sum() for level in levels.maps]).sum()
    return value + 0 * total
