# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Clips in the layout of MOTChallenge: NAME/img1/000001.jpg, NAME/gt/gt.txt, NAME/seqinfo.ini.

A row of gt.txt is frame, id, left, top, width, height, confidence, class, visibility; the last
three may be missing. Rows of confidence 0 are ignored. A section [Truth] in seqinfo.ini, of this
project, may name the class of all rows (label=dog) and say that there are others of it that nobody
annotated (alone=false).
"""
from collections.abc import Mapping, Sequence
from configparser import ConfigParser, Error
from functools import partial
from pathlib import Path

from impnet_ros.data.class_mapping import class_index, mapped
from impnet_ros.data.true_clip import BoxRows, read_images, TrueBoxes, TrueClip
from impnet_ros.sources.natural import natural_order
from impnet_ros.sources.pictures import IMAGE_SUFFIXES

CLASSES = {'1': 'person', '3': 'car', '4': 'bicycle', '5': 'motorcycle'}
"""Class numbers of MOT16, MOT17 and MOT20 that COCO has too."""

LIKE_PEOPLE = ('2', '7', '8', '12', '13')
"""On a vehicle, static, distractor, reflection, crowd: people that need not be found there."""

DEFAULT_FPS = 30.0


def is_mot_folder(path: Path) -> bool:
    """Tell a sequence with truth from other folders."""
    return (path / 'gt' / 'gt.txt').is_file()


def open_mot(path: Path, class_names: Sequence[str], mapping: Mapping[str, int],
             complete: bool | None = None, fps: float | None = None) -> TrueClip:
    """
    Open a sequence.

    Parameters
    ----------
    path : Path
        Its folder.
    class_names : sequence of str
        Of the network.
    mapping : Mapping
        Class number of a row, as text, to class of the network, see `class_mapping`; when empty,
        what seqinfo.ini or MOTChallenge says. Rows of other classes are left out.
    complete : bool, optional
        See `TrueClip`; by default what seqinfo.ini says, else True.
    fps : float, optional
        For a sequence that does not say.

    Raises
    ------
    ValueError
        If pictures or truth are missing or cannot be read.

    """
    info = _info(path)
    folder = path / info.get('Sequence', 'imDir', fallback='img1')
    if not folder.is_dir():
        raise ValueError(f'{folder}: expected a folder of pictures, as seqinfo.ini or '
                         'MOTChallenge says')
    files = sorted((file for file in folder.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES),
                   key=natural_order)
    if not files:
        raise ValueError(f'{folder}: expected pictures, found none')
    label = info.get('Truth', 'label', fallback=None)
    if not mapping and label:
        mapping = {'': _known(path, label, class_names)}
    people = None
    if not mapping:
        mapping = {number: class_index(name, class_names) for number, name in CLASSES.items()
                   if name in class_names}
        people = mapping.get('1')
    truth = read_rows(path / 'gt' / 'gt.txt', _numbers(files), mapping, people)
    try:
        rate = info.getfloat('Sequence', 'frameRate', fallback=fps or DEFAULT_FPS)
        alone = info.getboolean('Truth', 'alone', fallback=True)
    except ValueError as error:
        raise ValueError(f'{path / "seqinfo.ini"}: {error}') from error
    if not rate > 0:
        raise ValueError(f'{path / "seqinfo.ini"}: expected frameRate > 0, got {rate}')
    return TrueClip(path.resolve().name, rate, partial(read_images, files), truth,
                    alone if complete is None else complete)


def read_rows(file: Path, numbers: Sequence[int], mapping: Mapping[str, int],
              people: int | None = None) -> tuple[TrueBoxes, ...]:
    """
    Read the rows of gt.txt.

    Parameters
    ----------
    file : Path
        The file.
    numbers : sequence of int
        Of the frames that are there, in order; rows of others are left out.
    mapping : Mapping
        See `open_mot`.
    people : int, optional
        The class that `LIKE_PEOPLE` belong to, as ignored boxes.

    Raises
    ------
    ValueError
        If a row cannot be read, or none is of a class that is asked for.

    """
    frames = {number: BoxRows() for number in numbers}
    rows = 0
    for place, line in enumerate(file.read_text(encoding='utf-8').splitlines(), 1):
        if not line.strip():
            continue
        try:
            values = [float(text) for text in line.replace(',', ' ').split()]
            frame, number = int(values[0]), int(values[1])
            left, top, width, height = values[2:6]
        except ValueError as error:
            raise ValueError(f'{file}:{place}: expected frame, id, left, top, width, height, '
                             f'confidence, class, visibility, got {line!r}') from error
        given = values[6] != 0 if len(values) > 6 else True
        name = str(int(values[7])) if len(values) > 7 else '1'
        name = '1' if name == '-1' else name  # MOT15 has coordinates there, all -1
        label = mapped(name, mapping)
        if label is None and people is not None and name in LIKE_PEOPLE:
            label, given = people, False
        if label is None or frame not in frames:
            continue
        if width <= 0 or height <= 0:
            raise ValueError(f'{file}:{place}: expected width and height > 0, got {line!r}')
        rows += 1
        frames[frame].add((left, top, width, height), label, number, ignored=not given)
    if not rows:
        raise ValueError(f'{file}: expected boxes of classes {sorted(mapping)} in frames '
                         f'{numbers[0]} to {numbers[-1]}, found none')
    return tuple(frames[number].done() for number in numbers)


def _info(path: Path) -> ConfigParser:
    info = ConfigParser(interpolation=None)
    try:
        info.read(path / 'seqinfo.ini', encoding='utf-8')
    except Error as error:
        raise ValueError(f'{path / "seqinfo.ini"}: {error}') from error
    return info


def _known(path: Path, label: str, class_names: Sequence[str]) -> int:
    try:
        return class_index(label, class_names)
    except ValueError as error:
        raise ValueError(f'{path / "seqinfo.ini"}: {error}') from error


def _numbers(files: Sequence[Path]) -> list[int]:
    """Give the numbers in the names of the files, else from 1 on."""
    if all(file.stem.isdecimal() for file in files):
        return [int(file.stem) for file in files]
    return list(range(1, len(files) + 1))
