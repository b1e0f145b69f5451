# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Flow's own training: its targets and its resume."""
from impnet_ros.data.sprites import SpriteConfig, SpriteSet
from impnet_ros.training.flow_pretraining import flow_batch, FlowRecipe, pretrain_flow
from impnet_ros.training.loop import start_network
from impnet_ros.training.recipe import recipe_from
import pytest
from small_recipe import SMALL
import torch

VIDEOS = SpriteSet(3, 5, SpriteConfig(height=64, width=64, frames=8, degraded_share=0.0))


def test_targets_are_mean_flow_in_cells():
    target, key, flow = flow_batch(VIDEOS, FlowRecipe(1, 4), 0)
    assert target.shape == key.shape == (4, 3, 64, 64) and flow.shape == (4, 2, 4, 4)
    still = flow_batch(VIDEOS, FlowRecipe(1, 4, reach=0), 0)
    assert torch.equal(still[0], still[1]) and still[2].abs().max() < 1e-4
    assert torch.equal(flow_batch(VIDEOS, FlowRecipe(1, 4), 0)[2], flow)


def test_resume_gives_the_same_network(tmp_path):
    def network():
        torch.manual_seed(0)
        return start_network(recipe_from(SMALL))

    recipe = FlowRecipe(3, 4)
    whole, again = network(), network()
    pretrain_flow(whole, VIDEOS, recipe, tmp_path / 'a', progress=False)
    pretrain_flow(again, VIDEOS, recipe, tmp_path / 'a', progress=False)
    assert not torch.equal(whole.flow_net.conv1.weight, network().flow_net.conv1.weight)
    assert torch.equal(whole.flow_net.conv1.weight, again.flow_net.conv1.weight)
    with pytest.raises(ValueError, match="expected one with flow 'flownet_s'"):
        dis = recipe_from({**SMALL, 'network': {**SMALL['network'], 'flow': 'dis'}})
        pretrain_flow(start_network(dis), VIDEOS, recipe, tmp_path / 'b')
