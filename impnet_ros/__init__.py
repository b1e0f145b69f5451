# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Video object detection that keeps an impression of what it saw."""
from importlib import import_module
from pkgutil import extend_path
from typing import Any, TYPE_CHECKING

if TYPE_CHECKING:
    from impnet_ros.config import DetectionConfig, StreamConfig
    from impnet_ros.model.contract import Network
    from impnet_ros.model.levels import Flow, Levels
    from impnet_ros.model.network import load_network
    from impnet_ros.stream.engine import Engine
    from impnet_ros.stream.types import Detections, Frame

__all__ = ['DetectionConfig', 'Detections', 'Engine', 'Flow', 'Frame', 'Levels', 'Network',
           'StreamConfig', 'load_network']

# The generated `impnet_ros.msg` lies in the built package only. With every impnet_ros on the path
# joined, it is found too where these modules are imported from the source tree.
__path__ = extend_path(__path__, __name__)

_HOMES = {
    'DetectionConfig': 'impnet_ros.config',
    'Detections': 'impnet_ros.stream.types',
    'Engine': 'impnet_ros.stream.engine',
    'Frame': 'impnet_ros.stream.types',
    'Flow': 'impnet_ros.model.levels',
    'Levels': 'impnet_ros.model.levels',
    'Network': 'impnet_ros.model.contract',
    'StreamConfig': 'impnet_ros.config',
    'load_network': 'impnet_ros.model.network',
}


def __getattr__(name: str) -> Any:
    """
    Import a public name when it is first used.

    `ros2 topic echo` imports `impnet_ros.msg`, and so this package, with a Python that need not
    have torch; it would otherwise wait for torch, or fail.
    """
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(_HOMES[name]), name)
