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

pytestmark = pytest.mark.ros


def test_every_part_of_the_network_has_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two key frames, fused, and boxes that were carried, though nothing is seen in black."""
    network: Any = load_network('nanodet_g', 'cpu')
    calls: Counter[str] = Counter()

    def counted(name: str) -> Any:
        method = getattr(network, name)

        def call(*args: Any) -> Any:
            calls[name] += 1
            return method(*args)
        return call

    parts = ('features', 'flow', 'propagate', 'weights', 'trust', 'task', 'mismatch')
    for name in parts:
        monkeypatch.setattr(network, name, counted(name))
    DetectorNode._warm_up(SimpleNamespace(network=network))
    assert set(calls) == set(parts)
    assert calls['features'] == 2 and calls['mismatch'] == 3
