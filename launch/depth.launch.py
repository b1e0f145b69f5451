# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Things in space, beside a detector that runs: its detections and a depth image in, 3-D boxes out.

    ros2 launch impnet_ros depth.launch.py camera:=realsense target_frame:=odom
"""
from impnet_ros.ros.depth.launching import depth_arguments, depth_node
from impnet_ros.ros.launching import rviz

from launch import LaunchDescription
from launch.actions import OpaqueFunction


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; start the depth node, and RViz where it is wanted."""
    return LaunchDescription([
        *depth_arguments(),
        OpaqueFunction(function=lambda context: [depth_node(context)]),
        rviz(),
    ])
