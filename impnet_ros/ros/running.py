# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Run a managed node as a program: from its arguments to its end, in one line where it fails."""
from argparse import ArgumentParser
from collections.abc import Callable
import sys
from typing import Any

from impnet_ros.command_line import open_what_is_closed
from impnet_ros.ros.shutdown import StopFlag

_LONGEST_WAIT_S = 0.1
_SWITCH_S = 0.001


def run(program: str, load: Callable[[], Any], args: list[str] | None) -> int:
    """
    Run a node until it is told to stop.

    Parameters
    ----------
    program : str
        Its name, for what is said on stderr.
    load : Callable
        Imports and gives the class of the node, a `ManagedNode` with `settings.autostart`. Imports
        may take seconds, and Ctrl-C may come in them.
    args : list of str, optional
        ROS arguments; the process's own by default.

    Returns
    -------
    int
        0 after SIGINT, SIGTERM or SIGHUP, however many; 1 when ROS arguments, parameters, the
        installation or the environment are not usable, with one line that says which. Arguments
        that are not for ROS end the process as argparse does.

    """
    open_what_is_closed()
    stop = StopFlag()
    try:
        return _run(program, load, args, stop)
    finally:
        stop.ignore_further()


def _run(program: str, load: Callable[[], Any], args: list[str] | None, stop: StopFlag) -> int:
    def fail(text: str) -> int:
        print(f'{program}: {text}', file=sys.stderr)
        return 1

    try:
        import rclpy
        from rclpy.exceptions import ParameterException
        from rclpy.executors import ExternalShutdownException
        from rclpy.signals import SignalHandlerOptions
        from rclpy.utilities import remove_ros_args
        given = sys.argv[1:] if args is None else args
        try:
            rclpy.init(args=given, signal_handler_options=SignalHandlerOptions.NO)
        except Exception as error:  # noqa: B902 - rclpy has an exception class for each kind
            return fail(_about_start(error))
        _refuse_others(program, remove_ros_args(given))
        from impnet_ros.ros.guards import SteadyExecutor
        from impnet_ros.ros.parameter_files import of_no_use
        kind = load()
    except ImportError as error:
        return fail(f'{error}: install what README names and activate its environment (source) '
                    'in this terminal')
    stop.wait_for_end()
    try:
        node = kind()
        for text in of_no_use(given, node.get_fully_qualified_name()):
            node.get_logger().warning(text)
    except (ParameterException, ValueError) as error:
        rclpy.shutdown()
        return fail(f'parameters: {error}')
    except Exception as error:  # noqa: B902 - a name or remapping that ROS refuses
        rclpy.shutdown()
        return fail(_about_start(error))
    executor = SteadyExecutor(node)
    # A request is served within about this time while another thread runs Python.
    sys.setswitchinterval(_SWITCH_S)
    try:
        node.start(node.settings.autostart and not stop.is_set)
        while not stop.is_set:
            executor.serve(_LONGEST_WAIT_S)
    except ExternalShutdownException:
        pass
    finally:
        node.finish()
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()
    return 0


def _refuse_others(program: str, args: list[str]) -> None:
    """End where there are arguments that are not for ROS; it would pass over them in silence."""
    parser = ArgumentParser(
        prog=program, usage='%(prog)s [-h] [--ros-args ...]',
        description='A node of ROS: docs/node.md has its topics, services and parameters.',
        epilog=f'For example: {program} --ros-args -p NAME:=VALUE --params-file FILE '
        '-r TOPIC:=OTHER --log-level debug')
    _, others = parser.parse_known_args(args)
    if others:
        parser.error(f'expected none but arguments of ROS, behind --ros-args, got '
                     f'{" ".join(others)}')


def _about_start(error: Exception) -> str:
    """Say in one line what ROS could not start with."""
    text = str(error).split(', at /')[0].replace('\n', ' ')
    if 'logging' in text:
        return f'{text}: set ROS_LOG_DIR, or HOME, to a folder that can be written'
    if type(error).__name__ == 'UnknownROSArgsError':
        return f'unknown ROS arguments: {text}'
    return text
