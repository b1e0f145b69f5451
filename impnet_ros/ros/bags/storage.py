# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How our bags are stored; needs no rclpy."""
from rosbags.interfaces import (Qos, QosDurability, QosHistory, QosLiveliness, QosReliability,
                                QosTime)
from rosbags.rosbag2 import StoragePlugin

STORAGES = {'mcap': StoragePlugin.MCAP, 'sqlite3': StoragePlugin.SQLITE3}
VERSION = 9
"""Of the bag's metadata; ROS 2 Jazzy writes the same."""

_DEPTH = 10
_NEVER = QosTime(9223372036, 854775807)


def recorded_qos(*, reliable: bool = True, latched: bool = False) -> Qos:
    """Write down what a publisher offers, as bags keep it."""
    return Qos(QosHistory.KEEP_LAST, _DEPTH,
               QosReliability.RELIABLE if reliable else QosReliability.BEST_EFFORT,
               QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE,
               _NEVER, _NEVER, QosLiveliness.AUTOMATIC, _NEVER, False)
