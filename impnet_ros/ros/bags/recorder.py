# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Write what arrives on some topics to a bag, byte by byte as it came."""
from functools import partial
from pathlib import Path
from time import time_ns
from typing import Any

from impnet_ros.ros.bags.storage import recorded_qos, STORAGES, VERSION
from impnet_ros.ros.bags.types import message_class, typestore
from impnet_ros.ros.shutdown import StopFlag
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from rosbags.rosbag2 import Writer
from rosbags.rosbag2.errors import WriterError

_SLICE_S = 0.1
_DEPTH = 100


class Recorder(Node):
    """
    Subscribe to each topic once it is there, with its publishers' quality of service.

    Parameters
    ----------
    writer : Writer
        An open bag.
    topics : list of str

    Attributes
    ----------
    counts : dict
        Messages written, by full topic name.

    """

    def __init__(self, writer: Writer, topics: list[str]) -> None:
        """Begin to look for the topics."""
        super().__init__('impnet_bag_record')
        self._writer = writer
        self.counts = {self.resolve_topic_name(topic): 0 for topic in topics}
        self._absent = set(self.counts)

    def look(self) -> None:
        """Subscribe to the topics that have appeared."""
        if not self._absent:
            return
        types = dict(self.get_topic_names_and_types())
        for topic in sorted(self._absent & set(types)):
            publishers = self.get_publishers_info_by_topic(topic)
            if not publishers:
                continue
            self._absent.discard(topic)
            reliable = all(info.qos_profile.reliability == ReliabilityPolicy.RELIABLE
                           for info in publishers)
            latched = all(info.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
                          for info in publishers)
            type_name = types[topic][0]
            connection = self._writer.add_connection(
                topic, type_name, typestore=typestore(type_name),
                offered_qos_profiles=[recorded_qos(reliable=reliable, latched=latched)])
            profile = QoSProfile(
                depth=_DEPTH,
                reliability=(ReliabilityPolicy.RELIABLE if reliable
                             else ReliabilityPolicy.BEST_EFFORT),
                durability=(DurabilityPolicy.TRANSIENT_LOCAL if latched
                            else DurabilityPolicy.VOLATILE))
            self.create_subscription(message_class(type_name), topic,
                                     partial(self._write, connection), profile, raw=True)
            self.get_logger().info(f'recording {topic}')

    def _write(self, connection: Any, data: bytes) -> None:
        self._writer.write(connection, time_ns(), data)
        self.counts[connection.topic] += 1


def record(bag: Path, topics: list[str], storage: str, ros_args: list[str],
           stop: StopFlag) -> dict[str, int]:
    """
    Record until told to stop.

    Parameters
    ----------
    bag : Path
        Folder to create.
    topics : list of str
        Relative or absolute names.
    storage : str
        'mcap' or 'sqlite3'.
    ros_args : list of str
        For rclpy.
    stop : StopFlag
        Ends the recording.

    Returns
    -------
    dict
        Messages written, by topic.

    Raises
    ------
    ValueError
        If the bag is there already, or a type is not installed.

    """
    rclpy.init(args=ros_args, signal_handler_options=SignalHandlerOptions.NO)
    executor = SingleThreadedExecutor()
    try:
        with Writer(bag, version=VERSION, storage_plugin=STORAGES[storage]) as writer:
            recorder = Recorder(writer, topics)
            executor.add_node(recorder)
            while not stop.is_set:
                recorder.look()
                executor.spin_once(_SLICE_S)
            return recorder.counts
    except WriterError as error:
        raise ValueError(str(error)) from error
    finally:
        executor.shutdown()
        rclpy.try_shutdown()
