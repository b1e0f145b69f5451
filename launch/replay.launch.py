# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A recorded bag through the node.

    ros2 launch impnet_ros replay.launch.py bag:=/path/to/bag topic:=/camera/image_raw rviz:=true
"""
from impnet_ros.ros.launching import config, detector, node_arguments, rviz
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable, Shutdown
from launch.conditions import IfCondition
from launch.substitutions import EnvironmentVariable, LaunchConfiguration
from launch_ros.actions import Node

# The first for Fast DDS before 3.0, the second from 3.0 on.
_PROFILES = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')


def _player(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    arguments = [LaunchConfiguration('bag'), '--rate', LaunchConfiguration('rate'),
                 '--clock', LaunchConfiguration('clock'), '--quiet',
                 # The node may need long to start on a small board; no image shall be lost.
                 '--wait', '120', '--wait-for', LaunchConfiguration('topic')]
    for switch in ('loop', 'reliable', 'start_paused'):
        if IfCondition(LaunchConfiguration(switch)).evaluate(context):
            arguments.append(f'--{switch.replace("_", "-")}')
    return [Node(package='impnet_ros', executable='impnet_bag_play', output='screen',
                 arguments=arguments, on_exit=Shutdown(reason='the bag has ended'))]


def generate_launch_description() -> LaunchDescription:
    """Declare the arguments; start the node, the player, and RViz where it is wanted."""
    switches = {'loop': 'Begin again at the end of the bag.',
                'reliable': 'Offer reliable topics, whatever was recorded.',
                'start_paused': 'Wait for the service impnet_bag_play/pause with data false.'}
    return LaunchDescription([
        DeclareLaunchArgument('bag', description='Folder of the bag, or its .mcap or .db3 file.'),
        DeclareLaunchArgument('topic', default_value='/image',
                              description='Image topic of the bag.'),
        DeclareLaunchArgument('rate', default_value='1.0', description='Speed of the replay.'),
        DeclareLaunchArgument('clock', default_value='0.0',
                              description='Frequency in Hz at which /clock tells the time of '
                              'the bag; 0 for none. Give use_sim_time:=true too.'),
        *(DeclareLaunchArgument(name, default_value='false', choices=('true', 'false'),
                                description=text) for name, text in switches.items()),
        *node_arguments(),
        *(SetEnvironmentVariable(name, EnvironmentVariable(
            name, default_value=config('fastdds.xml'))) for name in _PROFILES),
        detector(remappings=[('image', LaunchConfiguration('topic'))]),
        OpaqueFunction(function=_player),
        rviz(),
    ])
