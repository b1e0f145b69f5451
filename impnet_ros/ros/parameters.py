# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The node's parameters: declared with description and range, validated together."""
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from impnet_ros.config import KEY_MODES, MODES, PRECISIONS, RUNTIMES, SCHEDULES
from impnet_ros.ros.settings import Settings
from rcl_interfaces.msg import (FloatingPointRange, IntegerRange, ParameterDescriptor,
                                SetParametersResult)
from rclpy.node import Node
from rclpy.parameter import Parameter

_LARGEST = 2**31 - 1


@dataclass(frozen=True)
class Row:
    """One parameter: default, meaning, bounds, when it may change, and types it may have too."""

    name: str
    default: Any
    description: str
    bounds: tuple[float, float] | None = None
    choices: tuple[str, ...] = ()
    read_only: bool = False
    when_unconfigured: bool = False
    others: tuple[type, ...] = ()

    def descriptor(self) -> ParameterDescriptor:
        """Describe the parameter to `ros2 param describe`."""
        descriptor = ParameterDescriptor(description=self.description, read_only=self.read_only)
        # A whole number for a real one (g:=1) and an empty list have another ROS type than the
        # default; static typing would refuse them before the callback sees them.
        descriptor.dynamic_typing = isinstance(self.default, float | list) or bool(self.others)
        if self.choices:
            descriptor.additional_constraints = 'one of: ' + ', '.join(self.choices)
        elif self.when_unconfigured:
            descriptor.additional_constraints = 'takes effect on configure'
        if self.bounds and isinstance(self.default, float):
            low, high = self.bounds
            descriptor.floating_point_range = [FloatingPointRange(
                from_value=float(low), to_value=float(high), step=0.0)]
        elif self.bounds:
            low, high = self.bounds
            descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high),
                                                     step=1)]
        return descriptor


_D = Settings()
ROWS: tuple[Row, ...] = (
    Row('model', _D.model, 'Network: a built-in name (nanodet_g) or the path of a .safetensors '
        'checkpoint. Changes only while unconfigured.', when_unconfigured=True),
    Row('device', _D.device, 'Where the network runs: auto, cpu, cuda or cuda:N. auto takes CUDA '
        'where there is one; a device that is not there fails the configuration. Changes only '
        'while unconfigured.', when_unconfigured=True),
    Row('runtime', _D.runtime, 'What runs the features of nanodet_g on a CPU; those other than '
        'torch are faster and need their packages (pip install impnet_ros[runtimes]). '
        'Changes only while unconfigured.', choices=RUNTIMES, when_unconfigured=True),
    Row('precision', _D.precision, 'Of the convolutions: float32; bfloat16, faster on processors '
        'and GPUs that have it; float16, for GPUs. Changes only while unconfigured.',
        choices=PRECISIONS, when_unconfigured=True),
    Row('threads', _D.threads, 'CPU threads of the network; 0 for as many as cores, 4 at most. '
        'Of two or more, one carries the memory to a key frame beside its features.',
        (0, 256), read_only=True),
    Row('autostart', _D.autostart, 'Configure and activate at start-up without a lifecycle '
        'manager.', read_only=True),
    Row('cameras', list(_D.cameras), 'Names of the cameras, each with its topics <name>/image, '
        '<name>/detections, ... and its own memory; empty for one camera on image.',
        read_only=True),
    Row('image_transport', _D.image_transport, 'raw subscribes image, compressed subscribes '
        'image/compressed.', choices=('raw', 'compressed'), read_only=True),
    Row('image_reliability', _D.image_reliability, 'Reliability asked of the image topic: auto '
        'follows the publishers, looking again when they change.',
        choices=('auto', 'reliable', 'best_effort'), read_only=True),
    Row('max_image_pixels', _D.max_image_pixels, 'Largest image taken, width times height in '
        'pixels; larger ones are refused with an error.', (1, _LARGEST)),
    Row('enabled', _D.enabled, 'false stops processing (no subscription) and forgets; true '
        'begins anew.'),
    Row('l', _D.l, 'Segment length, frames: one key frame in every l frames.', (1, 10_000)),
    Row('g', _D.g, 'Memory gate of the impression: 0 keeps the newest key frame only, 1 the '
        'longest memory.', (0.0, 1.0)),
    Row('key_offset', _D.key_offset, 'Place of the key frame in its segment, 0..l-1: 0 answers '
        'at once, l/2 is more accurate and delays by as many frames.', (0, 9_999)),
    Row('mode', _D.mode, 'impression (the method), average, sparse (deep feature flow) or '
        'per_frame.', choices=MODES),
    Row('key_mode', _D.key_mode, 'sync: a key frame is answered when its features are ready; '
        'async: they are computed beside the stream, and no frame waits (key_offset 0 only).',
        choices=KEY_MODES),
    Row('schedule', _D.schedule, 'fixed: a key frame in every l frames; adaptive: when the flow '
        'explains too little of the images since the last one (key_offset 0, key_period 0 only).',
        choices=SCHEDULES),
    Row('l_min', _D.l_min, 'schedule adaptive: frames from one key frame to the next, at least.',
        (1, 10_000)),
    Row('l_max', _D.l_max, 'schedule adaptive: frames from one key frame to the next, at most.',
        (1, 10_000)),
    Row('doubt_threshold', _D.doubt_threshold, 'schedule adaptive: a key frame comes when the '
        'mean mismatch (0..1) of the images since the last one adds up to more than this; '
        'smaller gives more key frames.', (0.0, 10_000.0)),
    Row('box_memory', _D.box_memory, 'Carry boxes too: by flow between key frames, fading where '
        'key frames miss them; gives track ids (key_offset 0 only). auto: as the model recommends '
        'in mode impression with key_offset 0 (nanodet_g: yes).', others=(bool,)),
    Row('box_lifetime', _D.box_lifetime, 'Seconds in which the score of a carried box that no '
        'key frame confirms falls to 1 / e.', (1e-3, 60.0)),
    Row('key_period', _D.key_period, 'Seconds between key frames, in place of l, for cameras of '
        'unsteady rate; 0 counts frames (l).', (0.0, 3600.0)),
    Row('max_gap', _D.max_gap, 'Seconds without a frame after which memory starts anew.',
        (1e-3, 3600.0)),
    Row('scene_cut', _D.scene_cut, 'Begin anew at a cut between two scenes, for films; at low '
        'rates fast motion can pass for a cut.'),
    Row('stagger_keys', _D.stagger_keys, 'With several cameras: shorten their first segments so '
        'that their key frames do not fall together.', read_only=True),
    Row('score_threshold', _D.score_threshold, 'Smallest score that is published. '
        'Box memory remembers what was published down to half of it.', (0.0, 1.0)),
    Row('nms_threshold', _D.nms_threshold, 'Overlap (IoU) above which the weaker of two boxes of '
        'one class is dropped. Box memory takes two that overlap by more than 0.5 for one '
        'object in any case.', (0.0, 1.0)),
    Row('max_detections', _D.max_detections, 'Largest number of detections an image.',
        (1, 100_000)),
    Row('classes', list(_D.classes), 'Class names to publish; empty for all.'),
    Row('class_id', _D.class_id, 'What Detection2D class_id holds: the class name or its index.',
        choices=('name', 'index')),
    Row('detections_now', _D.detections_now, 'Offer the topic detections_now too: boxes moved by '
        'their velocity to the instant of publication; one more flow an image while somebody '
        'subscribes. Changes only while unconfigured.', when_unconfigured=True),
    Row('jpeg_quality', _D.jpeg_quality, 'Quality of annotated_image/compressed.', (1, 100)),
)
_BY_NAME = {row.name: row for row in ROWS}


