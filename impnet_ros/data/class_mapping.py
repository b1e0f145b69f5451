# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Whose classes are whose: names or numbers in annotations against those of the network."""
from collections.abc import Mapping, Sequence


def read_mapping(texts: Sequence[str], class_names: Sequence[str]) -> dict[str, int]:
    """
    Read `NAME=CLASS` for some names of the annotations, or one bare `CLASS` for all.

    Parameters
    ----------
    texts : sequence of str
        For example 1=person 3=car, pedestrian=person, or dog.
    class_names : sequence of str
        Of the network.

    Returns
    -------
    dict
        Name in the annotations to index of the network's class; the bare one under ''.

    Raises
    ------
    ValueError
        If the network has no such class, or a bare one stands beside others.

    """
    mapping = {}
    for text in texts:
        name, _, wanted = text.rpartition('=')
        mapping[name] = class_index(wanted, class_names)
    if '' in mapping and len(texts) > 1:
        raise ValueError(f'classes: expected one class for all boxes, or NAME=CLASS for each, got '
                         f"{' '.join(texts)}")
    return mapping


def class_index(name: str, class_names: Sequence[str]) -> int:
    """Find a class of the network by its name."""
    if name not in class_names:
        raise ValueError(f'class: expected one that the network knows ({class_names[0]}, '
                         f'{class_names[1]}, ...), got {name!r}' if len(class_names) > 1 else
                         f'class: expected {class_names[0]!r}, got {name!r}')
    return list(class_names).index(name)


def mapped(name: str, mapping: Mapping[str, int]) -> int | None:
    """Give the network's class for a name in the annotations; None for what is not asked for."""
    return mapping.get(name, mapping.get(''))
