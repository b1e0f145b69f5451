# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The node under test: a process of its own, its parameters, its processor time."""
from collections.abc import Callable, Mapping, Sequence
import os
from pathlib import Path
import signal
import subprocess
import sys
from time import monotonic
from typing import Any

from rcl_interfaces.srv import SetParametersAtomically
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger

NODE = 'impnet_node'
_DEADLINE_S = 60.0

Spin = Callable[[float], None]
"""Serve callbacks for so many seconds."""


class NodeProcess:
    """
    `impnet_node`, started as users start it.

    Parameters
    ----------
    node : Node
        Of this process, for service calls.
    spin : callable
        Serves its callbacks while an answer is waited for.
    namespace : str
        In which the other node runs.
    parameters : mapping
        Its parameters at the start.

    """

    def __init__(self, node: Node, spin: Spin, namespace: str,
                 parameters: Mapping[str, Any]) -> None:
        self._spin = spin
        command = [sys.executable, '-m', 'impnet_ros.ros.node', '--ros-args', '-r',
                   f'__ns:={namespace}']
        for name, value in parameters.items():
            command += ['-p', f'{name}:={as_yaml(value)}']
        self._process = subprocess.Popen(command)
        prefix = f'{namespace}/{NODE}'
        self._set = node.create_client(SetParametersAtomically,
                                       f'{prefix}/set_parameters_atomically')
        self._reset = node.create_client(Trigger, f'{prefix}/reset')

    def wait_for(self, ready: Callable[[], bool]) -> None:
        """Serve callbacks until something is so; an error when it never is."""
        deadline_s = monotonic() + _DEADLINE_S
        while not ready():
            if self._process.poll() is not None:
                raise OSError(f'{NODE} ended with status {self._process.returncode}')
            if monotonic() > deadline_s:
                raise OSError(f'{NODE} did not answer within {_DEADLINE_S:.0f} s')
            self._spin(0.05)

    def use(self, values: Mapping[str, Any]) -> None:
        """Set parameters together and begin a new video."""
        request = SetParametersAtomically.Request(parameters=[
            Parameter(name, value=value).to_parameter_msg() for name, value in values.items()])
        result = self._call(self._set, request).result
        if not result.successful:
            raise ValueError(result.reason)
        self._call(self._reset, Trigger.Request())

    def _call(self, client: Any, request: Any) -> Any:
        self.wait_for(client.service_is_ready)
        future = client.call_async(request)
        self.wait_for(future.done)
        return future.result()

    def cpu_s(self) -> float:
        """Give the processor time that it has spent, all threads together, in seconds."""
        fields = Path(f'/proc/{self._process.pid}/stat').read_text().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def memory_mb(self) -> float:
        """Give the memory that it holds, MB."""
        pages = Path(f'/proc/{self._process.pid}/statm').read_text().split()[1]
        return int(pages) * os.sysconf('SC_PAGE_SIZE') / 1e6

    def close(self) -> None:
        """End it, as Ctrl-C would."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(_DEADLINE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()


def as_yaml(value: Any) -> str:
    """Write a parameter's value as the command line takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return '[' + ', '.join(as_yaml(item) for item in value) + ']'
    return str(value)
