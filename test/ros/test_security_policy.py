# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The security policy names what the running node has, and nothing else."""
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ros_harness import await_text, Client, process

pytestmark = [pytest.mark.ros, pytest.mark.timeout(120)]
POLICY = Path(__file__).parents[2] / 'config' / 'security_policy.xml'
NAME = 'impnet_policy'
"""Of the node here: graphs may still know other tests' nodes by the usual name."""
ALTERNATIVES = {'/image/compressed', '/clock', '/parameter_events'}
"""Subscribed by other parameters, or by other releases of rclpy."""


def allowed(kind: str, attribute: str) -> set[str]:
    """Names in the policy, resolved for the node."""
    root = ElementTree.parse(POLICY).getroot()
    names = [item.text or '' for group in root.iter(kind) if group.get(attribute) == 'ALLOW'
             for item in group]
    return {name.replace('~', f'/{NAME}') if name[0] == '~' else f'/{name}' for name in names}


def test_the_policy_is_what_the_node_uses(tmp_path: Path) -> None:
    log = tmp_path / 'log'
    with process('node', '--ros-args', '-r', f'__node:={NAME}', '-p', 'detections_now:=true',
                 log=log) as running:
        await_text(log, ' -> ', running)
        client = Client()

        def names(query: str) -> set[str]:
            ask: Callable[[str, str], list[tuple[str, list[str]]]] = getattr(client.node, query)
            return {name for name, _ in ask(NAME, '/')}

        try:
            client.until(lambda: (NAME, '/')
                         in client.node.get_node_names_and_namespaces())
            client.until(lambda: f'/{NAME}/reset'
                         in names('get_service_names_and_types_by_node'))
            client.until(lambda: '/vision_info'
                         in names('get_publisher_names_and_types_by_node'))
            assert (names('get_publisher_names_and_types_by_node')
                    == allowed('topics', 'publish'))
            assert (names('get_service_names_and_types_by_node') == allowed('services', 'reply'))
            subscribed = names('get_subscriber_names_and_types_by_node')
            assert subscribed - ALTERNATIVES == {'/image'}
            assert subscribed <= allowed('topics', 'subscribe')
        finally:
            client.close()
