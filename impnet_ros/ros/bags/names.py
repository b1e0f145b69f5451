# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Names of topics, as ROS allows them; needs no rclpy."""
import re

_TOPIC = re.compile(r'(/[A-Za-z_][A-Za-z0-9_]*)+')
_LONGEST = 247  # DDS allows 256; ROS puts `rt` and more before


def topic_problem(name: str) -> str:
    """
    Say what is wrong with a full topic name, '' if nothing is.

    ROS: parts of letters, digits and underscores behind each slash, none of which begins with a
    digit.
    """
    if _TOPIC.fullmatch(name) and len(name) <= _LONGEST:
        return ''
    return (f'expected a topic name of letters, digits and underscores, no part beginning with '
            f'a digit, got {name!r}')


def require_topic(name: str) -> str:
    """Give the name back, or raise a ValueError that says what is wrong with it."""
    if problem := topic_problem(name):
        raise ValueError(f'topic: {problem}')
    return name
