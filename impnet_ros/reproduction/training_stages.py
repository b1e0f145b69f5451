# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The trainings of the reproduction, each in its folder; what is done is not done again."""
from pathlib import Path

from impnet_ros.model.paper.checkpoint import load_checkpoint, save_checkpoint
from impnet_ros.model.paper.network import ImpressionNetwork
from impnet_ros.reproduction.other_flow import with_other_flow
from impnet_ros.reproduction.plan import (flow_videos, NETWORK, OTHER_FLOW, Plan,
                                          pretraining_recipe, training_recipe)
from impnet_ros.training.flow_pretraining import FlowRecipe, pretrain_flow
from impnet_ros.training.loop import train, WEIGHTS
import torch


def starting_weights(plan: Plan, folder: Path, progress: bool = True) -> Path:
    """
    Train what stands in for published weights: a detector, and a flow network, each on its own.

    Parameters
    ----------
    plan : Plan
        Sizes.
    folder : Path
        Of the reproduction.
    progress : bool
        Whether to show progress bars.

    Returns
    -------
    Path
        Weights that every method begins with.

    """
    path = folder / 'start' / WEIGHTS
    if path.is_file():
        return path
    pretrain_flow_net(plan, folder, progress)
    detector = train(pretraining_recipe(plan), folder / 'detector', 'cpu', progress)
    assert detector is not None
    flow_net = pretrain_flow_net(plan, folder, progress).flow_net
    network = ImpressionNetwork(NETWORK)
    network.load_state_dict(load_checkpoint(detector).state_dict())
    assert network.flow_net is not None and flow_net is not None
    network.flow_net.load_state_dict(flow_net.state_dict())
    save_checkpoint(path, network, {'made_by': 'impnet reproduce', 'from': 'sprites'})
    return path


def pretrain_flow_net(plan: Plan, folder: Path, progress: bool = True) -> ImpressionNetwork:
    """Train the flow network on exact flow; gives a network of which only that part is trained."""
    torch.manual_seed(0)
    network = ImpressionNetwork(NETWORK)
    pretrain_flow(network, flow_videos(), FlowRecipe(plan.flow_pretraining), folder / 'flow',
                  progress)
    return network


def trained_weights(plan: Plan, folder: Path, method: str, seed: int,
                    progress: bool = True) -> Path:
    """
    Train one method of table 1 with one seed.

    Method (e) begins with the features of (a), trained frame by frame, and with the flow network
    as it came from its own training; those of OTHER_FLOW as their namesakes, but for the flow.

    Returns
    -------
    Path
        Its weights.

    """
    path = folder / f'{method}_{seed}' / WEIGHTS
    if path.is_file():
        return path
    start = (trained_weights(plan, folder, 'a', seed, progress) if method in ('e', 'e_other')
             else starting_weights(plan, folder, progress))
    if method in OTHER_FLOW:
        start = with_other_flow(start, plan, folder, path.parent / 'start.safetensors')
    result = train(training_recipe(plan, method, seed, str(start)), path.parent, 'cpu', progress)
    assert result is not None
    return result
