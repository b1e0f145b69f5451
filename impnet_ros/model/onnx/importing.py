# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From anybody's ONNX file to one that says all that the node needs to know of it."""
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from impnet_ros.labels import COCO_80
from impnet_ros.model.onnx.declaration import Declaration, is_imported, Level, seal
from impnet_ros.model.onnx.decoding import largest_label
from impnet_ros.model.onnx.families import coco_by_id, FAMILIES, Family
from impnet_ros.model.onnx.finding import find_layout
from impnet_ros.model.onnx.fitting import Input, input_of
from impnet_ros.model.onnx.fixing import fixed, image_input, run_whole
from impnet_ros.model.onnx.layout import Layout
from impnet_ros.model.onnx.plain import seen_in_plain_pictures
from impnet_ros.model.onnx.quantised import coarse_scores
from impnet_ros.model.onnx.splitting import split
from impnet_ros.model.onnx.stated import check_names, Stated, stated_in
import numpy as np
import onnx
import torch
from torch import Tensor

Image = np.ndarray[Any, Any]

_SEEN = 1e-6
# Score of any detection; what fills up a list has 0.


@dataclass(frozen=True)
class Asked:
    """
    What the user says; None and '' leave it to the file and to its family.

    Attributes
    ----------
    like : str
        Of `families.FAMILIES`.
    labels : tuple of str
        Names of the classes.
    colour, scale, mean, std, fit
        As for `families.Family`.
    boxes : str
        Of `layout.BOX_FORMATS`.
    tier : str
        'A', 'B', or '' for what fits.
    size : tuple of int, optional
        (height, width) of the input, where the file takes any.

    """

    like: str = ''
    labels: tuple[str, ...] = ()
    colour: str = ''
    scale: float | None = None
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    fit: str = ''
    boxes: str = ''
    tier: str = ''
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Imported:
    """
    A model with its declaration in its metadata.

    Attributes
    ----------
    model : ModelProto
    declaration : Declaration
    notes : tuple of str
        What people should know of what was taken for granted.

    """

    model: onnx.ModelProto
    declaration: Declaration
    notes: tuple[str, ...]


def import_detector(model: onnx.ModelProto, asked: Asked, pictures: Sequence[Image]) -> Imported:
    """
    Find out what a detector is, cut it where that is possible, and write it down.

    Parameters
    ----------
    model : ModelProto
        As `reading.read_onnx` gives it; not changed.
    asked : Asked
        What the user says.
    pictures : sequence of ndarray
        uint8 (H, W, 3), RGB, to look at; without any a made-up one is used.

    Raises
    ------
    ValueError
        If something must be said that neither the file nor the user says, or nothing can be done
        with the file; the message says what to type.

    """
    if is_imported(model):
        raise ValueError('it was imported already: use it as --model, or import the original')
    stated = stated_in(model, not asked.labels, asked.size is None)
    name, family = _family(asked, stated)
    value, own_size, _ = image_input(model)
    if value.type.tensor_type.elem_type == onnx.TensorProto.UINT8:
        family = _of_whole_pixels(family, asked)
    _require_size(own_size, asked, stated)
    notes = _family_notes(asked, stated)
    whole, size = fixed(model, family.size, asked.size or stated.size)
    wanted = Input(size, family.colour, family.scale, family.mean, family.std, family.fit)
    looked_at = [input_of(image, wanted) for image in pictures or [made_up(size)]]
    outputs = [run_whole(whole, pixels) for pixels in looked_at]
    names = asked.labels or stated.class_names
    layout = find_layout(outputs, size, family, len(names))
    if layout.kind == 'list' and stated.class_names and len(names) != len(stated.class_names):
        raise ValueError(f'labels: expected {len(stated.class_names)}, as many as the file names, '
                         f'got {len(names)}')
    if asked.boxes:
        layout = replace(layout, box_format=asked.boxes)
    elif layout.boxes[0].startswith('detection_boxes'):
        notes = (*notes, "its outputs have TensorFlow's names, whose boxes begin with y and whose "
                 'labels begin with 1: say --boxes yxyx, and the background as the first label')
    names, layout, told = _named(names, layout, name, outputs)
    declaration = Declaration(name, names, wanted, layout)
    levels, why_whole, difference = _levels(whole, declaration, looked_at, outputs, asked,
                                            family)
    declaration = replace(declaration, levels=levels, why_whole=why_whole, difference=difference,
                          features_pay=bool(levels) and family.features_pay)
    seal(whole, declaration)
    return Imported(whole, declaration, (
        *notes, *told, *coarse_scores(whole, layout),
        *seen_in_plain_pictures(whole, declaration)))


