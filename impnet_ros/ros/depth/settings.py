# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
All settings of the depth node in one frozen value.

Imports neither torch nor rclpy: `ros2 launch` may run with a Python that has neither.
"""
from dataclasses import dataclass

from impnet_ros.setting import Checked, documented, setting, table


@documented
@dataclass(frozen=True)
class DepthSettings(Checked):
    """Values of the depth node's parameters."""

    target_frame: str = setting(
        '', 'Frame of the results, through tf at the stamp of the depth image; empty for the '
        'frame of the depth camera.')
    slop: float = setting(
        0.1, 'Largest time between detections and depth image, s; never more than half the '
        'period of the depth images, whatever is set.', bounds=(0.0, 10.0))
    wait: float = setting(
        0.3, 'How long detections wait for their depth image, camera_info and tf, s.',
        bounds=(0.0, 10.0))
    history: float = setting(
        1.0, 'How long depth images are kept, s; more than the detector takes.',
        bounds=(0.05, 10.0))
    max_range: float = setting(
        100.0, 'Depths beyond count as nothing, m.', bounds=(0.1, 10_000.0))
    thickness: float = setting(
        0.5, 'Least depth of an object behind its visible front, as a share of the smaller of '
        'its width and height.', bounds=(0.0, 10.0))
    rectified: bool = setting(
        False, 'The depth image is rectified although its camera_info has distortion.')
    registered: bool = setting(
        False, "The depth image is registered to the detector's image although their frame_ids "
        'differ.')
    keep: float = setting(
        0.5, 'How long an object with an id is carried on without depth, s.', bounds=(0.0, 60.0))
    acceleration: float = setting(
        2.0, 'How fast objects change their velocity (standard deviation), m/s^2.',
        bounds=(0.01, 1000.0))
    max_image_pixels: int = setting(
        50_000_000, 'Largest image taken, width times height in pixels; larger ones are refused '
        'with an error.', bounds=(1, 2**31 - 1))
    detections_topic: str = setting(
        'detections', 'Topic of the detections (vision_msgs/Detection2DArray).', changes='fixed')
    depth_topic: str = setting(
        'depth/image', 'Topic of the depth images (sensor_msgs/Image).', changes='fixed')
    depth_info_topic: str = setting(
        'depth/camera_info', 'Topic of the intrinsics of the depth images '
        '(sensor_msgs/CameraInfo).', changes='fixed')
    image_info_topic: str = setting(
        'camera_info', "Topic of the intrinsics of the detector's image; needed only where its "
        "size is not the depth image's.", changes='fixed')
    autostart: bool = setting(
        True, 'Configure and activate at start-up, without a lifecycle manager.',
        changes='fixed')


ROWS = table(DepthSettings)
"""One row a parameter."""
