# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Conditions on detections, such as `class == "person" and score > 0.7`, for pyarrow."""
import ast
from collections.abc import Callable
import re
from typing import Any

import pyarrow
import pyarrow.compute as pc

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: lambda a, b: a == b, ast.NotEq: lambda a, b: a != b, ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b, ast.Gt: lambda a, b: a > b, ast.GtE: lambda a, b: a >= b,
    ast.In: lambda a, b: a.isin(b), ast.NotIn: lambda a, b: ~a.isin(b)}
_SUMS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b, ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b}
_SIDES = ('x1', 'y1', 'x2', 'y2')
_STRING = re.compile('("[^"]*"|\'[^\']*\')')


def condition(text: str, columns: list[str]) -> pc.Expression:
    """
    Read a condition in Python's notation.

    Parameters
    ----------
    text : str
        Comparisons of columns, or sums and products of them, with numbers, words or lists of
        them (`in`), joined by `and`, `or`, `not` and parentheses; x1, y1, x2 and y2 are the
        box's.
    columns : list of str
        What there is.

    Raises
    ------
    ValueError
        If it is anything else; the message says what is understood.

    """
    # `class` is a word of Python's own.
    parts = [part if index % 2 else re.sub(r'\bclass\b', 'class_', part)
             for index, part in enumerate(_STRING.split(text))]
    try:
        tree = ast.parse(''.join(parts).strip(), mode='eval')
        return _expression(tree.body, columns)
    except (SyntaxError, _NotUnderstood, pyarrow.ArrowInvalid, TypeError,
            ZeroDivisionError) as error:
        raise ValueError(
            f"condition: expected such as class == 'person' and score > 0.7, with the columns "
            f'{", ".join([*columns, *_SIDES])}, got {text!r} ({error})') from error


class _NotUnderstood(Exception):
    pass


def _expression(node: ast.expr, columns: list[str]) -> Any:
    if isinstance(node, ast.BoolOp):
        first, *others = (_expression(value, columns) for value in node.values)
        for other in others:
            first = first & other if isinstance(node.op, ast.And) else first | other
        return first
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return ~_expression(node.operand, columns)
    if isinstance(node, ast.Compare):
        sides = [_value(side, columns) for side in (node.left, *node.comparators)]
        made = None
        for left, kind, right in zip(sides, node.ops, sides[1:]):
            if type(kind) not in _COMPARISONS:
                raise _NotUnderstood('a comparison of that kind is not understood')
            one = _COMPARISONS[type(kind)](left, right)
            made = one if made is None else made & one
        return made
    raise _NotUnderstood('expected a comparison')


def _value(node: ast.expr, columns: list[str]) -> Any:
    if isinstance(node, ast.Name):
        name = 'class' if node.id == 'class_' else node.id
        if name in _SIDES:
            return pc.field('box', name)
        if name not in columns:
            raise _NotUnderstood(f'there is no column {name}')
        return pc.field(name)
    if isinstance(node, ast.BinOp) and type(node.op) in _SUMS:
        return _SUMS[type(node.op)](_value(node.left, columns), _value(node.right, columns))
    try:
        value = ast.literal_eval(node)
    except ValueError as error:
        raise _NotUnderstood('expected a column, a number, a word or a list') from error
    return list(value) if isinstance(value, (tuple, set)) else value
