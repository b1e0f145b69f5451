# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The paper's starting point of F: a flow network trained on pictures of another kind.

Its FlowNet-S came from FlyingChairs, and method (e) uses it as it came. One that was trained on
sprites knows what it will meet, so (d) and (e) are also trained from one that was trained on parts
of photographs moved about.
"""
from pathlib import Path

from impnet_ros.data.moved_pictures import Image, MovedPictures
from impnet_ros.model.paper.checkpoint import load_checkpoint, save_checkpoint
from impnet_ros.model.paper.network import ImpressionNetwork
from impnet_ros.reproduction.plan import NETWORK, Plan, SIDE
from impnet_ros.training.flow_pretraining import FlowRecipe, pretrain_flow
from impnet_ros.video import clips_folder, open_video
import numpy as np
import torch

CLIPS = ('bikes.mp4', 'bigbuckbunny.mp4', 'carphone_pristine.mp4')
_EVERY, _VIDEOS, _SEED = 6, 100_000, 17


def clips() -> list[Path]:
    """Find the clips that `make setup` fetches; fewer, or none, where they are not."""
    return [path for name in CLIPS if (path := clips_folder() / name).is_file()]


def photographs() -> list[Image]:
    """Give every sixth frame of the clips, uint8 (H, W, 3)."""
    found = clips()
    if len(found) < len(CLIPS):
        raise ValueError(f'clips: expected {", ".join(CLIPS)} in data/clips, or where '
                         f'IMPNET_CLIPS says, got {len(found)} of them; `make setup` fetches them')
    return [np.asarray(frame.image) for path in found
            for number, frame in enumerate(open_video(path).frames) if number % _EVERY == 0]


def teach_other_flow(plan: Plan, folder: Path, progress: bool = True) -> ImpressionNetwork:
    """Train the flow network on moved photographs; goes on where an earlier call stopped."""
    torch.manual_seed(0)
    network = ImpressionNetwork(NETWORK)
    pretrain_flow(network, MovedPictures(photographs(), _VIDEOS, _SEED, SIDE),
                  FlowRecipe(plan.flow_pretraining), folder / 'flow_other', progress)
    return network


def with_other_flow(weights: Path, plan: Plan, folder: Path, path: Path) -> Path:
    """Save `weights` with the other flow network in place of their own as `path`."""
    if not path.is_file():
        network = load_checkpoint(weights)
        other = teach_other_flow(plan, folder, progress=False).flow_net
        assert network.flow_net is not None and other is not None
        network.flow_net.load_state_dict(other.state_dict())
        path.parent.mkdir(parents=True, exist_ok=True)
        save_checkpoint(path, network, {'made_by': 'impnet reproduce',
                                        'from': 'moved photographs (flow), sprites (the rest)'})
    return path
