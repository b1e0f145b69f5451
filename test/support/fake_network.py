# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A network whose answers can be worked out by hand: a feature says which frames it is made of."""
from impnet_ros.model.contract import Network
from impnet_ros.model.levels import Flow, Levels
import torch


class OneHotNetwork(Network):
    """
    Feature of a frame whose pixels are n: one-hot at n, so fused features show contributions.

    Pictures stand still (zero flow). `task` reports the contributions as scores, whatever the
    thresholds are, which it keeps in `thresholds`. Every call is noted in `calls`.
    """

    name = 'one_hot'
    class_names = ('any',)
    strides = (1,)
    box_memory = False

    def __init__(self, frames=64, weight=0.5):
        self.frames, self.weight, self.calls, self.thresholds = frames, weight, [], []

    @staticmethod
    def number(picture):
        return int(picture.pixels[0, 0, 0, 0])

    def features(self, picture):
        self.calls.append(('features', self.number(picture)))
        one_hot = torch.nn.functional.one_hot(torch.tensor(self.number(picture)), self.frames)
        return Levels((one_hot.double().reshape(1, -1, 1, 1),), picture.image_size)

    def flow(self, picture, key_picture):
        self.calls.append(('flow', self.number(picture), self.number(key_picture)))
        return Flow((torch.zeros(1, 2, 1, 1),))

    def propagate(self, levels, flow):
        self.calls.append(('propagate',))
        return levels

    def weights(self, f_imp_warped, f_k):
        return tuple(torch.full_like(level[:, :1], self.weight) for level in f_k.maps)

    def task(self, levels, flow, detection):
        self.thresholds.append(detection)
        if flow is not None:
            levels = self.propagate(levels, flow)
        scores = levels.maps[0].flatten()
        return torch.zeros(len(scores), 4), scores, torch.zeros(len(scores), dtype=torch.long)
