# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Small archives: bags of every kind with a few small pictures in each."""
from pathlib import Path

import cv2
from impnet_ros.cli import main
import numpy as np
from rosbags.rosbag1 import Writer as Ros1Writer
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import get_typestore, Stores

TYPES = get_typestore(Stores.ROS2_JAZZY)
ROS1_TYPES = get_typestore(Stores.ROS1_NOETIC)
IMAGE, COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'
WEAK = '--score-threshold', '0.05', '--max-detections', '5', '--l', '10'
"""Settings under which the pictures of these bags show something, and boxes are carried."""


def picture(number, seed=0):
    """Draw shapes that move, uint8 (96, 128, 3) RGB."""
    image = np.full((96, 128, 3), 90 + 10 * (seed % 5), np.uint8)
    x = 20 + 3 * number + 5 * seed
    cv2.rectangle(image, (x % 90, 20), (x % 90 + 24, 85), (200, 60, 40), -1)
    cv2.circle(image, ((x + 12) % 100, 14), 9, (230, 190, 160), -1)
    return image


def stamps(count, start_s=100, period_ms=100):
    """Give times in nanoseconds."""
    return [start_s * 10**9 + index * period_ms * 10**6 for index in range(count)]


def message(types, number, stamp_ns, kind=IMAGE, seed=0, encoding='rgb8'):
    """Make an image message."""
    header_type = types.types['std_msgs/msg/Header']
    stamp = types.types['builtin_interfaces/msg/Time'](*divmod(stamp_ns, 10**9))
    header = (header_type(0, stamp, 'camera') if types is ROS1_TYPES
              else header_type(stamp, 'camera'))
    image = picture(number, seed)
    if kind == COMPRESSED:
        _, data = cv2.imencode('.png', image[..., ::-1])
        return types.types[kind](header, 'png', data.reshape(-1))
    if encoding != 'rgb8':
        return types.types[kind](header, 96, 128, encoding, 0, 256,
                                 np.zeros(96 * 256, np.uint8))
    return types.types[kind](header, 96, 128, 'rgb8', 0, 384, image.reshape(-1))


def write_bag(path, topics=('/camera/image_raw',), times=tuple(stamps(6)), *, kind=IMAGE,
              storage=StoragePlugin.MCAP, mode=CompressionMode.NONE, seed=0, spoil=(),
              encoding='rgb8'):
    """Write a rosbag2; messages whose numbers are in `spoil` are cut short."""
    writer = Writer(path, version=9, storage_plugin=storage)
    if mode != CompressionMode.NONE:
        writer.set_compression(mode, CompressionFormat.ZSTD)
    with writer:
        connections = [writer.add_connection(topic, kind, typestore=TYPES) for topic in topics]
        for number, stamp_ns in enumerate(times):
            for place, connection in enumerate(connections):
                made = message(TYPES, number, stamp_ns, kind, seed + place, encoding)
                raw = TYPES.serialize_cdr(made, kind)
                writer.write(connection, stamp_ns, raw[:60] if number in spoil else raw)
    return path


def write_ros1(path, times=tuple(stamps(6)), seed=0):
    """Write a bag of ROS 1."""
    with Ros1Writer(path) as writer:
        connection = writer.add_connection('/camera/image_raw', IMAGE, typestore=ROS1_TYPES)
        for number, stamp_ns in enumerate(times):
            made = message(ROS1_TYPES, number, stamp_ns, seed=seed)
            writer.write(connection, stamp_ns, ROS1_TYPES.serialize_ros1(made, IMAGE))
    return path


def write_pictures(folder, count=4, seed=0):
    """Write a folder of pictures."""
    folder.mkdir(parents=True)
    for number in range(count):
        cv2.imwrite(str(folder / f'{number:03d}.png'), picture(number, seed)[..., ::-1])
    return folder


def label(*arguments, workers=1):
    """Run `impnet label` without a bar; the exit status."""
    return main(['label', *map(str, arguments), '--workers', str(workers), '--log', 'none'])


def contents(folder):
    """Give name and bytes of everything but the summary, to compare two archives."""
    root = Path(folder)
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob('*'))
            if path.is_file() and path.name != 'summary.json'}
