# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The node's parameters: declared with description and range, validated together."""
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from impnet_ros.ros.settings import ROWS, Settings
from impnet_ros.setting import Setting
from rcl_interfaces.msg import (FloatingPointRange, IntegerRange, ParameterDescriptor,
                                SetParametersResult)
from rclpy.node import Node
from rclpy.parameter import Parameter

_BY_WORD = {row.word: row for row in ROWS}
_WHEN = {'any time': '', 'fixed': 'read at start-up only',
         'unconfigured': 'changes only while the node is unconfigured'}


def descriptor(row: Setting) -> ParameterDescriptor:
    """
    Describe a parameter to `ros2 param describe`.

    None is read-only to ROS, which would refuse an unchanged value too and so `ros2 param load`;
    `check` does it.
    """
    limits = [row.expected if row.choices else '', _WHEN[row.changes]]
    # A whole number for a real one (g:=1), an empty list, true or a number for 'auto' have
    # another ROS type than the default; static typing would refuse them before the callback.
    mixed = (row.kind in (float, tuple) or True in row.choices and 'auto' in row.choices
             or bool(row.choices) and row.bounds is not None)
    result = ParameterDescriptor(description=row.text, dynamic_typing=mixed,
                                 additional_constraints='; '.join(filter(None, limits)))
    if row.bounds and row.kind is float:
        result.floating_point_range = [FloatingPointRange(
            from_value=float(row.bounds[0]), to_value=float(row.bounds[1]), step=0.0)]
    elif row.bounds and not row.choices:
        result.integer_range = [IntegerRange(
            from_value=int(row.bounds[0]), to_value=int(row.bounds[1]), step=1)]
    return result


def declare(node: Node, overrides: Mapping[str, Parameter]) -> Settings:
    """
    Declare all parameters and read what launch files, YAML and command line gave.

    Parameters
    ----------
    node : Node
        Whose parameters they become.
    overrides : mapping
        What was given, by name. An empty list in YAML comes without a value.

    Raises
    ------
    ValueError
        If the values do not fit together.
    rclpy.exceptions.InvalidParameterTypeException, InvalidParameterValueException
        If one alone is of a wrong type or outside its range.

    """
    for row in ROWS:
        empty = (row.kind is tuple and row.word in overrides
                 and overrides[row.word].value is None)
        default = list(row.default) if row.kind is tuple else row.default
        node.declare_parameter(row.word, default, descriptor(row), ignore_override=empty)
    return read(node.get_parameters(list(_BY_WORD)), Settings())


def read(parameters: Iterable[Parameter], current: Settings) -> Settings:
    """
    Replace settings by the given parameters.

    Parameters
    ----------
    parameters : iterable of Parameter
        The ones that change; names that are not ours are left out.
    current : Settings
        The others.

    Raises
    ------
    ValueError
        If a value has a wrong type or the settings do not fit together.

    """
    rows = [(_BY_WORD[each.name], each.value) for each in parameters if each.name in _BY_WORD]
    return replace(current, **{row.name: _value(row, value) for row, value in rows})


def check(parameters: Sequence[Parameter], current: Settings,
          unconfigured: bool) -> tuple[SetParametersResult, Settings]:
    """
    Accept or reject a change as a whole.

    Parameters
    ----------
    parameters : sequence of Parameter
        What somebody wants to set; what has that value already is accepted at any time.
    current : Settings
        What is set now.
    unconfigured : bool
        Whether the node is unconfigured, so that the model and its device may change.

    Returns
    -------
    SetParametersResult
        With the reason where it is a rejection.
    Settings
        The new settings, or `current` where the change was rejected.

    """
    try:
        new = read(parameters, current)
        for row in ROWS:
            if getattr(new, row.name) == getattr(current, row.name):
                continue
            if row.changes == 'fixed':
                raise ValueError(f'{row.title}: read-only, it is read at start-up')
            if row.changes == 'unconfigured' and not unconfigured:
                raise ValueError(f'{row.title}: read-only while the node is configured; '
                                 'deactivate and clean up first')
        return SetParametersResult(successful=True), new
    except ValueError as error:
        return SetParametersResult(successful=False, reason=str(error)), current


def unknown(overrides: Mapping[str, Any]) -> list[str]:
    """Names that somebody set and that no parameter has: a spelling mistake, most often."""
    return sorted(name for name in overrides if name not in _BY_WORD
                  and name != 'use_sim_time' and not name.startswith('qos_overrides.'))


def _value(row: Setting, value: Any) -> Any:
    """Bring a value from its ROS type to the field's; `Settings` says what is wrong with it."""
    if row.kind is tuple and isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return tuple(name for name in value if name != '')
    if value is False and 'off' in row.choices:
        return 'off'  # as YAML reads the word
    return float(value) if row.kind is float and type(value) is int else value
