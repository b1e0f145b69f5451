# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Network whose features can be made slow or bad while the node runs, for tests of the node.

Import it in the node's process: environment SLOW_FEATURES_S makes each key frame's features take
so many seconds more; after SIGUSR1 the next features hold an infinity.
"""
import os
import signal
from time import sleep
from types import FrameType
from typing import Any

from impnet_ros.model.nanodet.network import NanoDetNetwork

_features = NanoDetNetwork.features
_spoilt: list[bool] = []
_extra_s = float(os.environ.get('SLOW_FEATURES_S', '0'))


def _spoil(number: int, frame: FrameType | None) -> None:
    _spoilt.append(True)


def _slow_features(self: NanoDetNetwork, picture: Any) -> Any:
    sleep(_extra_s)
    levels = _features(self, picture)
    if _spoilt:
        _spoilt.clear()
        levels.maps[0][..., 0, 0] = float('inf')
    return levels


signal.signal(signal.SIGUSR1, _spoil)
NanoDetNetwork.features = _slow_features  # type: ignore[method-assign]
