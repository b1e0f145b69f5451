# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Write a rendered scene as a depth camera's bag: colour, depth, camera_info, tf."""
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from impnet_ros.data.depth_scenes import LENS, measured
from impnet_ros.data.solids import Camera
from impnet_ros.ros.bags.storage import recorded_qos, STORAGES, VERSION
import numpy as np
from rosbags.rosbag2 import Writer
from rosbags.typesys import get_typestore, Stores

Array = np.ndarray[Any, Any]
FRAME, WORLD = 'camera_color_optical_frame', 'map'
COLOUR, DEPTH = '/camera/color/image_raw', '/camera/depth/image_raw'
_KINDS = {COLOUR: 'sensor_msgs/msg/Image', DEPTH: 'sensor_msgs/msg/Image',
          '/camera/depth/camera_info': 'sensor_msgs/msg/CameraInfo',
          '/tf': 'tf2_msgs/msg/TFMessage', '/tf_static': 'tf2_msgs/msg/TFMessage'}
# From an optical frame (z forward) to a body frame (x forward, z up).
_OPTICAL = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])


class DepthBag:
    """
    An open bag.

    Parameters
    ----------
    folder : Path
        To create.
    seed : int
        Of the noise.

    """

    def __init__(self, folder: Path, seed: int = 0) -> None:
        """Open it."""
        self._store = get_typestore(Stores.ROS2_JAZZY)
        self._writer = Writer(folder, version=VERSION, storage_plugin=STORAGES['mcap'])
        self._rng = np.random.default_rng(seed)

    def __enter__(self) -> 'DepthBag':
        """Create the topics."""
        self._writer.open()
        self._connections = {
            topic: self._writer.add_connection(
                topic, kind, typestore=self._store,
                offered_qos_profiles=[recorded_qos(latched=topic == '/tf_static')])
            for topic, kind in _KINDS.items()}
        return self

    def __exit__(self, *_: Any) -> None:
        """Close the bag."""
        self._writer.close()

    def write(self, image: Array, depth: Array, camera: Camera, stamp_ns: int) -> None:
        """Write one instant; depth (H, W) in metres is measured with noise, as 16UC1."""
        metres = measured(depth, self._rng, holes=0.01)
        millimetres = np.nan_to_num(metres * 1000).clip(0, 65535).round().astype(np.uint16)
        header = self._header(stamp_ns, FRAME)
        self._put('/tf_static', stamp_ns, self._tf(
            stamp_ns, 'camera_link', FRAME, np.zeros(3), _OPTICAL))
        self._put('/tf', stamp_ns, self._tf(stamp_ns, WORLD, 'camera_link', camera.position,
                                            camera.rotation @ _OPTICAL.T))
        self._put('/camera/depth/camera_info', stamp_ns, self._info(header))
        self._put(DEPTH, stamp_ns, self._image(header, millimetres, '16UC1'))
        self._put(COLOUR, stamp_ns, self._image(header, image, 'rgb8'))

    def _put(self, topic: str, stamp_ns: int, message: Any) -> None:
        self._writer.write(self._connections[topic], stamp_ns,
                           self._store.serialize_cdr(message, _KINDS[topic]))

    def _make(self, kind: str, *fields: Any) -> Any:
        return self._store.types[kind](*fields)

    def _header(self, stamp_ns: int, frame: str) -> Any:
        stamp = self._make('builtin_interfaces/msg/Time', *divmod(stamp_ns, 1_000_000_000))
        return self._make('std_msgs/msg/Header', stamp, frame)

    def _image(self, header: Any, pixels: Array, encoding: str) -> Any:
        data = np.ascontiguousarray(pixels).view(np.uint8).reshape(-1)
        height, width = pixels.shape[:2]
        return self._make('sensor_msgs/msg/Image', header, height, width, encoding, 0,
                          data.size // height, data)

    def _info(self, header: Any) -> Any:
        k = np.array([LENS.fx, 0, LENS.cx, 0, LENS.fy, LENS.cy, 0, 0, 1.0])
        p = np.array([LENS.fx, 0, LENS.cx, 0, 0, LENS.fy, LENS.cy, 0, 0, 0, 1.0, 0])
        region = self._make('sensor_msgs/msg/RegionOfInterest', 0, 0, 0, 0, False)
        return self._make('sensor_msgs/msg/CameraInfo', header, LENS.height, LENS.width,
                          'plumb_bob', np.zeros(5), k, np.eye(3).reshape(-1), p, 0, 0, region)

    def _tf(self, stamp_ns: int, parent: str, child: str, position: Array,
            rotation: Array) -> Any:
        transform = self._make(
            'geometry_msgs/msg/Transform',
            self._make('geometry_msgs/msg/Vector3', *position.tolist()),
            self._make('geometry_msgs/msg/Quaternion', *_quaternion(rotation)))
        return self._make('tf2_msgs/msg/TFMessage', [self._make(
            'geometry_msgs/msg/TransformStamped', self._header(stamp_ns, parent), child,
            transform)])


def _quaternion(rotation: Array) -> Iterator[float]:
    """Give x, y, z, w of a rotation matrix (3, 3)."""
    # The eigenvector of the matrix of Bar-Itzhack (2000), without branches.
    (a, b, c), (d, e, f), (g, h, i) = rotation
    k = np.array([[a - e - i, d + b, g + c, h - f], [d + b, e - a - i, h + f, c - g],
                  [g + c, h + f, i - a - e, d - b], [h - f, c - g, d - b, a + e + i]]) / 3
    yield from np.linalg.eigh(k)[1][:, -1].tolist()
