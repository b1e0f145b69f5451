# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Bags as others write them: with mcap's own writer, unfinished, cut, or of odd content."""
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mcap.writer import Writer
import numpy as np
from rosbags.typesys import get_typestore, Stores

TYPES = get_typestore(Stores.ROS2_JAZZY)
IMAGE = 'sensor_msgs/msg/Image'
FIRST_NS, STEP_NS = 5_000_000_000, 100_000_000


def image_bytes(number: int, stamp_ns: int) -> bytes:
    """Give an Image message of 32 x 24 in CDR; its gray value is `number`."""
    types = TYPES.types
    header = types['std_msgs/msg/Header'](
        types['builtin_interfaces/msg/Time'](*divmod(stamp_ns, 1_000_000_000)), 'camera')
    pixels = np.full(24 * 32 * 3, number, np.uint8)
    message = types[IMAGE](header, 24, 32, 'rgb8', 0, 96, pixels)
    return bytes(TYPES.serialize_cdr(message, IMAGE))


def write_mcap(path: Path, count: int = 6, *, profile: str = 'ros2', finish: bool = True,
               json_topic: bool = False, cut: int = -1, first_ns: int = FIRST_NS,
               order: Sequence[int] = (), **options: Any) -> Path:
    """
    Write images to a bare MCAP file.

    Message `cut` is one of a few bytes only; `order` has the images as they arrive, in place of
    `count` images as they were taken.
    """
    definition = TYPES.generate_msgdef(IMAGE, ros_version=2)[0]
    with path.open('wb') as file:
        writer = Writer(file, **options)
        writer.start(profile, 'test')
        schema = writer.register_schema(IMAGE, 'ros2msg', definition.encode())
        channel = writer.register_channel('/image', 'cdr', schema)
        if json_topic:
            json_schema = writer.register_schema('Note', 'jsonschema', b'{"type": "object"}')
            notes = writer.register_channel('/notes', 'json', json_schema)
            writer.add_message(notes, first_ns, b'{}', first_ns)
        for place, number in enumerate(order or range(count)):
            time_ns = first_ns + place * STEP_NS
            data = image_bytes(number, first_ns + number * STEP_NS)
            writer.add_message(channel, time_ns, data[:40] if place == cut else data, time_ns)
        if finish:
            writer.finish()
    return path
