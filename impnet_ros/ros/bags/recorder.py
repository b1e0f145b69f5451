# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Write what arrives on some topics to a bag, byte by byte as it came."""
from functools import partial
from math import inf
from pathlib import Path
import shutil
import sqlite3
from time import monotonic, time_ns
from typing import Any

from impnet_ros.ros.bags.names import require_topic, topic_problem
from impnet_ros.ros.bags.session import node_session
from impnet_ros.ros.bags.storage import recorded_qos, save, STORAGES, VERSION
from impnet_ros.ros.bags.types import message_class, typestore
from impnet_ros.ros.qos import choose_reliability
from impnet_ros.ros.shutdown import StopFlag
from impnet_ros.ros.silence import COMPRESSED, IMAGE
from rclpy.exceptions import InvalidTopicNameException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.topic_endpoint_info import TopicEndpointInfo
from rosbags.rosbag2 import Writer
from rosbags.rosbag2.errors import WriterError

_SLICE_S = 0.1
_SAVE_S = 2.0
_TELL_S = 3.0
_DEPTH = 100


class Recorder(Node):
    """
    Subscribe to each topic once it is there, with what its publishers offer at the moment.

    Parameters
    ----------
    writer : Writer
        A bag that is open before anything comes.
    topics : list of str

    Attributes
    ----------
    counts : dict
        Messages written, by full topic name.
    left_out : set of str
        Topics of types that are not installed here.

    """

    def __init__(self, writer: Writer, topics: list[str]) -> None:
        """Begin to look for the topics."""
        super().__init__('impnet_bag_record')
        self._writer = writer
        self.counts = {self._full_name(topic): 0 for topic in topics}
        self.left_out: set[str] = set()
        self._asked: dict[str, tuple[ReliabilityPolicy, DurabilityPolicy]] = {}
        self._recorded: dict[str, Any] = {}
        self._readers: dict[str, Any] = {}
        self._told: set[tuple[str, str]] = set()
        self._arrived: list[tuple[Any, int, bytes]] = []
        self._tell_s = monotonic() + _TELL_S

    def _full_name(self, topic: str) -> str:
        try:
            return require_topic(self.resolve_topic_name(topic))
        except (InvalidTopicNameException, RuntimeError) as error:
            raise ValueError(f'topic: {topic_problem(topic) or error}') from error

    def look(self) -> None:
        """Subscribe to topics that have appeared, and anew where publishers offer other things."""
        for topic in self.counts:
            publishers = self.get_publishers_info_by_topic(topic)
            if publishers and topic not in self.left_out:
                self._follow(topic, publishers)
        if monotonic() > self._tell_s:
            self._tell_s = inf
            self._tell_of_missing()

    def _tell_of_missing(self) -> None:
        """Say which topics nobody publishes, a spelling mistake most often."""
        missing = [topic for topic in self.counts if not self.count_publishers(topic)]
        if not missing:
            return
        images = sorted(name for name, kinds in self.get_topic_names_and_types()
                        if {IMAGE, COMPRESSED} & set(kinds) and self.count_publishers(name))
        self.get_logger().warning(f'nobody publishes {", ".join(missing)}' + (
            f'; images are on {", ".join(images)}' if images else ''))

    def _follow(self, topic: str, publishers: list[TopicEndpointInfo]) -> None:
        known = self._recorded.get(topic)
        type_name = known.msgtype if known else publishers[0].topic_type
        self._tell_of_others(topic, type_name, publishers)
        offers = [info.qos_profile for info in publishers if info.topic_type == type_name]
        before = self._asked.get(topic, (None, DurabilityPolicy.TRANSIENT_LOCAL))
        # Latched messages would come a second time to who asks for them later.
        latched = before[1] == DurabilityPolicy.TRANSIENT_LOCAL and all(
            offer.durability == DurabilityPolicy.TRANSIENT_LOCAL for offer in offers)
        asked = (choose_reliability('auto', [offer.reliability for offer in offers], before[0]),
                 DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE)
        if not offers or before == asked:
            return
        try:
            connection = known or self._connect(topic, type_name, asked)
            kind = message_class(type_name)
        except Exception as error:  # noqa: B902 - whatever a package of strangers has in store
            self.left_out.add(topic)
            self.get_logger().error(f'{topic} is left out: {error}')
            return
        profile = QoSProfile(depth=_DEPTH, reliability=asked[0], durability=asked[1])
        reader = self.create_subscription(kind, topic, partial(self._keep, connection), profile,
                                          raw=True)
        if topic in self._readers:
            self.destroy_subscription(self._readers[topic])
        self._readers[topic], self._asked[topic] = reader, asked
        self.get_logger().info(f'recording {topic}' + (
            f', now {asked[0].name.lower()} as its publishers' if known else ''))

    def _tell_of_others(self, topic: str, type_name: str, publishers: list[TopicEndpointInfo]
                        ) -> None:
        for other in {info.topic_type for info in publishers} - {type_name}:
            if (topic, other) not in self._told:
                self._told.add((topic, other))
                self.get_logger().warning(f'{topic} is recorded as {type_name}; its publishers of '
                                          f'{other} are not')

    def _connect(self, topic: str, type_name: str,
                 offered: tuple[ReliabilityPolicy, DurabilityPolicy]) -> Any:
        message_class(type_name)
        connection = self._writer.add_connection(
            topic, type_name, typestore=typestore(type_name), offered_qos_profiles=[recorded_qos(
                reliable=offered[0] == ReliabilityPolicy.RELIABLE,
                latched=offered[1] == DurabilityPolicy.TRANSIENT_LOCAL)])
        self._recorded[topic] = connection
        return connection

    def _keep(self, connection: Any, data: bytes) -> None:
        self._arrived.append((connection, time_ns(), data))

    def write(self) -> None:
        """Write what has arrived; a full disk ends the recording, which no callback can."""
        for connection, now_ns, data in self._arrived:
            self._writer.write(connection, now_ns, data)
            self.counts[connection.topic] += 1
        self._arrived.clear()


def record(bag: Path, topics: list[str], storage: str, ros_args: list[str],
           stop: StopFlag) -> dict[str, int]:
    """
    Record until told to stop; what was recorded is on the disk some seconds later.

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
        If a name is none, ROS cannot start, or nothing came; no bag is left then.
    OSError
        If the bag is there already, or cannot be written.

    """
    stop.wait_for_end()
    try:
        writer = Writer(bag, version=VERSION, storage_plugin=STORAGES[storage])
        with node_session(ros_args, partial(Recorder, writer, topics)) as (recorder, executor):
            with writer:
                saved_s = monotonic()
                while not stop.is_set:
                    recorder.look()
                    executor.serve(_SLICE_S)
                    recorder.write()
                    if monotonic() > saved_s + _SAVE_S:
                        save(writer)
                        saved_s = monotonic()
    except (WriterError, sqlite3.Error) as error:
        raise OSError(f'{bag}: the bag cannot be written, {error}') from error
    except OSError as error:
        raise OSError(error.errno, error.strerror, error.filename or str(bag)) from error
    if not any(recorder.counts.values()):
        shutil.rmtree(bag)
        raise ValueError(f'nothing was recorded: no message came on {", ".join(recorder.counts)}')
    return recorder.counts
