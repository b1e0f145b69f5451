# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Other nodes of the same name, which ROS allows and which confuses whoever speaks to them."""
from rclpy.node import Node


def why_confusing(node: Node) -> str:
    """
    Say what nodes of this node's name do to each other, and what would help.

    Returns
    -------
    str
        One sentence; empty while the name is the node's own.

    """
    own = (node.get_name(), node.get_namespace())
    count = node.get_node_names_and_namespaces().count(own)
    if count < 2:
        return ''
    return (f'{count} nodes are named {node.get_fully_qualified_name()}: requests reach any of '
            'them, results come from all; end the others (a killed one counts for some seconds) '
            'or give each a name of its own, -r __node:=NAME')
