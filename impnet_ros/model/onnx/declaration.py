# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What an imported detector says of itself, in the metadata of its one ONNX file."""
from dataclasses import asdict, dataclass, fields, MISSING
import hashlib
import json
from math import isfinite
from typing import Any

from impnet_ros.model.onnx.families import COLOURS, FITS
from impnet_ros.model.onnx.fitting import Input
from impnet_ros.model.onnx.fixing import LARGEST_SIDE
from impnet_ros.model.onnx.layout import BOX_FORMATS, KINDS, Layout
from impnet_ros.model.onnx.stated import check_names
import onnx

FORMAT = 3
QUALITY = 'impnet_ros.quality'
"""Key of the metadata that hold the detector's own N_q, see `own_quality`."""

_KEY, _SUM = 'impnet_ros.detector', 'impnet_ros.sha256'


@dataclass(frozen=True)
class Level:
    """
    A feature level of a cut detector: tensors of one size, joined along their channels.

    Attributes
    ----------
    stride : int
        Pixels of the input a cell.
    cells : tuple of int
        Rows and columns.
    tensors : tuple of str
        Names in the graph.
    channels : tuple of int
        Of each.
    empty : tuple of float
        Value of each channel where nothing is seen.
    classes : tuple of tuple
        The channels that raise the score of each class, one or one an anchor; () for a class
        that the level cannot see.
    objectness : tuple of int
        The channels that raise the scores of all classes; one an anchor, or none.

    """

    stride: int
    cells: tuple[int, int]
    tensors: tuple[str, ...]
    channels: tuple[int, ...]
    empty: tuple[float, ...]
    classes: tuple[tuple[int, ...], ...]
    objectness: tuple[int, ...] = ()


@dataclass(frozen=True)
class Declaration:
    """
    All that the network needs to know beside the graph.

    Attributes
    ----------
    family : str
        Of `families.FAMILIES`.
    class_names : tuple of str
        In the order of the labels.
    picture : Input
        How a picture is prepared.
    layout : Layout
        What the outputs mean.
    levels : tuple of Level
        The cut, finest first; empty for a detector that is run whole (tier B).
    why_whole : str
        Why it is run whole; empty for a cut one.
    difference : float
        Largest difference, in the outputs, between the whole and its halves as measured.
    features_pay : bool
        Whether features carried beside boxes find more than boxes alone.

    """

    family: str
    class_names: tuple[str, ...]
    picture: Input
    layout: Layout
    levels: tuple[Level, ...] = ()
    why_whole: str = ''
    difference: float = 0.0
    features_pay: bool = False

    @property
    def tier(self) -> str:
        """Give A for a cut detector, B for one that is run whole."""
        return 'A' if self.levels else 'B'


def seal(model: onnx.ModelProto, declaration: Declaration) -> None:
    """Write a declaration, and a checksum over it and the graph, into a model's metadata."""
    text = json.dumps({'format': FORMAT, **asdict(declaration)}, separators=(',', ':'))
    kept = [item for item in model.metadata_props if item.key not in (_KEY, _SUM)]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    onnx.helper.set_model_props(model, {
        **{item.key: item.value for item in kept}, _KEY: text, _SUM: _checksum(model, text)})


def is_imported(model: onnx.ModelProto) -> bool:
    """Tell whether a model has a declaration, right or wrong."""
    return any(item.key == _KEY for item in model.metadata_props)


def declared(model: onnx.ModelProto) -> Declaration | None:
    """
    Read a model's declaration.

    Returns
    -------
    Declaration or None
        None for a model that was never imported.

    Raises
    ------
    ValueError
        If the file was changed after its import, or another version wrote it.

    """
    props = {item.key: item.value for item in model.metadata_props}
    if _KEY not in props:
        return None
    try:
        told = json.loads(props[_KEY])
        if told.pop('format') != FORMAT:
            raise ValueError('another version of this package wrote it')
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f'expected a declaration of format {FORMAT}: import the original again '
                         f'(impnet import-detector) ({error})') from error
    if props.get(_SUM) != _checksum(model, props[_KEY]):
        raise ValueError('the file was changed after its import: its checksum does not fit; '
                         'import the original again (impnet import-detector)')
    try:
        return _built(told)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f'expected a declaration of format {FORMAT}: import the original again '
                         f'(impnet import-detector) ({error})') from error


def _checksum(model: onnx.ModelProto, text: str) -> str:
    found = hashlib.sha256(text.encode())
    found.update(''.join(item.value for item in model.metadata_props
                         if item.key == QUALITY).encode())
    found.update(str(sorted((item.domain, item.version) for item in model.opset_import)).encode())
    found.update(model.graph.SerializeToString(deterministic=True))
    return found.hexdigest()


def _built(told: dict[str, Any]) -> Declaration:
    unknown = set(told) - {item.name for item in fields(Declaration)}
    if unknown:
        raise ValueError(f'unknown: {", ".join(sorted(unknown))}')
    made = Declaration(**{
        **told, 'class_names': _tuples(told['class_names']),
        'picture': Input(**{name: _tuples(value) for name, value in told['picture'].items()}),
        'layout': Layout(**{name: _tuples(value) for name, value in told['layout'].items()}),
        'levels': tuple(Level(**{name: _tuples(value) for name, value in level.items()})
                        for level in told['levels'])})
    _check(made)
    return made


def _check(made: Declaration) -> None:
    """Refuse what no import writes: whoever writes a checksum can write anything before it."""
    for part in (made, made.layout):
        for item in fields(part):
            value = getattr(part, item.name)
            if item.default is not MISSING and type(value) is not type(item.default):
                raise ValueError(f'{item.name} of another type: {value!r}')
    if not all(isinstance(name, str) for name in made.class_names):
        raise ValueError('class names that are none')
    check_names(made.class_names)
    picture, layout = made.picture, made.layout
    if picture.fit not in FITS or picture.colour not in COLOURS:
        raise ValueError(f'unknown fit or colour: {picture.fit}, {picture.colour}')
    if layout.kind not in KINDS or layout.box_format not in BOX_FORMATS:
        raise ValueError(f'unknown layout: {layout.kind} of {layout.box_format}')
    if len(made.class_names) != layout.classes:
        raise ValueError(f'{len(made.class_names)} names for {layout.classes} classes')
    sides = [*picture.size, *(side for level in made.levels for side in level.cells)]
    if len(picture.size) != 2 or not all(_is_count(side, LARGEST_SIDE) for side in sides):
        raise ValueError(f'sizes out of all bounds: {sides}')
    if len(picture.mean) != 3 or len(picture.std) != 3:
        raise ValueError(f'expected three numbers as mean and std: {picture.mean}, {picture.std}')
    for level in made.levels:
        channels = [*level.objectness, *(item for which in level.classes for item in which)]
        count = sum(level.channels)
        if not (all(_is_count(item, LARGEST_SIDE) for item in (level.stride, *level.channels))
                and len(level.cells) == 2 and len(level.channels) == len(level.tensors)
                and len(level.empty) == count and all(map(isfinite, level.empty))
                and len(level.classes) == layout.classes and channels
                and all(_is_count(item + 1, count) for item in channels)):
            raise ValueError(f'a level of stride {level.stride} that makes no sense')


def _is_count(value: Any, most: int) -> bool:
    return type(value) is int and 1 <= value <= most


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
