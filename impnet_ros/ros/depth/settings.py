# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The depth node's parameters: one frozen value, its declaration, its checks."""
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
import math
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter


@dataclass(frozen=True)
class DepthSettings:
    """Values of the depth node's parameters; `TEXTS` explains each."""

    autostart: bool = True
    target_frame: str = ''
    slop: float = 0.1
    wait: float = 0.3
    history: float = 1.0
    max_range: float = 100.0
    thickness: float = 0.5
    rectified: bool = False
    registered: bool = False
    keep: float = 0.5
    acceleration: float = 2.0
    max_image_pixels: int = 50_000_000


TEXTS: dict[str, str] = {
    'autostart': 'Configure and activate at start-up without a lifecycle manager.',
    'target_frame': 'Frame of the results, through tf at the stamp of the depth image; empty '
                    'for the frame of the depth camera.',
    'slop': 'Largest time between detections and depth image, s; never more than half the '
            'period of the depth images, whatever is set.',
    'wait': 'How long detections wait for their depth image, camera_info and tf, s.',
    'history': 'How long depth images are kept, s; more than the detector is late.',
    'max_range': 'Depths beyond count as nothing, m.',
    'thickness': 'Least depth of an object behind its visible front, as a share of the smaller '
                 'of its width and height.',
    'rectified': 'The depth image is rectified although its camera_info has distortion.',
    'registered': "The depth image is registered to the detector's image although their "
                  'frame_ids differ.',
    'keep': 'How long an object with an id is carried on without depth, s.',
    'acceleration': 'How fast objects change their velocity (standard deviation), m/s^2.',
    'max_image_pixels': 'Largest depth image taken, width times height in pixels.'}

BOUNDS: dict[str, tuple[float, float]] = {
    'slop': (0.0, 10.0), 'wait': (0.0, 10.0), 'history': (0.05, 10.0),
    'max_range': (0.1, 10_000.0), 'thickness': (0.0, 10.0), 'keep': (0.0, 60.0),
    'acceleration': (0.01, 1000.0), 'max_image_pixels': (1, 2**31 - 1)}

_READ_ONLY = ('autostart',)
_DEFAULTS = {each.name: each.default for each in fields(DepthSettings)}


def declare(node: Node) -> DepthSettings:
    """
    Declare all parameters and read what launch files, YAML and command line gave.

    Raises
    ------
    ValueError
        If a value has a wrong type or is out of its range.

    """
    node.declare_parameters('', [(name, default, _descriptor(name, default))
                                 for name, default in _DEFAULTS.items()])
    return changed(node.get_parameters(list(_DEFAULTS)), DepthSettings())


def changed(parameters: Iterable[Parameter], current: DepthSettings) -> DepthSettings:
    """
    Replace settings by the given parameters; names that are not ours are left out.

    Raises
    ------
    ValueError
        If a value has a wrong type or is out of its range.

    """
    return replace(current, **{each.name: _checked(each.name, each.value)
                               for each in parameters if each.name in _DEFAULTS})


def unknown(overrides: Mapping[str, Any]) -> list[str]:
    """Names that somebody set and that no parameter has: a spelling mistake, most often."""
    return sorted(name for name in overrides if name not in _DEFAULTS
                  and name != 'use_sim_time' and not name.startswith('qos_overrides.'))


def _descriptor(name: str, default: Any) -> ParameterDescriptor:
    descriptor = ParameterDescriptor(description=TEXTS[name], read_only=name in _READ_ONLY)
    # Also whole numbers are numbers (keep:=1); static typing would refuse them.
    descriptor.dynamic_typing = isinstance(default, float)
    low, high = BOUNDS.get(name, (0, 0))
    if isinstance(default, float):
        descriptor.floating_point_range = [FloatingPointRange(
            from_value=float(low), to_value=float(high), step=0.0)]
    elif not isinstance(default, bool | str):
        descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high), step=1)]
    return descriptor


def _checked(name: str, value: Any) -> Any:
    default = _DEFAULTS[name]
    if isinstance(default, float):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f'{name}: expected a number, got {value!r}')
        value = float(value)
    elif type(value) is not type(default):
        raise ValueError(f'{name}: expected {type(default).__name__}, got {value!r}')
    if name in BOUNDS:
        low, high = BOUNDS[name]
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError(f'{name}: expected {low:g} to {high:g}, got {value!r}')
    return value
