# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A contact sheet: the pictures in which something was found, with its box."""
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
from impnet_ros.archive.pieces import Piece
from impnet_ros.archive.reading import Images
from impnet_ros.archive.sources import find_sources
from impnet_ros.drawing import write_picture
from impnet_ros.images import MAX_PIXELS, RgbImage
from impnet_ros.sources.bag_images import camera_of, frames_of
from impnet_ros.sources.bag_reader import BagReader
from impnet_ros.sources.places import place
import numpy as np

_WIDTH, _HEIGHT, _COLUMNS = 320, 240, 4
_BAR = 22
_FPS = 30.0


def contact_sheet(path: Path, rows: Sequence[dict[str, Any]]) -> int:
    """
    Draw a picture with a small one for each row, and what it is.

    Parameters
    ----------
    path : Path
        Picture file to write.
    rows : sequence of dict
        From `best_of`.

    Returns
    -------
    int
        How many could be drawn; for the others the source is no longer there.

    Raises
    ------
    OSError
        If the file cannot be written.

    """
    tiles, drawn = [], 0
    for row in rows:
        image = _image(row)
        drawn += image is not None
        tiles.append(_tile(image, row))
    lines = -(-len(tiles) // _COLUMNS)
    tiles += [np.zeros_like(tiles[0])] * (lines * _COLUMNS - len(tiles))
    sheet = np.vstack([np.hstack(tiles[start:start + _COLUMNS])
                       for start in range(0, len(tiles), _COLUMNS)])
    write_picture(path, sheet)
    return drawn


def _image(row: dict[str, Any]) -> RgbImage | None:
    """Find the image of a row again."""
    try:
        if row['topic']:
            with BagReader(place(row['source'])) as bag:
                at_ns = row['logged_ns']
                messages = bag.messages(camera_of(bag, row['topic']).connections, at_ns,
                                        at_ns + 1)
                for frame in frames_of(messages, row['source'], None, MAX_PIXELS):
                    return frame.image
            return None
        [source] = find_sources([row['source']])
        for seen in Images(Piece(source.url, source.kind, source.identity), _FPS):
            if seen.index == row['frame']:
                return np.asarray(seen.frame.image)
    except (OSError, ValueError):
        pass
    return None


def _tile(image: RgbImage | None, row: dict[str, Any]) -> RgbImage:
    tile = np.full((_HEIGHT + _BAR, _WIDTH, 3), 32, np.uint8)
    if image is not None:
        height, width = image.shape[:2]
        scale = min(_WIDTH / width, _HEIGHT / height)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = np.ascontiguousarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
        corners = [round(row['box'][side] * scale) for side in ('x1', 'y1', 'x2', 'y2')]
        cv2.rectangle(small, corners[:2], corners[2:], (255, 200, 0), 2)
        tile[:size[1], :size[0]] = small
    name = row['source'].rstrip('/').rpartition('/')[2]
    text = f'{row["class"]} {row["score"]:.2f} {name} {row["frame"]}'
    cv2.putText(tile, text[:46], (4, _HEIGHT + 15), cv2.FONT_HERSHEY_SIMPLEX, 0.4,
                (255, 255, 255), 1, cv2.LINE_AA)
    return tile
