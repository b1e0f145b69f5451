# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Arguments that the launch files of this package share, and the node that they start.

Imports neither torch nor rclpy: `ros2 launch` may run with a Python that has no torch.
"""
from collections.abc import Sequence
from typing import Any

from launch import LaunchContext, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

PACKAGE = 'impnet_ros'
_BOOLEANS = ('true', 'false')
_FILE = 'empty: as params_file says'

# Node parameters that are arguments too: description and choices. Their default is empty, which
# leaves the value to the parameters file.
PARAMETERS: dict[str, tuple[str, tuple[str, ...]]] = {
    'l': ('Segment length: one key frame in every l frames.', ()),
    'g': ('Memory gate of the impression, 0 to 1.', ()),
    'key_offset': ("Place of the key frame in its segment: 0 causal, l // 2 the paper's.", ()),
    'mode': ('How the features of key frames are used.',
             ('impression', 'average', 'sparse', 'per_frame')),
    'key_mode': ('Whether frames wait for a key frame (sync) or not (async).',
                 ('sync', 'async')),
    'schedule': ('A key frame in every l frames (fixed), or where motion needs it (adaptive).',
                 ('fixed', 'adaptive')),
    'l_min': ('Frames from key frame to key frame of an adaptive schedule, at least.', ()),
    'l_max': ('Frames from key frame to key frame of an adaptive schedule, at most.', ()),
    'model': ('Network: nanodet_g, or the path of a .safetensors checkpoint.', ()),
    'device': ('Where the network runs: auto, cpu, cuda or cuda:N.', ()),
    'score_threshold': ('Smallest score that is published, 0 to 1.', ()),
    'image_transport': ('raw subscribes image, compressed subscribes image/compressed.',
                        ('raw', 'compressed')),
    'image_reliability': ('Reliability asked of the image topics.',
                          ('auto', 'reliable', 'best_effort')),
    'use_sim_time': ('Take the time from /clock.', _BOOLEANS),
    'autostart': ('Configure and activate at start-up, without a lifecycle manager.', _BOOLEANS),
}


def config(name: str) -> PathJoinSubstitution:
    """Path of a file in the package's config folder."""
    return PathJoinSubstitution([FindPackageShare(PACKAGE), 'config', name])


def node_arguments(rviz_config: str = 'impnet.rviz') -> list[DeclareLaunchArgument]:
    """Declare the arguments that every launch file of the node has."""
    declared = [_parameter_argument(name, text, choices)
                for name, (text, choices) in PARAMETERS.items()]
    return [
        *declared,
        DeclareLaunchArgument('params_file', default_value=config('impnet.yaml'),
                              description="The node's parameters; arguments given above "
                              'override it.'),
        DeclareLaunchArgument('namespace', default_value='',
                              description='Namespace of the node and its topics.'),
        DeclareLaunchArgument('use_respawn', default_value='false', choices=_BOOLEANS,
                              description='Start the node again when it dies.'),
        DeclareLaunchArgument('log_level', default_value='info',
                              choices=('debug', 'info', 'warn', 'error', 'fatal'),
                              description='What the node logs.'),
        DeclareLaunchArgument('rviz', default_value='false', choices=_BOOLEANS,
                              description='Show the annotated images in RViz.'),
        DeclareLaunchArgument('rviz_config', default_value=config(rviz_config),
                              description='What RViz shows.'),
    ]


def detector(remappings: Sequence[tuple[Any, Any]] = (),
             parameters: dict[str, Any] | None = None) -> OpaqueFunction:
    """
    Start the node with the arguments that were given, the parameters file for the others.

    Parameters
    ----------
    remappings : sequence of (str, substitution)
        Of topics.
    parameters : dict, optional
        Further parameters, which override the file.

    """
    return OpaqueFunction(function=lambda context: [
        _node(context, remappings, parameters or {})])


def rviz() -> Node:
    """Start RViz where the argument `rviz` says so."""
    return Node(package='rviz2', executable='rviz2', output='log',
                namespace=LaunchConfiguration('namespace'),
                arguments=['-d', LaunchConfiguration('rviz_config')],
                condition=IfCondition(LaunchConfiguration('rviz')))


def _parameter_argument(name: str, text: str, choices: tuple[str, ...]) -> DeclareLaunchArgument:
    return DeclareLaunchArgument(name, default_value='', description=f'{text} ({_FILE})',
                                 choices=('', *choices) if choices else None)


def _node(context: LaunchContext, remappings: Sequence[tuple[Any, Any]],
          parameters: dict[str, Any]) -> LaunchDescriptionEntity:
    given = {name: ParameterValue(LaunchConfiguration(name), value_type=_type(name))
             for name in PARAMETERS if LaunchConfiguration(name).perform(context)}
    return Node(
        package=PACKAGE, executable='impnet_node', name='impnet_node', output='screen',
        namespace=LaunchConfiguration('namespace'),
        parameters=[LaunchConfiguration('params_file'), {**given, **parameters}],
        remappings=list(remappings),
        respawn=LaunchConfiguration('use_respawn'), respawn_delay=2.0,
        arguments=['--ros-args', '--log-level',
                   ['impnet_node:=', LaunchConfiguration('log_level')]])


def _type(name: str) -> type | None:
    """Keep names from being read as YAML: a model called '1e3' stays one; numbers are read."""
    return str if name in ('model', 'device', 'mode', 'key_mode', 'schedule',
                           'image_transport', 'image_reliability') else None
