# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Several cameras, one node, one model in memory.

    ros2 launch impnet_ros cameras.launch.py cameras:=front,rear
        images:=/front_camera/image_raw,/rear_camera/image_raw
"""
from impnet_ros.ros.launching import detector, names, node_arguments, rviz

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration


def _detector(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    cameras = names(LaunchConfiguration('cameras').perform(context))
    images = names(LaunchConfiguration('images').perform(context))
    if images and len(images) != len(cameras):
        raise ValueError(f'images: expected {len(cameras)} topics, one a camera, got {images}')
    return [detector(context, {f'{camera}/image': image for camera, image
                               in zip(cameras, images, strict=bool(images))})]


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; start the node, and RViz where it is wanted."""
    return LaunchDescription([
        DeclareLaunchArgument('images', default_value='',
                              description='Image topics in the order of the cameras, with '
                              'commas. (empty: <name>/image)'),
        *node_arguments('cameras.rviz', cameras='front,rear'),
        OpaqueFunction(function=_detector),
        rviz(),
    ])
