# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Before the first image, the node has run through everything that a camera needs."""
from collections import Counter
from types import SimpleNamespace
from typing import Any

from impnet_ros.model.network import load_network
import pytest

pytest.importorskip('rclpy')
from impnet_ros.ros.lifecycle import DetectorNode  # noqa: E402, I100
from impnet_ros.ros.settings import Settings  # noqa: E402, I100

pytestmark = pytest.mark.ros


@pytest.mark.parametrize(('settings', 'parts', 'looks'), [
    (Settings(), ('features', 'motion', 'task', 'mismatch', 'glance'), 4),
    (Settings(mode='impression', glance='off'),
     ('features', 'flow', 'motion', 'propagate', 'weights', 'trust', 'task', 'mismatch'), 2)])
def test_every_part_of_the_network_has_run(monkeypatch: pytest.MonkeyPatch, settings: Settings,
                                           parts: tuple[str, ...], looks: int) -> None:
    """Two key frames, and boxes that were carried, though nothing is seen in black."""
    network: Any = load_network('nanodet_g', 'cpu')
    calls: Counter[str] = Counter()

    def counted(name: str) -> Any:
        method = getattr(network, name)

        def call(*args: Any) -> Any:
            calls[name] += 1
            return method(*args)
        return call

    for name in ('features', 'flow', 'motion', 'propagate', 'weights', 'trust', 'task', 'mismatch',
                 'glance'):
        monkeypatch.setattr(network, name, counted(name))
    DetectorNode._warm_up(SimpleNamespace(network=network, settings=settings))
    assert set(calls) == set(parts)
    assert calls['features'] == looks and calls['mismatch'] == 3
