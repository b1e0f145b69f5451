# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Clips in the layout of MOTChallenge: NAME/img1/000001.jpg, NAME/gt/gt.txt, NAME/seqinfo.ini.

A row of gt.txt is frame, id, left, top, width, height, confidence, class, visibility; the last
three may be missing, and in the ten columns of MOT15 the last three are coordinates. Rows of
confidence 0 are ignored; an id below 0 is none. Frames have the numbers at the end of the names of
their pictures; where these have none, they count from 1, or from 0 where a row does. A section
[Truth] in seqinfo.ini, of this project, may name the class of all rows (label=dog) and say that
there are others of it that nobody annotated (alone=false).
"""
from collections.abc import Mapping, Sequence
from configparser import ConfigParser, Error
from functools import partial
import math
from pathlib import Path
import re

from impnet_ros.data.class_mapping import class_index, mapped
from impnet_ros.data.true_clip import BoxRows, read_images, TrueBoxes, TrueClip
from impnet_ros.images import is_picture
from impnet_ros.sources.frames import say
from impnet_ros.sources.natural import natural_order

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
    files = sorted((file for file in folder.iterdir() if is_picture(file.name)),
                   key=natural_order)
    if not files:
        raise ValueError(f'{folder}: expected pictures, found none')
    label = info.get('Truth', 'label', fallback=None)
    if not mapping and label:
        mapping = {'': _known(path, label, class_names)}
    if not mapping:
        mapping = {number: class_index(name, class_names) for number, name in CLASSES.items()
                   if name in class_names}
    truth = read_rows(path / 'gt' / 'gt.txt', _numbers(files), mapping)
    try:
        rate = info.getfloat('Sequence', 'frameRate', fallback=fps or DEFAULT_FPS)
        alone = info.getboolean('Truth', 'alone', fallback=True)
    except ValueError as error:
        raise ValueError(f'{path / "seqinfo.ini"}: frameRate, alone: {error}') from error
    if not 0 < rate < math.inf:
        raise ValueError(f'{path / "seqinfo.ini"}: expected frameRate > 0, got {rate}')
    tracked = all((frame.ids[~frame.ignored] >= 0).all() for frame in truth)
    return TrueClip(path.resolve().name, rate, partial(read_images, files), truth,
                    alone if complete is None else complete, tracked)


def read_rows(file: Path, numbers: Sequence[int], mapping: Mapping[str, int]
              ) -> tuple[TrueBoxes, ...]:
    """
    Read the rows of gt.txt.

    Parameters
    ----------
    file : Path
        The file.
    numbers : sequence of int
        Of the frames that are there, in order; rows of others are left out, and told. From 1 on
        they are from 0 on where there is a row of frame 0.
    mapping : Mapping
        See `open_mot`. `LIKE_PEOPLE` are ignored boxes of what 1 is.

    Returns
    -------
    tuple of TrueBoxes
        A row without an id has one below 0 that no other has.

    Raises
    ------
    ValueError
        If a row cannot be read.

    """
    rows = [_row(file, place, line)
            for place, line in enumerate(_text(file).splitlines(), 1) if line.strip()]
    if list(numbers) == list(range(1, len(numbers) + 1)) and any(row[0] == 0 for row in rows):
        numbers = range(len(numbers))
    frames = {number: BoxRows() for number in numbers}
    absent = set()
    for place, (frame, number, box, given, name) in enumerate(rows, 1):
        label = mapped(name, mapping)
        if label is None and name in LIKE_PEOPLE and '1' in mapping:
            label, given = mapping['1'], False
        if label is None:
            continue
        if frame in frames:
            frames[frame].add(box, label, number if number >= 0 else -place, ignored=not given)
        else:
            absent.add(frame)
    if absent:
        say(f'{file}: left out, as they have no picture: {len(absent)} frames, {min(absent)} to '
            f'{max(absent)}', 0)
    return tuple(frames[number].done() for number in numbers)


def _row(file: Path, place: int, line: str) -> tuple[int, int, list[float], bool, str]:
    """Read frame, id, box, whether it is to be found, and the class number as text."""
    try:
        values = [float(text) for text in line.replace(',', ' ').split()]
        frame, number = int(values[0]), int(values[1])
        box = values[2:6]
        if len(box) < 4 or not all(map(math.isfinite, box)):
            raise ValueError
        kind = values[7] if 8 <= len(values) < 10 else 1.0
        name = str(int(kind))
        if kind != int(kind):
            raise ValueError
    except (ValueError, IndexError, OverflowError) as error:
        raise ValueError(f'{file}:{place}: expected frame, id, left, top, width, height, '
                         f'confidence, class, visibility, got {line!r}') from error
    if box[2] <= 0 or box[3] <= 0:
        raise ValueError(f'{file}:{place}: expected width and height > 0, got {line!r}')
    given = values[6] != 0 if len(values) > 6 else True
    return frame, number, box, given, '1' if name == '-1' else name


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding='utf-8-sig')
    except UnicodeDecodeError as error:
        raise ValueError(f'{file}: expected text in UTF-8, got something else ({error.reason})'
                         ) from error


def _info(path: Path) -> ConfigParser:
    info = ConfigParser(interpolation=None)
    try:
        info.read_string(_text(path / 'seqinfo.ini') if (path / 'seqinfo.ini').exists() else '')
    except Error as error:
        raise ValueError(f'{path / "seqinfo.ini"}: {error}') from error
    return info


def _known(path: Path, label: str, class_names: Sequence[str]) -> int:
    try:
        return class_index(label, class_names)
    except ValueError as error:
        raise ValueError(f'{path / "seqinfo.ini"}: {error}') from error


def _numbers(files: Sequence[Path]) -> list[int]:
    """Give the numbers at the end of the files' names, else from 1 on."""
    found = [re.search(r'[0-9]+$', file.stem) for file in files]
    numbers = [int(each[0]) for each in found if each]
    return numbers if len(set(numbers)) == len(files) else list(range(1, len(files) + 1))
