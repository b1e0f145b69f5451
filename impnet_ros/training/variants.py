# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The methods of the paper's table 1 as ways to make the task feature of a labelled frame."""
from impnet_ros.model.impression import aggregate
from impnet_ros.model.paper.network import ImpressionNetwork
from impnet_ros.model.paper.picture import PaperPicture
from impnet_ros.model.sight.warp import warp
from impnet_ros.training.batches import Batch
from impnet_ros.training.recipe import Variant
import torch
from torch import nn, Tensor
from torch.nn import functional


def untrained_parts(network: ImpressionNetwork, variant: Variant) -> list[nn.Module]:
    """
    Say which parts a variant leaves as they are, because it has no use for them or must not.

    Parameters
    ----------
    network : ImpressionNetwork
        Whose parts they are.
    variant : str
        'not_end_to_end' is method (e): features and flow stay as they came, only the weighting and
        the detection network learn.

    """
    flow = [part for part in (network.flow_net, network.scale_map) if part is not None]
    embedding = [network.embedding_net] if network.embedding_net is not None else []
    quality = [network.quality_net]
    return {'impression': embedding, 'not_end_to_end': [network.backbone, *flow, *embedding],
            'fgfa': quality, 'average': quality + embedding, 'sparse': quality + embedding,
            'per_frame': [*flow, *quality, *embedding]}[variant]


def task_feature(network: ImpressionNetwork, batch: Batch, variant: Variant) -> Tensor:
    """
    Make the feature (B, C, h, w) of the labelled frames that the task network is trained on.

    Parameters
    ----------
    network : ImpressionNetwork
        Whose parts are used.
    batch : Batch
        Triplets.
    variant : str
        (a) per_frame looks at the labelled frame alone; (b) sparse carries the new key frame's
        feature to it; (c) average and (d) impression fuse it with the old one's first, with
        weights of 0.5 or of N_q. FGFA fuses the labelled frame's own feature with both others.

    """
    current = network.prepare_batch(batch.current)
    if variant == 'per_frame':
        return network.features(current).maps[0]
    new = network.prepare_batch(batch.new)
    old = network.prepare_batch(batch.old)
    if variant in ('impression', 'not_end_to_end'):
        return network.forward_triplet(old, current, new, batch.still).maps[0]
    if variant == 'fgfa':
        return _aggregated(network, old, current, new)
    f_fuse = f_new = network.features(new)
    if variant == 'average':
        f_old_warped = network.propagate(network.features(old), network.flow(new, old))
        half = tuple(torch.full_like(level[:, :1], 0.5) for level in f_new.maps)
        f_fuse = aggregate(f_old_warped, f_new, half)
    f_current = network.propagate(f_fuse, network.flow(current, new))
    return torch.where(batch.still.view(-1, 1, 1, 1), f_new.maps[0], f_current.maps[0])


def _aggregated(network: ImpressionNetwork, old: PaperPicture, current: PaperPicture,
                new: PaperPicture) -> Tensor:
    """Fuse three frames as FGFA does: softmax, over the frames, of the embeddings' cosine."""
    f_current = network.features(current).maps[0]
    embed = network.embedding_net or nn.Identity()
    own = functional.normalize(embed(f_current))
    levels, scores = [f_current], [torch.ones_like(own[:, :1])]
    for other in (old, new):
        f_other, flow = network.features(other), network.flow(current, other)
        levels.append(network.propagate(f_other, flow).maps[0])
        warped = functional.normalize(warp(embed(f_other.maps[0]), flow.levels[0]))
        scores.append((own * warped).sum(dim=1, keepdim=True))
    weights = torch.stack(scores).softmax(dim=0)
    return (weights * torch.stack(levels)).sum(dim=0)