def declare(node: Node) -> Settings:
    """
    Declare all parameters and read what launch files, YAML and command line gave.

    Raises
    ------
    ValueError
        If the values do not fit together.
    rclpy.exceptions.InvalidParameterTypeException, InvalidParameterValueException
        If one alone is of a wrong type or outside its range.

    """
    node.declare_parameters('', [(row.name, row.default, row.descriptor()) for row in ROWS])
    return read(node.get_parameters([row.name for row in ROWS]), Settings())


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
    changes = {parameter.name: _value(_BY_NAME[parameter.name], parameter.value)
               for parameter in parameters if parameter.name in _BY_NAME}
    return current.replaced(changes)


def check(parameters: Sequence[Parameter], current: Settings,
          unconfigured: bool) -> tuple[SetParametersResult, Settings]:
    """
    Accept or reject a change as a whole.

    Parameters
    ----------
    parameters : sequence of Parameter
        What somebody wants to set.
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
        for parameter in parameters:
            row = _BY_NAME.get(parameter.name)
            if row and row.when_unconfigured and not unconfigured:
                raise ValueError(f'{row.name}: read-only while the node is configured; '
                                 'deactivate and clean up first')
        return SetParametersResult(successful=True), read(parameters, current)
    except ValueError as error:
        return SetParametersResult(successful=False, reason=str(error)), current


def unknown(overrides: Mapping[str, Any]) -> list[str]:
    """Names that somebody set and that no parameter has: a spelling mistake, most often."""
    return sorted(name for name in overrides if name not in _BY_NAME
                  and name != 'use_sim_time' and not name.startswith('qos_overrides.'))


def _value(row: Row, value: Any) -> Any:
    """Bring a parameter's value to the type of its default, or say what is wrong."""
    default = row.default
    if isinstance(default, list):
        if value is None or not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise ValueError(f'{row.name}: expected a list of names, got {value!r}')
        names = tuple(value)
        if not all(isinstance(name, str) for name in names):
            raise ValueError(f'{row.name}: expected a list of names, got {list(names)!r}')
        return tuple(name for name in names if name)
    if isinstance(default, float):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f'{row.name}: expected a number, got {value!r}')
        value = float(value)
    elif type(value) is not type(default) and type(value) not in row.others:
        kinds = ' or '.join(kind.__name__ for kind in (type(default), *row.others))
        raise ValueError(f'{row.name}: expected {kinds}, got {value!r}')
    if row.choices and value not in row.choices:
        raise ValueError(f'{row.name}: expected one of {", ".join(row.choices)}, got {value!r}')
    if row.bounds and not row.bounds[0] <= value <= row.bounds[1]:
        raise ValueError(f'{row.name}: expected {row.bounds[0]} to {row.bounds[1]}, '
                         f'got {value!r}')
    return value
