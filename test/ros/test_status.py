# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The age of a result."""
import math

from impnet_ros.ros.status import latency_ms
import pytest

NOW_NS = 1_700_000_000_000_000_000


@pytest.mark.parametrize(('elapsed_ms', 'expected'), [
    (0, 0.0), (12.5, 12.5), (59_000, 59_000.0), (-20, 0.0), (-200, math.nan),
    (61_000, math.nan), (1e12, math.nan)])
def test_latency(elapsed_ms: float, expected: float) -> None:
    """From the stamp to now; nothing where they are not of one clock."""
    assert latency_ms(NOW_NS, NOW_NS - int(elapsed_ms * 1e6)) == pytest.approx(
        expected, nan_ok=True)
