# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a file's own metadata states; only Ultralytics' exports state anything."""
import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import onnx

LONGEST = 10 ** 6
"""Characters of a value that are looked at."""

MOST_CLASSES = 10_000


@dataclass(frozen=True)
class Stated:
    """
    What metadata say.

    Attributes
    ----------
    family : str
        '' where nothing says it.
    class_names : tuple of str
        Empty where nothing says them.
    size : tuple of int, optional
        (height, width) of the input in pixels.

    """

    family: str = ''
    class_names: tuple[str, ...] = ()
    size: tuple[int, int] | None = None


def stated_in(model: onnx.ModelProto) -> Stated:
    """
    Read a model's metadata: strings that hold Python literals, which are read, never run.

    Raises
    ------
    ValueError
        If it is not a detector, or the metadata make no sense.

    """
    props = {item.key: item.value for item in model.metadata_props}
    if 'names' not in props or 'task' not in props:
        return Stated()
    if props['task'] != 'detect':
        raise ValueError(f"expected a detector, got a file for the task {props['task']!r}: "
                         'export a detection model')
    names = _names(_literal(props, 'names'))
    size = None
    if 'imgsz' in props:
        size = _literal(props, 'imgsz')
        if not (isinstance(size, (list, tuple)) and len(size) == 2
                and all(type(side) is int and side > 0 for side in size)):
            raise ValueError('metadata: expected imgsz as [height, width], got '
                             f'{props["imgsz"][:80]!r}')
        size = size[0], size[1]
    return Stated(_family(props), names, size)


def _family(props: Mapping[str, str]) -> str:
    told = f'{props.get("description", "")} {props.get("head", "")}'.lower()
    if 'rtdetr' in told or 'rt-detr' in told:
        return 'rtdetr'
    return 'yolov5' if 'yolov5' in told or not ('author' in props or 'description' in props) else (
        'ultralytics')


def _literal(props: Mapping[str, str], key: str) -> Any:
    text = props[key]
    if len(text) > LONGEST:
        raise ValueError(f'metadata: expected at most {LONGEST} characters of {key}, got '
                         f'{len(text)}')
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError) as error:
        raise ValueError(f'metadata: expected a literal as {key}, got {text[:80]!r}') from error


def _names(told: Any) -> tuple[str, ...]:
    if isinstance(told, (list, tuple)):
        told = dict(enumerate(told))
    if not isinstance(told, dict) or sorted(told, key=str) != sorted(range(len(told)), key=str):
        raise ValueError('metadata: expected names as {0: name, 1: name, ...}, got '
                         f'{str(told)[:80]!r}')
    check_names(tuple(str(told[number]) for number in range(len(told))))
    return tuple(str(told[number]) for number in range(len(told)))


def check_names(names: tuple[str, ...]) -> None:
    """Refuse names that no detector has: none, empty ones or too many."""
    if not 1 <= len(names) <= MOST_CLASSES:
        raise ValueError(f'labels: expected 1 to {MOST_CLASSES} names, got {len(names)}')
    if not all(name.strip() for name in names):
        raise ValueError(f'labels: expected names, got an empty one as number '
                         f'{[bool(name.strip()) for name in names].index(False)}')
