# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The impression's equations, for one or many feature levels.

Section 3.1 of "Impression Network for Video Object Detection" (Hetang et al., 2017). The same
three functions serve the engine and the training forward.
"""
from impnet_ros.model.levels import with_levels
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


def aggregate(f_imp_warped: tuple[Tensor, ...], f_k: tuple[Tensor, ...],
              w_k: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """
    Task feature f_task = (1 - w_k) f_imp' + w_k f_k, eq. (3).

    Parameters
    ----------
    f_imp_warped, f_k : tuple of Tensor
        Levels (B, C_i, h_i, w_i) of the impression carried to the key frame, and of the key frame.
    w_k : tuple of Tensor
        One weight map (B, 1, h_i, w_i) a level, the share of the new feature, 0..1.

    Returns
    -------
    tuple of Tensor
        Levels shaped like `f_k`.

    """
    mixed = ((1 - w) * old + w * new
             for old, new, w in zip(f_imp_warped, f_k, w_k, strict=True))
    return with_levels(f_k, mixed)


def absorb(f_k: tuple[Tensor, ...], f_task: tuple[Tensor, ...],
           memory_gate: float) -> tuple[Tensor, ...]:
    """
    Update the impression, f_imp = (1 - g) f_k + g f_task, eq. (4).

    Parameters
    ----------
    f_k, f_task : tuple of Tensor
        Levels (B, C_i, h_i, w_i) of the key frame and of the fused task feature.
    memory_gate : float
        g in 0..1; 0 forgets all but the last key frame.

    Returns
    -------
    tuple of Tensor
        Levels shaped like `f_k`; `f_task` itself for g = 1 and `f_k` for g = 0.

    """
    if memory_gate == 1.0:
        return f_task
    if memory_gate == 0.0:
        return f_k
    mixed = ((1 - memory_gate) * new + memory_gate * task
             for new, task in zip(f_k, f_task, strict=True))
    return with_levels(f_k, mixed)
