# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What strangers ask of any node, and what it may hold afterwards."""
from collections.abc import Callable
import os
from pathlib import Path
from typing import Any

from lifecycle_msgs.srv import ChangeState
import numpy as np
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import (DescribeParameters, GetParameters, GetParameterTypes,
                                ListParameters, SetParameters)
from ros_harness import Client

COUNT = int(os.environ.get('IMPNET_TEST_STRANGE', '600'))
"""Malformed messages and requests; 100000 takes some minutes."""


def memory_kb(client: Client) -> int:
    """Give what the node holds."""
    said = Path(f'/proc/{client.pid}/status').read_text()  # type: ignore[attr-defined]
    return int(said.split('VmRSS:')[1].split()[0])


def strange_requests(client: Client, random: np.random.Generator) -> Callable[[], None]:
    """Ask for what is not there."""
    services: list[tuple[str, Any]] = [
        ('get_parameters', GetParameters), ('describe_parameters', DescribeParameters),
        ('get_parameter_types', GetParameterTypes)]

    def ask() -> None:
        names = [random.bytes(int(random.integers(1, 30))).decode('latin-1').replace('\x00', '?')
                 for _ in range(int(random.integers(4)))]
        kind = int(random.integers(6))
        if kind < 3:
            name, service = services[kind]
            client.call(name, service, service.Request(names=names))
        elif kind == 3:
            client.call('list_parameters', ListParameters, ListParameters.Request(
                prefixes=names, depth=int(random.integers(2**63))))
        elif kind == 4:
            request = ChangeState.Request()
            request.transition.id = int(random.choice([0, 1, 2, 3, 8, 50, 99, 255]))
            request.transition.label = ''.join(names[:1])
            assert not client.call('change_state', ChangeState, request).success
        else:
            value = ParameterValue(type=int(random.integers(12, 256)))
            parameters = [Parameter(name=name, value=value) for name in names]
            results = client.call('set_parameters', SetParameters,
                                  SetParameters.Request(parameters=parameters)).results
            assert [each.successful for each in results] == [False] * len(names)
    return ask
