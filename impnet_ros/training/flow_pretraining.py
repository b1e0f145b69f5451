# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Teach F on exact flow, as the paper's FlowNet-S was taught on FlyingChairs before it was used.

Sharp sprite videos give pairs of frames up to `reach` apart with their exact flow; the target in a
feature cell is its mean over the cell.
"""
from collections.abc import Iterator

from impnet_ros.data.sprites import SpriteSet
from impnet_ros.model.backbone import STRIDE
from impnet_ros.model.impression_network import ImpressionNetwork
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm


_PAIRS_A_VIDEO = 4
"""Taken in a row: to make a video takes longer than its frames."""


def flow_batches(videos: SpriteSet, reach: int, size: int,
                 seed: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """
    Draw pairs of frames without end.

    Parameters
    ----------
    videos : SpriteSet
        Sharp videos.
    reach : int
        Largest distance in frames, to either side.
    size : int
        Pairs a batch.
    seed : int
        Of the draw.

    Yields
    ------
    target, key : Tensor
        uint8 (B, 3, H, W).
    flow : Tensor
        (B, 2, ceil(H / 16), ceil(W / 16)), x y in feature cells, from target to key frame.

    """
    rng = np.random.default_rng(seed)
    while True:
        targets, keys, flows = [], [], []
        for number in range(size):
            if number % _PAIRS_A_VIDEO == 0:
                video = videos[int(rng.integers(len(videos)))]
            index = int(rng.integers(len(video)))
            key = int(np.clip(index + rng.integers(-reach, reach + 1), 0, len(video) - 1))
            targets.append(video.frame(index))
            keys.append(video.frame(key))
            flows.append(video.flow(index, key))
        yield (_stacked(targets), _stacked(keys),
               functional.avg_pool2d(_stacked(flows), STRIDE, ceil_mode=True) / STRIDE)


def _stacked(arrays: list[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2)


def pretrain_flow(network: ImpressionNetwork, videos: SpriteSet, iterations: int,
                  reach: int = 12, batch_size: int = 16, learning_rate: float = 1e-3,
                  seed: int = 0, progress: bool = True) -> list[float]:
    """
    Train a network's FlowNet-S in place; the scale map is not touched.

    Parameters
    ----------
    network : ImpressionNetwork
        With flow_net.
    videos : SpriteSet
        Sharp videos, other ones than are used later.
    iterations, batch_size, learning_rate, seed
        As everywhere; the rate falls to zero along half a cosine.
    reach : int
        See `flow_batches`.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    list of float
        Mean end point error of every step, in feature cells.

    """
    if network.flow_net is None:
        raise ValueError("network: expected one with flow 'flownet_s', got 'dis'")
    optimiser = torch.optim.AdamW(network.flow_net.parameters(), learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, iterations)
    network.flow_net.train()
    errors = []
    batches = flow_batches(videos, reach, batch_size, seed)
    for _ in tqdm(range(iterations), desc='flow', disable=not progress):
        target, key, exact = next(batches)
        found = network.flow(network.prepare_batch(target), network.prepare_batch(key))[0]
        error = (found - exact.to(found.device)).norm(dim=1).mean()
        optimiser.zero_grad(set_to_none=True)
        error.backward()
        optimiser.step()
        schedule.step()
        errors.append(float(error.detach()))
    return errors
