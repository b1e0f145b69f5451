# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A network whose answers can be worked out by hand: a feature says which frames it is made of."""
import torch


class OneHotNetwork:
    """
    Feature of a frame whose pixels are n: one-hot at n, so fused features show contributions.

    Pictures stand still (zero flow). `task` reports the contributions as scores. Every call is
    noted in `calls`.
    """

    def __init__(self, frames=64, weight=0.5):
        self.frames, self.weight, self.calls = frames, weight, []

    @staticmethod
    def number(image):
        return int(image[0, 0, 0])

    def features(self, image):
        self.calls.append(('features', self.number(image)))
        return (torch.nn.functional.one_hot(torch.tensor(self.number(image)), self.frames)
                .double().reshape(1, -1, 1, 1),)

    def flow(self, image, key_image):
        self.calls.append(('flow', self.number(image), self.number(key_image)))
        return (torch.zeros(1, 2, 1, 1),)

    def propagate(self, levels, flow):
        self.calls.append(('propagate',))
        return levels

    def weights(self, f_imp_warped, f_k):
        return tuple(torch.full_like(level[:, :1], self.weight) for level in f_k)

    def task(self, levels):
        scores = levels[0].flatten()
        return torch.zeros(len(scores), 4), scores, torch.arange(len(scores))
