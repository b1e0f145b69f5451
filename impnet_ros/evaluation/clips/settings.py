# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is compared: settings as they are written on the command line."""
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
import math
import shlex
from typing import Any

from impnet_ros.config import StreamConfig
from impnet_ros.setting import Setting as Row
from impnet_ros.setting import table

ROWS = {key: row for row in table(StreamConfig) for key in (row.name, row.word)}
"""Settings of the stream by the names of their parameters and of their fields."""

LARGEST = 4096
"""Pixels of a side of a setting's own pictures."""

_OWN = ('name', 'l_s', 'size')


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
            if key not in ROWS and key not in _OWN:
                known = [*(row.word for row in table(StreamConfig)), *_OWN]
                raise ValueError(f'expected one of {", ".join(known)}, got {key!r}')
            row = ROWS.get(key)
            if (row.name if row else key) in values:
                raise ValueError(f'expected {key} once, got it twice')
            values[row.name if row else key] = _read(row, value) if row else value
        return _checked(text, values)
    except ValueError as error:
        raise ValueError(f'--setting {text!r}: {error}') from error


def _read(row: Row, text: str) -> Any:
    """Read a value; what is of another kind stays a text, which the configuration refuses."""
    if text in row.choice_words:
        return row.choices[row.choice_words.index(text)]
    return _number(text, row.kind) if row.kind in (int, float) else text


def _number(text: str, kind: type) -> Any:
    try:
        return kind(text)
    except ValueError:
        return text


def _checked(text: str, values: dict[str, Any]) -> Setting:
    name = values.pop('name', ' '.join(text.split()) or 'default')
    seconds, size = (_number(values.pop(key), kind) if key in values else None
                     for key, kind in (('l_s', float), ('size', int)))
    if seconds is not None and not (isinstance(seconds, float) and 0 < seconds < math.inf):
        raise ValueError(f'l_s: expected seconds > 0, got {seconds!r}')
    if seconds is not None and 'segment_length' in values:
        raise ValueError('expected l or l_s, got both')
    if size is not None and not (isinstance(size, int) and 64 <= size <= LARGEST):
        raise ValueError(f'size: expected pixels, 64 to {LARGEST}, got {size!r}')
    setting = Setting(name, values, seconds, size)
    StreamConfig(**values)
    return setting


def default_settings(span_s: float, boxes_only: bool = False) -> list[Setting]:
    """
    List the default in real time, then what can be carried without glances.

    Parameters
    ----------
    span_s : float
        Seconds.
    boxes_only : bool
        Whether the network's features cannot be carried.

    """
    result = [Setting('default', {})]
    for seconds, length in ((None, 1), (span_s, None)):
        at = 'l=1' if seconds is None else f'l_s={seconds:.3g}'
        for name, mode, boxes in (('nothing', 'sparse', False), ('features', 'impression', False),
                                  ('boxes', 'sparse', True),
                                  ('features and boxes', 'impression', True)):
            if length == 1 and name == 'nothing' or boxes_only and name != 'boxes':
                continue  # nothing carried from frame to frame is per frame
            values = {'mode': mode, 'box_memory': boxes, 'glance': 'off'}
            if length:
                values['segment_length'] = length
            result.append(Setting(f'{name} {at}', values, seconds))
    return result


PER_FRAME = Setting('per frame', {'mode': 'per_frame'})
"""What everything is compared with."""


def with_reference(settings: Sequence[Setting]) -> list[Setting]:
    """
    Put `PER_FRAME` first, in the place of one that says the same and has no name of its own.

    Raises
    ------
    ValueError
        If two rows have one name.

    """
    same = replace(PER_FRAME, name='mode=per_frame')
    result = [PER_FRAME, *(item for item in settings if item != same)]
    names = [item.name for item in result]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f'--setting: expected different ones, got {twice[0]!r} twice')
    return result
