# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Detector and depth node in one line: colour and depth images in, boxes in picture and space out.

    ros2 launch impnet_ros impnet_depth.launch.py camera:=realsense
    ros2 launch impnet_ros impnet_depth.launch.py image:=/camera/color/image_raw
        depth_topic:=/camera/depth/image_raw depth_info_topic:=/camera/depth/camera_info
"""
from impnet_ros.ros.depth.launching import depth_arguments, depth_node, IMAGES
from impnet_ros.ros.launching import detector, node_arguments, rviz
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration


def _nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    camera = LaunchConfiguration('camera').perform(context)
    image = LaunchConfiguration('image').perform(context) or IMAGES.get(camera, 'image')
    return [detector(context, {'image': image}), depth_node(context)]


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; start both nodes, and RViz where it is wanted."""
    arguments = node_arguments('depth.rviz')
    return LaunchDescription([
        DeclareLaunchArgument('image', default_value='',
                              description="Image topic. (empty: that of the argument camera's "
                              'driver, or image)'),
        *arguments,
        *depth_arguments([each.name for each in arguments]),
        OpaqueFunction(function=_nodes),
        rviz(),
    ])
