# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Detections and status as an MCAP file that plays beside the bag."""
from pathlib import Path

from impnet_ros.archive.labelled import About, Labelled
from impnet_ros.archive.writers import ros_messages
from mcap.writer import CompressionType, Writer

NO_TOPIC = '/image'
"""Stands for the topic of videos and pictures, as `impnet_bag_write` names it."""


class McapFile:
    """
    Topics TOPIC/detections and TOPIC/status with the times of the bag.

    Parameters
    ----------
    path : Path
        File to write.
    about : About
        The piece and the settings.

    """

    suffix = '.mcap'

    def __init__(self, path: Path, about: About) -> None:
        self._about, self._count, self._lost = about, 0, 0
        self._next = about.piece.first
        self._file = path.open('wb')
        self._writer = Writer(self._file, compression=CompressionType.ZSTD)
        self._writer.start(profile='ros2', library='impnet_ros')
        topic = about.piece.topic or NO_TOPIC
        self._detections = self._channel(f'{topic}/detections', ros_messages.DETECTIONS)
        self._status = self._channel(f'{topic}/status', ros_messages.STATUS)
        self._writer.add_metadata('impnet_ros', {
            'source': about.piece.source, 'topic': about.piece.topic,
            'part': str(about.piece.part), 'model': about.job.model_name,
            'settings': about.job.settings})

    def _channel(self, topic: str, kind: str) -> int:
        text = ros_messages.definition(kind).encode()
        schema = self._writer.register_schema(kind, 'ros2msg', text)
        return self._writer.register_channel(topic, 'cdr', schema, {
            'topic_type_hash': ros_messages.type_hash(kind)})

    def write(self, image: Labelled) -> None:
        """Add an image."""
        self._count += 1
        self._lost += image.seen.index - self._next
        self._next = image.seen.index + 1
        for channel, data in (
                (self._detections, ros_messages.detections(image, self._about.class_names)),
                (self._status, ros_messages.status(image, self._about, self._count,
                                                   self._lost))):
            self._writer.add_message(channel, image.seen.log_ns, data, image.seen.log_ns)

    def close(self) -> None:
        """Write the index."""
        self._writer.finish()
        self._file.close()

    def abandon(self) -> None:
        """Let it be unfinished."""
        self._file.close()
