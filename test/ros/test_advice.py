# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What to set where images are lost, for cases that are plain."""
import math

from impnet_ros.ros.advice import against_losses
from impnet_ros.ros.settings import Settings
import pytest


@pytest.mark.parametrize(('times', 'changes', 'expected'), [
    ((70, 12, 33), {'key_mode': 'sync'}, 'set key_mode:=auto'),
    ((70, 12, 33), {'key_mode': 'sync', 'key_offset': 5}, 'set key_offset:=0'),
    ((70, math.nan, 33), {'key_mode': 'sync', 'mode': 'per_frame'}, 'set mode:=impression'),
    ((70, 12, 33), {'key_mode': 'async', 'segment_length': 10}, 'set l:=auto'),
    ((90, 50, 33), {}, 'lower rate'),
    ((90, 50, 33), {'runtime': 'torch'}, 'runtime:=auto'),
    ((20, 10, 33), {}, 'on the way'),
    ((math.nan, math.nan, 33), {}, 'on the way'),
])
def test_what_helps(times: tuple[float, float, float], changes: dict[str, object],
                    expected: str) -> None:
    """Key frame, other image, period in ms."""
    assert expected in against_losses(*times, Settings(**changes))  # type: ignore[arg-type]
