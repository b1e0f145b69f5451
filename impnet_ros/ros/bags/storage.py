# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How our bags are stored; needs no rclpy."""
from rosbags.interfaces import (Qos, QosDurability, QosHistory, QosLiveliness, QosReliability,
                                QosTime)
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.rosbag2.storage_mcap import McapWriter
from rosbags.rosbag2.storage_sqlite3 import Sqlite3Writer

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


def save(writer: Writer) -> None:
    """
    Bring what a bag's writer holds back to the disk.

    Nothing in its interface does; without it a process that is killed loses the last megabyte of
    an MCAP file, an hour of small messages, and all of an SQLite one.
    """
    storage = writer.storage
    if isinstance(storage, McapWriter):
        if storage.chunk.msgs:
            storage.close_chunk()
        storage.bio.flush()
    elif isinstance(storage, Sqlite3Writer):
        storage.conn.commit()
