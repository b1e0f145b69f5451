# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Arguments of the launch files that start the depth node, and the node.

Imports neither torch nor rclpy: `ros2 launch` may run with a Python that has neither.
"""
from collections.abc import Sequence

from impnet_ros.ros.depth.settings import ROWS
from impnet_ros.ros.launching import choices_of, config, node_of, shared_arguments
from launch import LaunchContext, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration

_FILE = 'empty: as the parameters file says'
NO_CAMERA = 'none'
# The detector's image topic, as each driver names it by default; the rest is in config/depth.
IMAGES = {'realsense': '/camera/camera/color/image_raw', 'oak': '/oak/rgb/image_raw',
          'zed': '/zed/zed_node/rgb/color/rect/image', 'orbbec': '/camera/color/image_raw'}


def depth_arguments(declared: Sequence[str] = ()) -> list[DeclareLaunchArgument]:
    """
    Declare the arguments of the depth node: all its parameters, and more.

    Parameters
    ----------
    declared : sequence of str
        Arguments that the launch file has already.

    """
    arguments = [
        DeclareLaunchArgument('camera', default_value=NO_CAMERA, choices=(NO_CAMERA, *IMAGES),
                              description='Take the topics of this driver, from '
                              'config/depth/<camera>.yaml.'),
        DeclareLaunchArgument('depth_params_file', default_value='',
                              description="The depth node's parameters; arguments given here "
                              'override it. (empty: config/depth/<camera>.yaml, or '
                              'config/impnet_depth.yaml)'),
        *(DeclareLaunchArgument(
            row.word, default_value='', description=f'{row.text} ({_FILE})',
            choices=choices_of(row)) for row in ROWS),
        *shared_arguments('depth.rviz', 'the boxes in space')]
    return [each for each in arguments if each.name not in declared]


def depth_node(context: LaunchContext) -> LaunchDescriptionEntity:
    """Make the depth node with the arguments that were given; raises as `node_of`."""
    camera = LaunchConfiguration('camera').perform(context)
    own = 'impnet_depth.yaml' if camera == NO_CAMERA else f'depth/{camera}.yaml'
    file = LaunchConfiguration('depth_params_file').perform(context)
    return node_of(context, 'impnet_depth_node', ROWS, file or config(own).perform(context))
