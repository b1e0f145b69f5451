# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The impression's equations, for one or many feature levels.

Section 3.1 of "Impression Network for Video Object Detection" (Hetang et al., 2017). The same
three functions serve the engine and the training forward.
"""
from collections.abc import Sequence
from dataclasses import replace

from impnet_ros.model.levels import Levels
from torch import Tensor


def softmax_weight(score_imp: Tensor, score_k: Tensor) -> Tensor:
    """
    Weight w_k of the new feature from two raw quality scores, eq. (2).

    Parameters
    ----------
    score_imp, score_k : Tensor
        N_q(f_imp') and N_q(f_k), each (B, 1, h, w).

    Returns
    -------
    Tensor
        w_k in 0..1, (B, 1, h, w): the softmax of two scores is the sigmoid of their difference.

    """
    return (score_k - score_imp).sigmoid()


def aggregate(f_imp_warped: Levels, f_k: Levels, w_k: tuple[Tensor, ...]) -> Levels:
    """
    Task feature f_task = (1 - w_k) f_imp' + w_k f_k, eq. (3).

    Parameters
    ----------
    f_imp_warped, f_k : Levels
        The impression carried to the key frame, and the key frame's feature.
    w_k : tuple of Tensor
        One weight map (B, 1, h_i, w_i) a level, the share of the new feature, 0..1.

    """
    def mixed(old: Sequence[Tensor], new: Sequence[Tensor]) -> tuple[Tensor, ...]:
        return tuple((1 - w) * before + w * now for before, now, w in zip(old, new, w_k))
    return replace(f_k, maps=mixed(f_imp_warped.maps, f_k.maps),
                   facts=mixed(f_imp_warped.facts, f_k.facts))


def absorb(f_k: Levels, f_task: Levels, memory_gate: float) -> Levels:
    """
    Update the impression, f_imp = (1 - g) f_k + g f_task, eq. (4).

    Parameters
    ----------
    f_k, f_task : Levels
        Of the key frame, and fused.
    memory_gate : float
        g in 0..1; 0 forgets all but the last key frame.

    Returns
    -------
    Levels
        `f_task` itself for g = 1 and `f_k` for g = 0.

    """
    if memory_gate in (0, 1):
        return f_task if memory_gate else f_k

    def mixed(new: Sequence[Tensor], fused: Sequence[Tensor]) -> tuple[Tensor, ...]:
        return tuple((1 - memory_gate) * one + memory_gate * other
                     for one, other in zip(new, fused, strict=True))
    return replace(f_k, maps=mixed(f_k.maps, f_task.maps), facts=mixed(f_k.facts, f_task.facts))
