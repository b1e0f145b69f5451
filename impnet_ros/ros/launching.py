# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Arguments that the launch files of this package share, and how they start its nodes.

Imports neither torch nor rclpy: `ros2 launch` may run with a Python that has no torch.

What a node would refuse at its start is refused before it is started, where that can be known:
then launch ends with an error. A node that dies later ends nothing else, as launch files of whole
robots include these.
"""
from collections.abc import Mapping, Sequence
import os
from pathlib import Path
from typing import Any

from ament_index_python.packages import get_package_prefix, PackageNotFoundError
from impnet_ros.outputs import said
from impnet_ros.ros.bags.names import topic_problem
from impnet_ros.ros.parameter_files import require_parameters
from impnet_ros.ros.settings import ROWS, Settings
from impnet_ros.setting import Setting
from launch import LaunchContext, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare
import yaml

PACKAGE = 'impnet_ros'
PROFILES = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')
"""Where Fast DDS looks for its profile: before 3.0, and from 3.0 on."""

BOOLEANS = ('true', 'false', 'True', 'False')  # launch files of others write both
_FILE = 'empty: as the parameters file says'
_SPLIT = 'with commas; '


def config(name: str) -> PathJoinSubstitution:
    """Path of a file in the package's config folder."""
    return PathJoinSubstitution([FindPackageShare(PACKAGE), 'config', name])


def node_arguments(rviz_config: str = 'impnet.rviz',
                   cameras: str = '') -> list[DeclareLaunchArgument]:
    """
    Declare the arguments that every launch file of the node has: all its parameters, and more.

    Parameters
    ----------
    rviz_config : str
        What RViz shows by default, in the config folder.
    cameras : str
        Default of the argument `cameras`. Empty, as the other parameters' defaults, leaves the
        value to the parameters file.

    """
    return [
        *(DeclareLaunchArgument(
            row.word, default_value=cameras if row.word == 'cameras' else '',
            description=f'{row.text} ({_SPLIT if row.kind is tuple else ""}{_FILE})',
            choices=choices_of(row))
          for row in ROWS),
        DeclareLaunchArgument('params_file', default_value=config('impnet.yaml'),
                              description="The node's parameters; arguments given above "
                              'override it.'),
        *shared_arguments(rviz_config, 'the annotated images'),
    ]


def choices_of(row: Setting) -> tuple[str, ...] | None:
    """List what the argument of a parameter may be; None where numbers or names may be too."""
    if not row.choices or row.bounds:
        return None
    return '', *row.choice_words, *(BOOLEANS[2:] if True in row.choices else ())


def shared_arguments(rviz_config: str, shown: str) -> list[DeclareLaunchArgument]:
    """
    Declare the arguments that launch files of each node have.

    Parameters
    ----------
    rviz_config : str
        What RViz shows by default, in the config folder.
    shown : str
        The same, in words.

    """
    return [
        DeclareLaunchArgument('use_sim_time', default_value='', choices=('', *BOOLEANS),
                              description=f'Take the time from /clock. ({_FILE})'),
        DeclareLaunchArgument('namespace', default_value='',
                              description='Namespace of the node and its topics.'),
        DeclareLaunchArgument('use_respawn', default_value='false', choices=BOOLEANS,
                              description='Start the node again when it dies.'),
        DeclareLaunchArgument('log_level', default_value='info',
                              choices=('debug', 'info', 'warn', 'error', 'fatal'),
                              description='What the node logs.'),
        DeclareLaunchArgument('rviz', default_value='false', choices=BOOLEANS,
                              description=f'Show {shown} in RViz.'),
        DeclareLaunchArgument('rviz_config', default_value=config(rviz_config),
                              description='What RViz shows.'),
    ]


def detector(context: LaunchContext, images: Mapping[str, str], on_exit: Any = None
             ) -> LaunchDescriptionEntity:
    """
    Make the node with the arguments that were given, the parameters file for the others.

    Parameters
    ----------
    context : LaunchContext
        Of the launch.
    images : mapping
        Image topics by the names that they have in the node.
    on_exit : callable, optional
        Called with the event and the context when the node ends.

    Raises
    ------
    ValueError, RuntimeError
        As `node_of`, and where a topic's or a camera's name is none.

    """
    Settings(cameras=tuple(names(LaunchConfiguration('cameras').perform(context))))
    for topic in images.values():
        name = topic.removeprefix('~/')
        if problem := topic_problem(name if name.startswith('/') else f'/{name}'):
            raise ValueError(f'image: {problem}')
    return node_of(context, 'impnet_node', ROWS,
                   LaunchConfiguration('params_file').perform(context),
                   remappings=list(images.items()), on_exit=on_exit)


