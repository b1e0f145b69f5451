# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A dense detector of red and of blue blobs, without weights: what a user's own network is."""
from impnet_ros.model.contract import Network
from impnet_ros.model.sight.pair_quality import PairQuality
import torch
from torch.nn import functional

STEEP = 14.0
"""Class logit of a cell that is red through and through, above that of an empty one."""


class Blobs(Network):
    """Maps (1, 4, h, w): logits of red and blue, then how much of it is left and right of here."""

    name = 'my blobs'
    class_names = ('red', 'blue')
    strides = (8, 16)

    def __init__(self, device=torch.device('cpu')):
        self.device, self.looks = device, 0

    def features(self, picture):
        self.looks += 1
        red, green, blue = (picture.pixels.float() / 255).unbind(1)
        blobs = torch.stack((red - torch.maximum(green, blue),
                             blue - torch.maximum(red, green)), dim=1)
        maps = []
        for stride in self.strides:
            logits = STEEP * functional.avg_pool2d(blobs.clamp(min=0), stride)
            most = logits.amax(dim=1, keepdim=True)
            beside = functional.pad(most, (1, 1))
            maps.append(torch.cat((logits, beside[..., :-2], beside[..., 2:]), dim=1))
        return self.levels_of(picture, maps)

    def class_logits(self, level, number):
        return level[:, :2]

    def task(self, levels, flow, detection):
        if flow is not None:
            levels = self.propagate(levels, flow)
        scores = (levels.maps[0][0, :2] + self.empty_logit).sigmoid()
        labels, rows, columns = (scores >= detection.score_threshold).nonzero(as_tuple=True)
        corner = torch.stack((columns, rows), dim=1) * 8.0
        return torch.cat((corner, corner + 8), dim=1), scores[labels, rows, columns], labels


class MirroredBlobs(Blobs):
    """The same, which says how a mirrored picture's maps are brought back."""

    def mirrored(self, level, number):
        return level[:, [0, 1, 3, 2]].flip(3)


class Stubborn(Blobs):
    """The same with an N_q that never takes a new feature."""

    def __init__(self, device=torch.device('cpu')):
        super().__init__(device)
        self.quality = PairQuality()
        self.quality.layers[-1].bias.data.fill_(-20.0)


class Silent(Blobs):
    """The same, and nobody says what the maps tell of classes."""

    def class_logits(self, level, number):
        return Network.class_logits(self, level, number)


class BoxesOnly(Blobs):
    """The same, with features that nothing can carry."""

    boxes_only = True
