# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""rclpy for as long as a tool runs; what it cannot do is said in one sentence."""
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from impnet_ros.ros.guards import guard_services, SteadyExecutor
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

N = TypeVar('N', bound=Node)


@contextmanager
def ros_session(ros_args: list[str]) -> Iterator[SingleThreadedExecutor]:
    """
    Start rclpy, give an executor, and end both.

    Raises
    ------
    ValueError
        If the arguments for ROS are none, or the middleware or its log cannot start.

    """
    try:
        rclpy.init(args=ros_args, signal_handler_options=SignalHandlerOptions.NO)
        executor = SingleThreadedExecutor()
    except Exception as error:  # noqa: B902 - rclpy has a class of its own for each
        text = ' '.join(str(error).split())
        if 'logging directory' in text:
            text = 'ROS finds no folder for its log: set HOME or ROS_LOG_DIR'
        # Behind the first comma it says where in its own source it noticed.
        raise ValueError(f'ROS cannot start with {" ".join(ros_args) or "no arguments"}: '
                         f'{text.split(", at /")[0]}') from error
    try:
        yield executor
    finally:
        executor.shutdown()
        rclpy.try_shutdown()


@contextmanager
def node_session(ros_args: list[str], make: Callable[[], N]
                 ) -> Iterator[tuple[N, SteadyExecutor]]:
    """
    Start rclpy and a node that no stranger's request ends, give both, and end them.

    Raises
    ------
    ValueError
        As `ros_session`, and what making the node raises.

    """
    with ros_session(ros_args):
        node = make()
        guard_services(node)
        executor = SteadyExecutor(node)
        try:
            yield node, executor
        finally:
            executor.shutdown()