def node_of(context: LaunchContext, executable: str, rows: Sequence[Setting], file: str,
            **others: Any) -> LaunchDescriptionEntity:
    """
    Make a node of this package; arguments that were given override its parameters file.

    Parameters
    ----------
    context : LaunchContext
        Of the launch.
    executable : str
        Also the node's name.
    rows : sequence of Setting
        Its parameters.
    file : str
        The parameters file.
    others
        For `launch_ros.actions.Node`.

    Raises
    ------
    ValueError
        If an argument cannot be the parameter, or there is no such file.
    RuntimeError
        If RViz is wanted and not installed.

    """
    _require_rviz(context)
    file = os.path.expanduser(file)
    _require_parameters(file)
    kinds: dict[str, type] = {**{row.word: row.kind for row in rows}, 'use_sim_time': bool}
    given = {word: LaunchConfiguration(word).perform(context) for word in kinds}
    for row in rows:
        if given[row.word]:
            _require_value(row, given[row.word])
    return Node(
        package=PACKAGE, executable=executable, name=executable, output='screen',
        namespace=LaunchConfiguration('namespace'),
        parameters=[file, {word: _value(word, text, kinds[word])
                           for word, text in given.items() if text}],
        additional_env=shared_memory(), respawn=LaunchConfiguration('use_respawn'),
        respawn_delay=2.0, arguments=['--ros-args', '--log-level', [
            _logger(context, executable), ':=', LaunchConfiguration('log_level')]], **others)


def shared_memory() -> dict[str, Any]:
    """
    Give the environment that lets Fast DDS carry images in shared memory, for one process.

    Empty where the terminal or the robot has its own settings for transports.
    """
    if any(os.environ.get(name) for name in (*PROFILES, 'FASTDDS_BUILTIN_TRANSPORTS')):
        return {}
    return dict.fromkeys(PROFILES, config('fastdds.xml'))


def names(text: str) -> list[str]:
    """Split names at commas; the brackets of a YAML list may be there."""
    return [name.strip(' "\'') for name in text.strip(' []').split(',') if name.strip(' "\'')]


def rviz() -> OpaqueFunction:
    """Start RViz where the argument `rviz` says so."""
    return OpaqueFunction(function=lambda context: [Node(
        package='rviz2', executable='rviz2', output='log',
        namespace=LaunchConfiguration('namespace'),
        arguments=['-d', os.path.expanduser(
            LaunchConfiguration('rviz_config').perform(context))])],
        condition=IfCondition(LaunchConfiguration('rviz')))


def _require_rviz(context: LaunchContext) -> None:
    """Notice before anything is started that RViz cannot be: what runs then would be left over."""
    if IfCondition(LaunchConfiguration('rviz')).evaluate(context):
        try:
            get_package_prefix('rviz2')
        except PackageNotFoundError as error:
            raise RuntimeError('rviz: expected the package rviz2, which is not installed; leave '
                               'rviz:=true out, or install it') from error


def _require_parameters(file: str) -> None:
    """Refuse a parameters file that is none: launch would go on without it."""
    if not Path(file).is_file():
        raise ValueError(f'parameters file: expected a file, got {file}')
    try:
        require_parameters(file)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ValueError(f'parameters file: {file}: {said(error)}') from error


def _require_value(row: Setting, text: str) -> None:
    """Refuse what the parameter cannot be."""
    if text not in row.choice_words:
        row.check(tuple(names(text)) if row.kind is tuple else _read(text, row.kind))


def _read(text: str, kind: type) -> Any:
    """Read an argument as launch does."""
    try:
        return text if _is_word(text, kind) else yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _is_word(text: str, kind: type) -> bool:
    """Only numbers and truth values are read as YAML: a model called '1e3' stays one."""
    return kind is str and text not in BOOLEANS


def _logger(context: LaunchContext, node: str) -> str:
    """Name a node's logger, which has the namespaces of groups and the node's own before it."""
    own = LaunchConfiguration('namespace').perform(context)
    around = '' if own.startswith('/') else context.launch_configurations.get('ros_namespace', '')
    return '.'.join(part for part in [*around.split('/'), *own.split('/'), node] if part)


def _value(word: str, text: str, kind: type) -> Any:
    """Give an argument's text the type of its parameter."""
    if kind is tuple:
        return names(text) or ['']  # launch has no empty list
    return ParameterValue(LaunchConfiguration(word),
                          value_type=str if _is_word(text, kind) else None)
