# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a file's own metadata states; only Ultralytics' exports state anything."""
import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import onnx

LONGEST = 10 ** 6
"""Characters of a value that are looked at."""

MOST_CLASSES = 10_000

_LONGEST_NAME = 200


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


def stated_in(model: onnx.ModelProto, names: bool = True, size: bool = True) -> Stated:
    """
    Read a model's metadata: strings that hold Python literals, which are read, never run.

    Parameters
    ----------
    model : ModelProto
        Of Ultralytics, whose YOLOv5 gives names and stride alone, or of others.
    names, size : bool
        Whether these must be there to be read, as the user says none.

    Raises
    ------
    ValueError
        If it is not a detector, or the metadata make no sense.

    """
    props = {item.key: item.value for item in model.metadata_props}
    if 'names' not in props or not {'task', 'stride'} & set(props):
        return Stated()
    if props.get('task', 'detect') != 'detect':
        raise ValueError(f"expected a detector, got a file for the task {props['task']!r}: "
                         'export a detection model')
    told = _read(_names_of, props, 'names', '--labels FILE', names) or ()
    return Stated(_family(props), told, None if 'imgsz' not in props else _read(
        _size_of, props, 'imgsz', '--size WxH', size))


def _read(reader: Callable[[str], Any], props: Mapping[str, str], key: str, option: str,
          needed: bool) -> Any:
    """Read a value; None where it makes no sense and the user says another."""
    try:
        return reader(_bounded(props, key))
    except ValueError as error:
        if needed:
            raise ValueError(f'metadata: {error}; say it with {option}') from error
        return None


def _size_of(text: str) -> tuple[int, int]:
    size = _literal(text, 'imgsz')
    size = [size, size] if type(size) is int else size
    if not (isinstance(size, (list, tuple)) and len(size) == 2
            and all(type(side) is int and side > 0 for side in size)):
        raise ValueError(f'expected imgsz as [height, width], got {text[:80]!r}')
    return size[0], size[1]


def _family(props: Mapping[str, str]) -> str:
    told = f'{props.get("description", "")} {props.get("head", "")}'.lower()
    if 'rtdetr' in told or 'rt-detr' in told:
        return 'rtdetr'
    return 'yolov5' if 'yolov5' in told or not ('author' in props or 'description' in props) else (
        'ultralytics')


def _bounded(props: Mapping[str, str], key: str) -> str:
    text = props[key]
    if len(text) > LONGEST:
        raise ValueError(f'expected at most {LONGEST} characters of {key}, got {len(text)}')
    return text


def _literal(text: str, key: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError) as error:
        raise ValueError(f'expected a literal as {key}, got {text[:80]!r}') from error


def _names_of(text: str) -> tuple[str, ...]:
    return names_from(_literal(text, 'names'))


def names_from(told: Any) -> tuple[str, ...]:
    """
    Read names as Ultralytics writes them, in metadata and in data.yaml.

    Parameters
    ----------
    told : list or dict
        Names in order, or by number, which may be a string.

    Raises
    ------
    ValueError
        If it is neither, or no detector has such names.

    """
    numbered = dict(enumerate(told)) if isinstance(told, (list, tuple)) else told
    try:
        by_number = {int(number): str(name) for number, name in numbered.items()}
    except (AttributeError, TypeError, ValueError):
        by_number = {-1: ''}
    if sorted(by_number) != list(range(len(by_number))):
        raise ValueError(f'expected names as {{0: name, 1: name, ...}}, got {str(told)[:80]!r}')
    names = tuple(by_number[number] for number in range(len(by_number)))
    check_names(names)
    return names


def check_names(names: tuple[str, ...]) -> None:
    """Refuse names that no detector has: none, empty or endless ones, no text, or too many."""
    if not 1 <= len(names) <= MOST_CLASSES:
        raise ValueError(f'labels: expected 1 to {MOST_CLASSES} names, got {len(names)}')
    if not all(name.strip() for name in names):
        raise ValueError(f'labels: expected names, got an empty one as number '
                         f'{[bool(name.strip()) for name in names].index(False)}')
    for name in names:
        if len(name) > _LONGEST_NAME or not name.isprintable():
            raise ValueError(f'labels: expected names of at most {_LONGEST_NAME} characters that '
                             f'can be printed, got {name[:40]!r}')
