# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A recipe that trains in seconds."""
from impnet_ros.data.sprites import SpriteSet
from impnet_ros.data.triplets import TripletSet
from impnet_ros.training.batches import collate
from impnet_ros.training.loop import accumulate_gradients, Changing, start_network
from impnet_ros.training.processes import Process
from impnet_ros.training.recipe import recipe_from
import torch

NETWORK = {
    'name': 'small', 'class_names': list(SpriteSet.class_names), 'width': 8,
    'blocks': [1, 1, 1, 1], 'channels': 32, 'flow_width': 4, 'quality_channels': [8, 4],
    'pixel_deviation': [58.0, 58.0, 58.0], 'short_side': 64, 'long_side': 64,
    'anchor_scales': [1.0, 2.0], 'proposals': 20, 'frozen_stages': 1, 'frozen_norm': True}

SMALL = {
    'network': NETWORK, 'data': [{'kind': 'sprites', 'videos': 4, 'size': 64, 'frames': 12}],
    'iterations': 4, 'batch_size': 2, 'optimiser': 'adamw', 'drops': [3], 'workers': 0,
    'save_every': 2, 'log_every': 1}


def start_small():
    """Return the small network, the same every time."""
    torch.manual_seed(0)
    return start_network(recipe_from(SMALL))


def small_batch(numbers):
    """Return a batch of some of a few fixed triplets."""
    recipe = recipe_from(SMALL)
    videos = [source.load(recipe.network.class_names) for source in recipe.data]
    samples = TripletSet(videos, recipe.segment_length, 0)
    return collate([samples[0, 10 + 12 * number] for number in numbers])


def small_gradients(module, *batches):
    """Return the gradients by name after batches given by the numbers of their triplets."""
    recipe = recipe_from({**SMALL, 'accumulate': len(batches)})
    module.zero_grad(set_to_none=True)
    parts = Changing(module, torch.optim.SGD(module.parameters(), 1.0),
                     torch.amp.GradScaler('cpu', enabled=False))
    accumulate_gradients(module, [small_batch(numbers) for numbers in batches], recipe, parts,
                         Process(0, 1, torch.device('cpu')), 0)
    return {name.removeprefix('module.'): item.grad.clone()
            for name, item in module.named_parameters() if item.grad is not None}
