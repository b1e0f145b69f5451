# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Files of the ILSVRC layout: annotations in XML, pictures, image sets."""
from collections.abc import Mapping
import math
from pathlib import Path
from xml.etree import ElementTree

from impnet_ros.data.samples import FrameTruth, make_truth
from impnet_ros.images import decode_compressed, ImageError
import numpy as np
from numpy.typing import NDArray


def read_picture(path: Path) -> NDArray[np.uint8]:
    """
    Read a picture as it is stored: boxes are given without regard to EXIF's orientation.

    Returns
    -------
    ndarray
        uint8 (H, W, 3), RGB.

    Raises
    ------
    ValueError
        If it is missing, too large, or neither JPEG nor PNG.

    """
    try:
        return decode_compressed(path.read_bytes())
    except (ImageError, OSError) as error:
        raise ValueError(f'picture: expected a readable image, got {path} ({error})') from error


def read_annotation(path: Path, class_index: Mapping[str, int]) -> FrameTruth:
    """
    Read one XML file of VID or DET.

    Parameters
    ----------
    path : Path
        The file. Coordinates are taken as they stand (VID counts pixels from 0).
    class_index : Mapping
        Synset to class; objects of other classes are left out.

    Returns
    -------
    FrameTruth
        Empty for a frame without objects.

    Raises
    ------
    ValueError
        If the file is missing, is not such an annotation, or has a box that is none.

    """
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise ValueError(f'annotation: expected an ILSVRC XML file, got {path}: {error}') \
            from error
    boxes, labels, tracks, occluded = [], [], [], []
    for number, item in enumerate(root.iter('object')):
        synset = (item.findtext('name') or '').strip()
        if synset not in class_index:
            continue
        boxes.append(_box(item, path))
        labels.append(class_index[synset])
        track = (item.findtext('trackid') or '').strip() or str(number)
        if not track.isdecimal():
            raise ValueError(f'annotation: expected a number as trackid in {path}, got {track!r}')
        tracks.append(int(track))
        occluded.append((item.findtext('occluded') or '0').strip() == '1')
    return make_truth(boxes, labels, tracks, occluded)


def _box(item: ElementTree.Element, path: Path) -> list[float]:
    """Read the box of an object, x1 y1 x2 y2."""
    corners = [item.findtext(f'bndbox/{name}') for name in ('xmin', 'ymin', 'xmax', 'ymax')]
    try:
        box = [float(corner or '') for corner in corners]
    except ValueError:
        box = [math.nan] * 4
    if not (all(map(math.isfinite, box)) and box[0] <= box[2] and box[1] <= box[3]):
        raise ValueError('annotation: expected a bndbox with four corners, xmin <= xmax and ymin '
                         f'<= ymax, in {path}, got {corners}')
    return box


def read_image_set(path: Path) -> list[list[str]]:
    """
    Read an image set.

    Returns
    -------
    list of list of str
        The words of every line that is not empty.

    Raises
    ------
    ValueError
        If the file is missing or empty.

    """
    if not path.is_file():
        raise ValueError(f'image set: expected a file, got {path} (no such file)')
    lines = [line.split() for line in path.read_text().splitlines() if line.strip()]
    if not lines:
        raise ValueError(f'image set: expected at least one line, got an empty file {path}')
    return lines


def equally_spaced(length: int, count: int) -> tuple[int, ...]:
    """
    Middles of `count` equal parts of a video, as the VID_train_15frames list has them.

    Parameters
    ----------
    length : int
        Frames of the video.
    count : int
        How many to take; all frames of a video that is not longer.

    """
    if length <= count:
        return tuple(range(length))
    return tuple(int((2 * part + 1) * length / (2 * count)) for part in range(count))
