# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
One camera: `image` in, `detections`, `status` and `annotated_image` out.

    ros2 launch impnet_ros impnet.launch.py image:=/camera/image_raw l:=10 g:=0.5
"""
from impnet_ros.ros.launching import detector, node_arguments, rviz

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; start the node, and RViz where it is wanted."""
    return LaunchDescription([
        DeclareLaunchArgument('image', default_value='image',
                              description='Image topic. With image_transport compressed its '
                              'subtopic compressed is used.'),
        *node_arguments(),
        OpaqueFunction(function=lambda context: [
            detector(context, {'image': LaunchConfiguration('image').perform(context)})]),
        rviz(),
    ])
