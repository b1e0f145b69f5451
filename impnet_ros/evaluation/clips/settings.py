# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is compared: settings as they are written on the command line."""
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
import shlex
from typing import Any

from impnet_ros.config import StreamConfig
import yaml

PARAMETERS = {'l': 'segment_length', 'g': 'memory_gate', 'max_gap': 'max_gap_s',
              'l_min': 'smallest_length', 'l_max': 'largest_length',
              'box_lifetime': 'box_lifetime_s'}
"""Parameters of the node whose names differ from those of `StreamConfig`."""

_FIELDS = tuple(field.name for field in fields(StreamConfig))
_OWN = ('name', 'l_s', 'size')
_CHECKED_AT_FPS = 30.0


@dataclass(frozen=True)
class Setting:
    """
    One row of the table.

    Attributes
    ----------
    name : str
        As it is written beside figures.
    values : Mapping
        Fields of `StreamConfig`.
    seconds : float, optional
        Length of a segment in seconds, in place of `segment_length`.
    size : int, optional
        Side in pixels of the network's input, in place of its own.

    """

    name: str
    values: Mapping[str, Any]
    seconds: float | None = None
    size: int | None = None

    def stream(self, fps: float) -> StreamConfig:
        """Give the settings of the stream for a clip of so many frames a second."""
        values = dict(self.values)
        if self.seconds is not None:
            values['segment_length'] = max(1, round(fps * self.seconds))
        return StreamConfig(**values)


def parse(text: str) -> Setting:
    """
    Read `l=10 g=0.5 mode=sparse box_memory=true`, by the names of the node's parameters.

    Besides these there are l_s, the segment's length in seconds at the clip's own rate; size, the
    side in pixels of the network's input; and name, what the row is called.

    Raises
    ------
    ValueError
        If a name or a value is not known; the message has the text.

    """
    values: dict[str, Any] = {}
    try:
        for word in shlex.split(text):
            key, equals, value = word.partition('=')
            if not equals:
                raise ValueError(f'expected NAME=VALUE, got {word!r}')
            key = PARAMETERS.get(key, key)
            if key not in _FIELDS + _OWN:
                raise ValueError('expected one of '
                                 f'{", ".join([*PARAMETERS, *_FIELDS, *_OWN])}, got {key!r}')
            if key in values:
                raise ValueError(f'expected {key} once, got it twice')
            values[key] = value if key == 'name' else yaml.safe_load(value)
        return _checked(text, values)
    except (ValueError, yaml.YAMLError) as error:
        raise ValueError(f'--setting {text!r}: {error}') from error


def _checked(text: str, values: dict[str, Any]) -> Setting:
    if values.get('box_memory') == 'auto':
        values['box_memory'] = None
    name = values.pop('name', ' '.join(text.split()) or 'default')
    seconds, size = values.pop('l_s', None), values.pop('size', None)
    if seconds is not None and not (isinstance(seconds, int | float) and seconds > 0):
        raise ValueError(f'l_s: expected seconds > 0, got {seconds!r}')
    if seconds is not None and 'segment_length' in values:
        raise ValueError('expected l or l_s, got both')
    if size is not None and not (isinstance(size, int) and size >= 64):
        raise ValueError(f'size: expected pixels, 64 or more, got {size!r}')
    setting = Setting(name, values, seconds, size)
    setting.stream(_CHECKED_AT_FPS)
    return setting


def default_settings(span_s: float) -> list[Setting]:
    """List the modes, with a key frame every `span_s` seconds and in every frame."""
    result = []
    for seconds, length in ((None, 1), (span_s, None)):
        at = 'l=1' if seconds is None else f'l_s={seconds:.3g}'
        for name, mode, boxes in (('nothing', 'sparse', False), ('features', 'impression', False),
                                  ('boxes', 'sparse', True),
                                  ('features and boxes', 'impression', True)):
            if length == 1 and name == 'nothing':
                continue  # that is per frame
            values = {'mode': mode, 'box_memory': boxes}
            if length:
                values['segment_length'] = length
            result.append(Setting(f'{name} {at}', values, seconds))
    return result


PER_FRAME = Setting('per frame', {'mode': 'per_frame'})
"""What everything is compared with."""


def with_reference(settings: Sequence[Setting]) -> list[Setting]:
    """
    Put `PER_FRAME` first, in the place of one that says the same.

    Raises
    ------
    ValueError
        If two rows have one name.

    """
    others = [item for item in settings
              if item.size is not None or item.values.get('mode') != 'per_frame']
    result = [PER_FRAME, *others]
    names = [item.name for item in result]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f'--setting: expected different ones, got {twice[0]!r} twice')
    return result
