# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which reliability is asked of an image topic."""
from impnet_ros.ros.qos import choose_reliability, newest_image
import pytest
from rclpy.qos import ReliabilityPolicy

RELIABLE, BEST_EFFORT = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT


@pytest.mark.parametrize(('wanted', 'offered', 'current', 'expected'), [
    ('auto', [], None, RELIABLE),
    ('auto', [], BEST_EFFORT, BEST_EFFORT),
    ('auto', [RELIABLE], BEST_EFFORT, RELIABLE),
    ('auto', [BEST_EFFORT], RELIABLE, BEST_EFFORT),
    ('auto', [RELIABLE, BEST_EFFORT], RELIABLE, BEST_EFFORT),
    ('reliable', [BEST_EFFORT], None, RELIABLE),
    ('best_effort', [RELIABLE], None, BEST_EFFORT),
])
def test_choice(wanted: str, offered: list[ReliabilityPolicy],
                current: ReliabilityPolicy | None, expected: ReliabilityPolicy) -> None:
    """`auto` follows the publishers: one best-effort publisher among them decides."""
    assert choose_reliability(wanted, offered, current) == expected


def test_few_images_wait_in_the_middleware() -> None:
    """Enough for a moment in which nobody takes them; the newest of them is processed."""
    assert 1 < newest_image(RELIABLE).depth <= 5
