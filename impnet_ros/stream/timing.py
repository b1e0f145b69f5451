# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a frame's time goes."""
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


@contextmanager
def timed(stage_ms: dict[str, float], stage: str) -> Iterator[None]:
    """Add the milliseconds spent inside to `stage_ms[stage]`."""
    start = perf_counter()
    yield
    stage_ms[stage] = stage_ms.get(stage, 0.0) + (perf_counter() - start) * 1e3
