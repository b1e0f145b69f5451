# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Run a managed node as a program: from its arguments to its end, in one line where it fails."""
from collections.abc import Callable
import gc
import sys
from typing import Any

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
        0 after SIGINT or SIGTERM, however many; 1 when arguments, parameters, the installation
        or the environment are not usable, with one line that says which.

    """
    def fail(text: str) -> int:
        print(f'{program}: {text}', file=sys.stderr)
        return 1

    stop = StopFlag()
    try:
        from impnet_ros.ros.guards import SteadyExecutor
        kind = load()
        import rclpy
        from rclpy.exceptions import ParameterException
        from rclpy.executors import ExternalShutdownException
        from rclpy.signals import SignalHandlerOptions
    except ImportError as error:
        return fail(f'{error}: install what README names and activate its environment (source) '
                    'in this terminal')
    stop.wait_for_end()
    try:
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    except Exception as error:  # noqa: B902 - rclpy has an exception class for each kind
        return fail(_about_start(error))
    try:
        node = kind()
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
    # The interpreter's last collections would walk all of torch, a second that launch waits for.
    gc.freeze()
    stop.ignore_further()
    return 0


def _about_start(error: Exception) -> str:
    """Say in one line what ROS could not start with."""
    text = str(error).split(', at /')[0].replace('\n', ' ')
    if 'logging' in text:
        return f'{text}: set ROS_LOG_DIR, or HOME, to a folder that can be written'
    if type(error).__name__ == 'UnknownROSArgsError':
        return f'unknown ROS arguments: {text}'
    return text
