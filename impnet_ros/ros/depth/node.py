# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The executable: `impnet_depth_node`."""
import sys

from impnet_ros.ros.shutdown import StopFlag

_LONGEST_WAIT_S = 0.1


def main(args: list[str] | None = None) -> int:
    """
    Run the node until it is told to stop.

    Returns
    -------
    int
        0 after SIGINT or SIGTERM, however many; 1 when arguments, parameters, the installation
        or the environment are not usable, with one line that says which.

    """
    stop = StopFlag()
    try:
        from impnet_ros.ros.depth.lifecycle import DepthNode
        from impnet_ros.ros.guards import guard_services, SteadyExecutor
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
        return _fail(str(error).split(', at /')[0].replace('\n', ' '))
    try:
        node = DepthNode()
    except (ParameterException, ValueError) as error:
        rclpy.shutdown()
        return _fail(f'parameters: {error}')
    guard_services(node)
    executor = SteadyExecutor(node)
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
    stop.ignore_further()
    return 0


def _fail(text: str) -> int:
    print(f'impnet_depth_node: {text}', file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