def made_up(size: tuple[int, int]) -> Image:
    """Give a picture of blobs and edges, uint8 (H, W, 3)."""
    noise = np.random.default_rng(0)
    image = np.full((*size, 3), 114, np.uint8)
    for _ in range(40):
        top, left = noise.integers(0, size[0] - 8), noise.integers(0, size[1] - 8)
        height, width = noise.integers(8, size[0] // 2), noise.integers(8, size[1] // 2)
        image[top:top + height, left:left + width] = noise.integers(0, 256, 3)
    return image


def _family(asked: Asked, stated: Stated) -> tuple[str, Family]:
    """Give the family by name, with what the user says otherwise."""
    name = asked.like or stated.family
    if not name:
        missing = [f'--{what}' for what in ('colour', 'scale', 'fit') if not getattr(asked, what)]
        if missing:
            raise ValueError('nothing in the file says how it wants its pictures: say its family '
                             f'(--like {"|".join(FAMILIES)}), or {", ".join(missing)}')
    elif name not in FAMILIES:
        raise ValueError(f'--like: expected one of {", ".join(FAMILIES)}, got {name!r}')
    said = {key: getattr(asked, key) for key in ('colour', 'scale', 'mean', 'std', 'fit')}
    return name or 'other', replace(
        FAMILIES[name] if name else Family(bins=True, named=False),
        **{key: value for key, value in said.items() if value not in (None, '')})


def _of_whole_pixels(family: Family, asked: Asked) -> Family:
    """Give pixels as they are to a graph that takes uint8 and does the rest itself."""
    if asked.scale not in (None, 1.0) or asked.mean or asked.std:
        raise ValueError('the graph takes uint8, pixels as they are: leave --scale, --mean and '
                         '--std away')
    return replace(family, scale=1.0, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


def _family_notes(asked: Asked, stated: Stated) -> tuple[str, ...]:
    """Tell that the user says another family than the file, where pictures differ by it."""
    if not asked.like or not stated.family or all(
            getattr(FAMILIES[asked.like], key) == getattr(FAMILIES[stated.family], key)
            for key in ('colour', 'scale', 'mean', 'std', 'fit')):
        return ()
    return (f'its metadata are those of {stated.family}: taken for {asked.like}, as --like says',)


def _require_size(own: list[int], asked: Asked, stated: Stated) -> None:
    told = asked.size or stated.size
    if told is None or not all(own) or tuple(own) == told:
        return
    who = '--size says' if asked.size else 'the metadata say'
    raise ValueError(f'{who} {told[1]} x {told[0]} pixels, but the graph takes {own[1]} x '
                     f'{own[0]}: ' + ('leave --size away' if asked.size else 'export it again'))


def _named(names: tuple[str, ...], layout: Layout, family: str,
           outputs: Sequence[dict[str, Tensor]]
           ) -> tuple[tuple[str, ...], Layout, tuple[str, ...]]:
    """Give the classes' names; COCO's where their number leaves little doubt."""
    notes: tuple[str, ...] = ()
    if not names:
        count = layout.classes or {'torchvision': 91}.get(family, 80)
        if layout.kind == 'pair' and count in (91, 92):  # RF-DETR: by category, 0 unused
            names = ('nothing', *coco_by_id(), *('no object',) * (count - 92))[:count]
        elif count == 80:
            names = COCO_80
        elif count == 91:
            names = coco_by_id()
        else:
            raise ValueError(f'nothing in the file names its {count} class{"es" * (count > 1)}: '
                             'give the names (--labels FILE, one a line)')
        what = 'says how many classes it has' if layout.kind == 'list' else 'names its classes'
        notes = (f'nothing in the file {what}: taken for those of COCO ({len(names)}); say '
                 'others with --labels',)
    check_names(names)
    background = names[0].lower() in ('__background__', 'background')
    if background and layout.kind != 'list' and len(names) > 1:
        names = names[1:]
        layout = replace(layout, first_class=1, classes=len(names))
    if layout.kind == 'list':
        if background:
            layout = replace(layout, first_label=0)
        layout = replace(layout, classes=len(names))
        largest = max(largest_label(layout, item, _SEEN) for item in outputs)
        if largest >= len(names):
            hint = ('; if its labels begin with 1, name the background too (background,...)'
                    if largest == len(names) else '')
            raise ValueError(f'labels: expected more than {largest} names, as the file gives that '
                             f'label, got {len(names)} (--labels FILE){hint}')
    return names, layout, notes


def _levels(whole: onnx.ModelProto, declaration: Declaration, looked_at: Sequence[Tensor],
            outputs: Sequence[dict[str, Tensor]], asked: Asked, family: Family
            ) -> tuple[tuple[Level, ...], str, float]:
    if asked.tier == 'B':
        return (), 'asked for', 0.0
    if not family.carried and asked.tier != 'A':
        return (), 'features of transformers lose by being carried', 0.0
    with torch.inference_mode():
        levels, reason, difference = split(whole, declaration, looked_at, outputs)
    if asked.tier == 'A' and not levels:
        raise ValueError(f'--tier A: {reason}; leave it away, or say --tier B')
    return levels, reason, difference
