# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Train F on exact flow, as the paper's FlowNet-S was trained on FlyingChairs before it was used.

Sharp videos give pairs of frames up to `reach` apart with their exact flow; the target in a
feature cell is its mean over the cell.
"""
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
import math
from pathlib import Path
from typing import Protocol

from impnet_ros.model.paper.backbone import STRIDE
from impnet_ros.model.paper.flownet import FLOW_UNIT, FlowNetS
from impnet_ros.model.paper.network import ImpressionNetwork
from impnet_ros.training.log import TrainingLog
from impnet_ros.training.training_state import load_state, save_state
import numpy as np
from numpy.typing import NDArray
import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

_PAIRS_A_VIDEO = 4
"""Taken in a row: to make a video takes longer than its frames."""

_SAVE_EVERY = 200

_WARM_UP = 100
"""Steps over which the learning rate rises."""

_COARSE_WEIGHT = 0.25
"""Of each coarser level's error in the loss; FlowNet too is trained on all its levels."""


class FlowVideo(Protocol):
    """Frames and the exact flow between any two, as of `SpriteVideo` and `MovedVideo`."""

    def __len__(self) -> int:
        """Count the frames."""

    def frame(self, index: int) -> NDArray[np.uint8]:
        """Picture `index`, uint8 (H, W, 3) RGB."""

    def flow(self, index: int, key_index: int) -> NDArray[np.float32]:
        """Flow (H, W, 2) in pixels from frame `index` to frame `key_index`."""


class FlowVideos(Protocol):
    """Videos by number."""

    def __len__(self) -> int:
        """Count the videos."""

    def __getitem__(self, number: int) -> FlowVideo:
        """Make a video."""


@dataclass(frozen=True)
class FlowRecipe:
    """
    How F is trained.

    Attributes
    ----------
    iterations : int
        Steps.
    batch_size : int
        Pairs a step.
    reach : int
        Largest distance of a pair in frames, to either side.
    learning_rate : float
        Of AdamW; it rises over the first steps, then falls to zero along half a cosine.
    seed : int
        Of the pairs.

    """

    iterations: int
    batch_size: int = 32
    reach: int = 8
    learning_rate: float = 2e-3
    seed: int = 0


def flow_batch(videos: FlowVideos, recipe: FlowRecipe,
               iteration: int) -> tuple[Tensor, Tensor, Tensor]:
    """
    Make the pairs of one step.

    Returns
    -------
    target, key : Tensor
        uint8 (B, 3, H, W).
    flow : Tensor
        (B, 2, ceil(H / 16), ceil(W / 16)), x y in feature cells, from target to key frame.

    """
    rng = np.random.default_rng((recipe.seed, iteration))
    targets, keys, flows = [], [], []
    for number in range(recipe.batch_size):
        if number % _PAIRS_A_VIDEO == 0:
            video = videos[int(rng.integers(len(videos)))]
        index = int(rng.integers(len(video)))
        key = index + int(rng.integers(-recipe.reach, recipe.reach + 1))
        key = min(max(key, 0), len(video) - 1)
        targets.append(video.frame(index))
        keys.append(video.frame(key))
        flows.append(video.flow(index, key))
    return (_stacked(targets), _stacked(keys),
            functional.avg_pool2d(_stacked(flows), STRIDE, ceil_mode=True) / STRIDE)


def _stacked(arrays: list[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2)


@contextmanager
def coarse_flows(flow_net: FlowNetS) -> Iterator[list[Tensor]]:
    """Collect the flows of the coarser levels while the network runs."""
    found: list[Tensor] = []
    hooks = [flow_net.get_submodule(f'predict_flow{level}').register_forward_hook(
        lambda module, inputs, output: found.append(output)) for level in (3, 4, 5, 6)]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def end_point_error(found: Tensor, exact: Tensor) -> Tensor:
    """Mean distance of flows (B, 2, h, w), the exact one brought to the size of the found."""
    if found.shape != exact.shape:
        exact = functional.interpolate(exact, found.shape[2:], mode='area')
    return (found - exact).norm(dim=1).mean()


def pretrain_flow(network: ImpressionNetwork, videos: FlowVideos, recipe: FlowRecipe,
                  folder: Path, progress: bool = True) -> None:
    """
    Train a network's FlowNet-S in place, from where an earlier call stopped.

    Parameters
    ----------
    network : ImpressionNetwork
        With flow_net; the scale map is not touched.
    videos : FlowVideos
        Sharp ones, others than are used later.
    recipe : FlowRecipe
        How.
    folder : Path
        For state and log; its 'error' is the mean end point error in feature cells, 'still' that
        of a flow of zero.
    progress : bool
        Whether to show a progress bar.

    """
    if network.flow_net is None:
        raise ValueError("network: expected one with flow 'flownet_s', got 'dis'")
    optimiser = torch.optim.AdamW(network.flow_net.parameters(), recipe.learning_rate)
    parts = {'network': network.flow_net, 'optimiser': optimiser}
    done = load_state(folder, parts, asdict(recipe))
    log = TrainingLog(folder, done)
    network.flow_net.train()
    for iteration in tqdm(range(done, recipe.iterations), desc='flow', disable=not progress,
                          initial=done, total=recipe.iterations):
        for group in optimiser.param_groups:
            share = (1 + math.cos(math.pi * iteration / recipe.iterations)) / 2
            group['lr'] = recipe.learning_rate * share * min((iteration + 1) / _WARM_UP, 1.0)
        target, key, exact = flow_batch(videos, recipe, iteration)
        with coarse_flows(network.flow_net) as coarse:
            pictures = network.prepare_batch(target), network.prepare_batch(key)
            found = network.flow(*pictures).levels[0]
        exact = exact.to(found.device)
        error = end_point_error(found, exact)
        loss = error + _COARSE_WEIGHT * sum(end_point_error(FLOW_UNIT * item, exact)
                                            for item in coarse)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        if (iteration + 1) % 20 == 0:
            log.write(iteration + 1, {'error': float(error.detach()),
                                      'still': float(exact.norm(dim=1).mean())})
        if (iteration + 1) % _SAVE_EVERY == 0 or iteration + 1 == recipe.iterations:
            save_state(folder, parts, iteration + 1, asdict(recipe))
    log.close()
