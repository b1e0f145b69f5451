# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A setting as a field of a frozen dataclass: its meaning, its values, when it may change."""
from dataclasses import dataclass, field, fields
from functools import cache
from numbers import Integral, Real
from typing import Any, cast, get_args, get_origin, get_type_hints, Literal, TypeVar

Change = Literal['any time', 'unconfigured', 'fixed']
T = TypeVar('T')
C = TypeVar('C', bound=type)


def setting(default: T, text: str, *, word: str = '',
            bounds: tuple[float, float] | None = None, changes: Change = 'any time') -> T:
    """
    Make a dataclass field that says what it is.

    Parameters
    ----------
    default : object
        Taken where nothing is given.
    text : str
        Meaning and unit, for documentation, `--help` and `ros2 param describe`.
    word : str
        Its name as a parameter and as an option, where the field's own is another.
    bounds : (float, float), optional
        Smallest and largest number.
    changes : str
        When the parameter of a running node may change.

    """
    meta = {'text': text, 'word': word, 'bounds': bounds, 'changes': changes}
    return field(default=default, metadata=meta)


@dataclass(frozen=True)
class Setting:
    """
    One row of the table.

    Attributes
    ----------
    name, word : str
        Of the field; of the parameter and the option.
    kind : type
        bool, int, float, str (words, a truth value among them too), or tuple for a list of names.
    choices : tuple
        Words and truth values that it can be; a number within the bounds too, where it has any.

    """

    name: str
    word: str
    kind: type
    default: Any
    text: str
    choices: tuple[str | bool, ...]
    bounds: tuple[float, float] | None
    changes: Change

    @property
    def title(self) -> str:
        """Both names where there are two: `l (segment_length)`."""
        return self.word if self.word == self.name else f'{self.word} ({self.name})'

    @property
    def option(self) -> str:
        """Name on the command line."""
        return f'--{self.word.replace("_", "-")}'

    @property
    def choice_words(self) -> tuple[str, ...]:
        """Write the choices as YAML and the command line do."""
        return tuple(str(choice).lower() if isinstance(choice, bool) else choice
                     for choice in self.choices)

    @property
    def expected(self) -> str:
        """Say which values are taken."""
        number = ''
        if self.bounds:
            kind = 'an int' if self.kind is int else 'a number'
            number = f'{kind} in {self.bounds[0]:g}..{_whole(self.bounds[1])}'
        if self.choices:
            words = ', '.join(self.choice_words)
            return f'{words} or {number}' if number else f'one of {words}'
        if number:
            return number
        return 'a list of names' if self.kind is tuple else 'a name'

    def check(self, value: object) -> None:
        """Refuse what the setting cannot be with a ValueError that names both."""
        fits = any(type(value) is type(choice) and value == choice for choice in self.choices)
        if self.bounds:
            number = Integral if self.kind is int else Real
            low, high = self.bounds
            fits = fits or (isinstance(value, number) and not isinstance(value, bool)
                            and low <= cast(float, value) <= high)
        elif self.choices:
            pass
        elif self.kind is tuple:
            fits = isinstance(value, tuple) and all(isinstance(name, str) for name in value)
        else:
            fits = isinstance(value, str)
        got = list(value) if isinstance(value, tuple) else value
        require(fits, self.title, self.expected, got)


def require(condition: bool, title: str, expected: str, got: object) -> None:
    """Raise a ValueError that names what was expected and what came, unless it fits."""
    if not condition:
        raise ValueError(f'{title}: expected {expected}, got {got!r}')


@cache
def table(config: type) -> tuple[Setting, ...]:
    """List the settings of a configuration in the order of its fields."""
    hints = get_type_hints(config)
    return tuple(Setting(each.name, each.metadata['word'] or each.name, _kind(hints[each.name]),
                         each.default, each.metadata['text'], _choices(hints[each.name]),
                         each.metadata['bounds'], each.metadata['changes'])
                 for each in fields(config) if 'text' in each.metadata)


class Checked:
    """Base of configurations: each value is checked against its row."""

    def __post_init__(self) -> None:
        """Check one by one; what must fit together is for subclasses."""
        kind: type = type(self)
        for row in table(kind):
            row.check(getattr(self, row.name))


def documented(config: C) -> C:
    """Write the table into the docstring, in numpydoc style."""
    rows = [f'    {row.name} : {row.expected}; default {row.default!r}\n        {row.text}\n'
            for row in table(config)]
    config.__doc__ = '\n'.join([
        config.__doc__ or '', '', '    Parameters', '    ----------', ''.join(rows),
        '    Raises', '    ------', '    ValueError', '        If a setting is outside its range; '
        'the message names what was expected and what came.', '', '    '])
    return config


def _kind(hint: Any) -> type:
    if get_origin(hint) is tuple:
        return tuple
    if int in get_args(hint):
        return int
    return str if get_origin(hint) else cast(type, hint)


def _choices(hint: Any) -> tuple[str | bool, ...]:
    """Count the values of bool, of a Literal and of a union of both."""
    if hint is bool:
        return True, False
    if get_origin(hint) is Literal:
        return get_args(hint)
    if get_origin(hint) in (tuple, None):
        return ()
    return tuple(choice for part in reversed(get_args(hint)) for choice in _choices(part))


def _whole(number: float) -> str:
    return str(int(number)) if number == int(number) else f'{number:g}'
