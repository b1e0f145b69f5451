# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
A recorded bag through the node.

    ros2 launch impnet_ros replay.launch.py bag:=/path/to/bag topic:=/camera/image_raw rviz:=true
"""
from typing import Any

from impnet_ros.ros.launching import (BOOLEANS, detector, node_arguments, rviz,
                                      shared_memory)
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction, RegisterEventHandler, Shutdown
from launch.conditions import IfCondition
from launch.event_handlers import OnProcessIO
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

# What the node says of a transition that failed.
_REFUSALS = (b'stays unconfigured: ', b'stays inactive: ')


def _start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    # Absolute, as in the bag, whatever namespace the node has.
    topic = '/' + LaunchConfiguration('topic').perform(context).strip('/')
    arguments = [LaunchConfiguration('bag'), '--rate', LaunchConfiguration('rate'),
                 '--clock', LaunchConfiguration('clock'), '--quiet',
                 # The node may need long to start on a small board; no image shall be lost.
                 '--wait', '120', '--wait-for', topic]
    for switch in ('loop', 'reliable', 'start_paused'):
        if IfCondition(LaunchConfiguration(switch)).evaluate(context):
            arguments.append(f'--{switch.replace("_", "-")}')
    node = detector(context, {'image': topic}, on_exit=_node_ended)
    return [RegisterEventHandler(OnProcessIO(target_action=node, on_stderr=_node_said)),
            node,
            Node(package='impnet_ros', executable='impnet_bag_play', output='screen',
                 arguments=arguments, additional_env=shared_memory(), on_exit=_player_ended)]


def _node_said(event: Any) -> None:
    """End at once when the node does not come up; it lives on, and nobody would hear the bag."""
    if any(refusal in event.text for refusal in _REFUSALS):
        raise RuntimeError('the node could not be configured, as it says above')


def _player_ended(event: Any, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    _require_success('the bag was not played to its end', event, context)
    return [Shutdown(reason='the bag has ended')]


def _node_ended(event: Any, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    if not IfCondition(LaunchConfiguration('use_respawn')).evaluate(context):
        _require_success('the node ended before the bag', event, context)
    return []


def _require_success(what: str, event: Any, context: LaunchContext) -> None:
    """Let launch end with an error too; nothing but an exception makes it."""
    if event.returncode and not context.is_shutdown:
        raise RuntimeError(f'{what}: {event.process_name} ended with {event.returncode}')


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
        *(DeclareLaunchArgument(name, default_value='false', choices=BOOLEANS,
                                description=text) for name, text in switches.items()),
        *node_arguments(),
        OpaqueFunction(function=_start),
        rviz(),
    ])
