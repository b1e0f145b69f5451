# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A clock that a fake network moves, so that every time is known by hand."""
from impnet_ros.model.contract import Network
from impnet_ros.model.levels import Flow, Levels
from impnet_ros.model.sight.picture import make_picture
import torch


class FakeClock:
    """Time that passes only when somebody says so."""

    def __init__(self):
        self.time_s = 100.0
        self.waits_s = []

    def pass_ms(self, milliseconds):
        self.time_s += milliseconds / 1e3

    def now_s(self):
        return self.time_s

    def cpu_s(self):
        return 2 * self.time_s  # as if two threads were always busy

    def wait_until(self, instant_s):
        self.waits_s.append(instant_s - self.time_s)
        self.time_s = max(self.time_s, instant_s)


class SlowNetwork(Network):
    """
    A network that does nothing in known times; it notes who called what.

    prepare 1 ms, features 100, flow 4, propagate 2, weights 3, task 5. `factor` makes all of it
    slower while it is not 1.
    """

    name = 'slow'
    class_names = ('any',)
    strides = (4,)
    box_memory = False

    def __init__(self, clock):
        self.clock, self.factor, self.calls = clock, 1.0, []

    def _spend(self, call, milliseconds):
        self.calls.append(call)
        self.clock.pass_ms(self.factor * milliseconds)

    def prepare(self, image, side=None):
        self._spend('prepare', 1)
        return make_picture(image, image.shape[:2])

    def features(self, picture):
        self._spend('features', 100)
        return Levels((torch.zeros(1, 1, 2, 2),), picture.image_size)

    def flow(self, picture, key_picture):
        self._spend('flow', 4)
        return Flow((torch.zeros(1, 2, 2, 2),))

    def propagate(self, levels, flow):
        self._spend('propagate', 2)
        return levels

    def weights(self, f_imp_warped, f_k):
        self._spend('weights', 3)
        return tuple(torch.ones_like(level) for level in f_k.maps)

    def task(self, levels, flow, detection):
        if flow is not None:
            levels = self.propagate(levels, flow)
        self._spend('task', 5)
        return torch.tensor([[1.0, 1.0, 6.0, 6.0]]), torch.ones(1), torch.zeros(1).long()
