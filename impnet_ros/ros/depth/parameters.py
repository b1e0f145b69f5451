# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The depth node's parameters: declared with description and range, changed all or none."""
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from impnet_ros.ros.depth.settings import DepthSettings, ROWS
from impnet_ros.ros.parameters import descriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

_BY_WORD = {row.word: row for row in ROWS}


def declare(node: Node) -> DepthSettings:
    """
    Declare all parameters and read what launch files, YAML and command line gave.

    Raises
    ------
    ValueError
        If a value has a wrong type or is out of its range.
    rclpy.exceptions.InvalidParameterTypeException, InvalidParameterValueException
        The same, found by rclpy.

    """
    for row in ROWS:
        node.declare_parameter(row.word, row.default, descriptor(row))
    return read(node.get_parameters(list(_BY_WORD)), DepthSettings())


def read(parameters: Iterable[Parameter], current: DepthSettings) -> DepthSettings:
    """Replace settings by the given parameters; names that are not ours are left out."""
    given = {_BY_WORD[each.name].name: _value(each.name, each.value)
             for each in parameters if each.name in _BY_WORD}
    return replace(current, **given)


def changed(parameters: Iterable[Parameter], current: DepthSettings) -> DepthSettings:
    """
    Replace settings of a node that runs.

    Raises
    ------
    ValueError
        If a value has a wrong type, is out of its range, or may not change any more.

    """
    wanted = read(parameters, current)
    for row in ROWS:
        if row.changes == 'fixed' and getattr(wanted, row.name) != getattr(current, row.name):
            raise ValueError(f'{row.title}: read-only, it is read at start-up')
    return wanted


def unknown(overrides: Mapping[str, Any]) -> list[str]:
    """Names that somebody set and that no parameter has: a spelling mistake, most often."""
    return sorted(name for name in overrides if name not in _BY_WORD
                  and name != 'use_sim_time' and not name.startswith('qos_overrides.'))


def _value(word: str, value: Any) -> Any:
    return float(value) if _BY_WORD[word].kind is float and type(value) is int else value
