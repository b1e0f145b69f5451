# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Rates on the command line: times made of them stay within what stamps and timers hold."""
from argparse import ArgumentTypeError

from impnet_ros.arguments import least_0

_LEAST, _MOST = 1e-6, 1e6


def rate(text: str) -> float:
    """Read a rate, in Hz or in times."""
    value = least_0(text)
    if not _LEAST <= value <= _MOST:
        raise ArgumentTypeError(f'expected a number from {_LEAST:.6f} to {_MOST:.0f}, got '
                                f'{text!r}')
    return value


def rate_or_0(text: str) -> float:
    """Read a rate, or 0 for none."""
    return least_0(text) and rate(text)
