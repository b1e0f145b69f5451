# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Kinds of values on the command line, for argparse: a wrong one is named with its option."""
from argparse import ArgumentTypeError
import math


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
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise ArgumentTypeError(f'expected a number above 0, got {text!r}')
    return value


def image_size(text: str) -> tuple[int, int]:
    """Read WxH as (height, width)."""
    width, _, height = text.partition('x')
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise ArgumentTypeError(f'expected WxH, as in 640x480, got {text!r}')
    return int(height), int(width)
