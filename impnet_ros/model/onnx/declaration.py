# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What an imported detector says of itself, in the metadata of its one ONNX file."""
from dataclasses import asdict, dataclass, fields
import hashlib
import json
from typing import Any

from impnet_ros.model.onnx.families import COLOURS, FITS
from impnet_ros.model.onnx.fitting import Input
from impnet_ros.model.onnx.fixing import LARGEST_SIDE
from impnet_ros.model.onnx.layout import Layout
import onnx

FORMAT = 1
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
    if props.get(_SUM) != _checksum(model, props[_KEY]):
        raise ValueError('the file was changed after its import: its checksum does not fit; '
                         'import the original again (impnet import-detector)')
    try:
        told = json.loads(props[_KEY])
        if told.pop('format') != FORMAT:
            raise ValueError('another format')
        return _built(told)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f'expected a declaration of format {FORMAT}: import the original again '
                         f'(impnet import-detector) ({error})') from error


def _checksum(model: onnx.ModelProto, text: str) -> str:
    found = hashlib.sha256(text.encode())
    found.update(''.join(item.value for item in model.metadata_props
                         if item.key == QUALITY).encode())
    found.update(model.graph.SerializeToString(deterministic=True))
    return found.hexdigest()


def _built(told: dict[str, Any]) -> Declaration:
    unknown = set(told) - {item.name for item in fields(Declaration)}
    if unknown:
        raise ValueError(f'unknown: {", ".join(sorted(unknown))}')
    made = Declaration(**{
        **told, 'class_names': tuple(map(str, told['class_names'])),
        'picture': Input(**{name: _tuples(value) for name, value in told['picture'].items()}),
        'layout': Layout(**{name: _tuples(value) for name, value in told['layout'].items()}),
        'levels': tuple(Level(**{name: _tuples(value) for name, value in level.items()})
                        for level in told['levels'])})
    if made.picture.fit not in FITS or made.picture.colour not in COLOURS:
        raise ValueError(f'unknown fit or colour: {made.picture.fit}, {made.picture.colour}')
    if len(made.class_names) != made.layout.classes:
        raise ValueError(f'{len(made.class_names)} names for {made.layout.classes} classes')
    sides = [*made.picture.size, *(side for level in made.levels for side in level.cells)]
    if len(made.picture.size) != 2 or not all(
            isinstance(side, int) and 1 <= side <= LARGEST_SIDE for side in sides):
        raise ValueError(f'sizes out of all bounds: {sides}')
    return made


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
