# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Options of the commands: settings from the table, and kinds of values for argparse."""
from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction, Namespace
import math
from typing import Any, TypeVar

from impnet_ros.setting import Setting, table

C = TypeVar('C')


def add_settings(parser: ArgumentParser, config: type, *names: str) -> None:
    """Declare options for the settings of a configuration: those named, or all."""
    for row in table(config):
        if not names or row.name in names:
            parser.add_argument(row.option, dest=row.word, default=row.default,
                                help=f'{row.text} (default: {row.default})'.replace('%', '%%'),
                                **_taken(row))


def config_of(config: type[C], args: Namespace, **others: Any) -> C:
    """Make a configuration of the options that `add_settings` declared, and of `others`."""
    given = {row.name: getattr(args, row.word) for row in table(config) if row.word in args}
    return config(**given | others)


def _taken(row: Setting) -> dict[str, Any]:
    """Say to argparse which values an option takes."""
    if True in row.choices:
        return {'action': BooleanOptionalAction}
    if row.choices and not row.bounds:
        return {'choices': row.choices}
    if row.kind is tuple:
        return {'nargs': '*', 'metavar': 'NAME'}
    metavar = row.word.rpartition('_')[2].upper()
    if row.choices:
        return {'type': word_or_number, 'metavar': f'{metavar}|{"|".join(row.choice_words)}'}
    return {'type': row.kind, 'metavar': metavar}


def word_or_number(text: str) -> int | str:
    """Read a whole number, or a word such as auto."""
    return int(text) if text.isdecimal() else text


def count(text: str) -> int:
    """Read a whole number of 1 or more."""
    return _whole(text, 1)


def natural(text: str) -> int:
    """Read a whole number of 0 or more."""
    return _whole(text, 0)


def _whole(text: str, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise ArgumentTypeError(f'expected a whole number of {least} or more, got {text!r}')
    return int(text)


def positive(text: str) -> float:
    """Read a finite number above 0."""
    value = _number(text)
    if not 0 < value < math.inf:
        raise ArgumentTypeError(f'expected a number above 0, got {text!r}')
    return value


def least_0(text: str) -> float:
    """Read a finite number of 0 or more."""
    value = _number(text)
    if not 0 <= value < math.inf:
        raise ArgumentTypeError(f'expected a number of 0 or more, got {text!r}')
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def image_size(text: str) -> tuple[int, int]:
    """Read WxH as (height, width)."""
    width, _, height = text.partition('x')
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise ArgumentTypeError(f'expected WxH, as in 640x480, got {text!r}')
    return int(height), int(width)
