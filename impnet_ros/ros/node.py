# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The executable: `impnet_node`."""
import gc
import os
import sys

from impnet_ros.ros.shutdown import StopFlag
from impnet_ros.threads import spin_briefly

_LONGEST_WAIT_S = 0.1
_SWITCH_S = 0.001


def main(args: list[str] | None = None) -> int:
    """
    Run the node until it is told to stop.

    This thread serves services, parameters, timers, the clock and takes in images; another one
    computes: at most one image of each camera in turn, the newest. So no camera waits for more
    than one image of each other one, none can starve, and the network is never entered twice.

    Returns
    -------
    int
        0 after SIGINT or SIGTERM, however many; 1 when arguments, parameters, the installation
        or the environment are not usable, with one line that says which.

    """
    stop = StopFlag()
    # OpenCV would print a line for each broken picture; ours are throttled.
    os.environ.setdefault('OPENCV_LOG_LEVEL', 'ERROR')
    spin_briefly()
    # Imported here: torch takes seconds, and Ctrl-C may come in them.
    try:
        from impnet_ros.ros.guards import SteadyExecutor
        from impnet_ros.ros.lifecycle import DetectorNode
        import rclpy
        from rclpy.exceptions import ParameterException
        from rclpy.executors import ExternalShutdownException
        from rclpy.signals import SignalHandlerOptions
    except ImportError as error:
        return _fail(f'{error}: install what README names and activate its environment '
                     '(source) in this terminal')
    stop.wait_for_end()
    try:
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    except Exception as error:  # noqa: B902 - rclpy has an exception class for each kind
        return _fail(_about_start(error))
    try:
        node = DetectorNode()
    except (ParameterException, ValueError) as error:
        rclpy.shutdown()
        return _fail(f'parameters: {error}')
    except Exception as error:  # noqa: B902 - a name or remapping that ROS refuses
        rclpy.shutdown()
        return _fail(_about_start(error))
    executor = SteadyExecutor(node)
    # A request is served within about this time while the other thread runs Python.
    sys.setswitchinterval(_SWITCH_S)
    try:
        if not stop.is_set:
            node.start()
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


def _fail(text: str) -> int:
    print(f'impnet_node: {text}', file=sys.stderr)
    return 1


def _about_start(error: Exception) -> str:
    """Say in one line what ROS could not start with."""
    text = str(error).split(', at /')[0].replace('\n', ' ')
    if 'logging' in text:
        return f'{text}: set ROS_LOG_DIR, or HOME, to a folder that can be written'
    if type(error).__name__ == 'UnknownROSArgsError':
        return f'unknown ROS arguments: {text}'
    return text


if __name__ == '__main__':
    sys.exit(main())
