# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The executable: `impnet_node`."""
import gc
import os
import sys

from impnet_ros.ros.shutdown import StopFlag
from impnet_ros.threads import spin_briefly

_LONGEST_WAIT_S = 0.1


def main(args: list[str] | None = None) -> int:
    """
    Run the node until it is told to stop.

    One thread runs all callbacks. Each round of the executor serves what is ready once: at most
    one image of each camera, the newest, then services and timers. So no camera waits for more
    than one image of each other one, none can starve, and the network is never entered twice.

    Returns
    -------
    int
        0 after SIGINT or SIGTERM, however many; 1 when the parameters are not usable.

    """
    stop = StopFlag()
    # OpenCV would print a line for each broken picture; ours are throttled.
    os.environ.setdefault('OPENCV_LOG_LEVEL', 'ERROR')
    spin_briefly()
    # Imported under the flag's guard: torch takes seconds, and Ctrl-C may come in them.
    from impnet_ros.ros.lifecycle import DetectorNode
    import rclpy
    from rclpy.exceptions import ParameterException
    from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
    from rclpy.signals import SignalHandlerOptions

    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = DetectorNode()
    except (ParameterException, ValueError) as error:
        print(f'impnet_node: parameters: {error}', file=sys.stderr)
        rclpy.shutdown()
        return 1
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        if not stop.is_set:
            node.start()
        while not stop.is_set:
            executor.spin_once(_LONGEST_WAIT_S)
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


if __name__ == '__main__':
    sys.exit(main())
