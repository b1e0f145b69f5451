# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Draw detections on a picture."""
from collections.abc import Sequence
import colorsys
from pathlib import Path

import cv2
from impnet_ros.images import RgbImage
from impnet_ros.outputs import write_whole
from impnet_ros.stream.types import Detections
import numpy as np

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_KEY_COLOR = (255, 200, 0)


def class_color(label: int) -> tuple[int, int, int]:
    """RGB colour of a class: hues a golden angle apart, so that neighbours differ."""
    red, green, blue = colorsys.hsv_to_rgb((label * 0.381966) % 1.0, 0.75, 1.0)
    return int(red * 255), int(green * 255), int(blue * 255)


def caption(detections: Detections) -> str:
    """Give one line on how a frame was served: key frame or age, and the mean w_k."""
    role = 'key' if detections.is_key else f'age {detections.age:+d}'
    glance = ' glance' if detections.is_glance else ''
    return f'{role}{glance}  w_k {detections.mean_weight:.2f}'


def draw_detections(image: RgbImage, detections: Detections, class_names: Sequence[str],
                    text: str = '') -> RgbImage:
    """
    Draw boxes, class names and scores on a copy of the image.

    Parameters
    ----------
    image : numpy.ndarray
        uint8 (H, W, 3), RGB; not changed.
    detections : Detections
        Boxes in pixels of that image. A key frame gets a coloured frame around the picture.
    class_names : sequence of str
        Names by label.
    text : str
        A line for the upper left corner.

    Returns
    -------
    numpy.ndarray
        uint8 (H, W, 3), RGB.

    """
    canvas = np.array(image, order='C')
    height, width = canvas.shape[:2]
    scale = max(0.35, min(height, width) / 900)
    line = max(1, round(min(height, width) / 300))
    for box, score, label in zip(detections.boxes.tolist(), detections.scores.tolist(),
                                 detections.labels.tolist(), strict=True):
        x1, y1, x2, y2 = (round(value) for value in box)
        color = class_color(label)
        cv2.rectangle(canvas, (x1, y1), (x2, y2), color, line)
        _label(canvas, f'{class_names[label]} {score:.2f}', (x1, y1), scale, color)
    if detections.is_key:
        cv2.rectangle(canvas, (0, 0), (width - 1, height - 1), _KEY_COLOR, 2 * line)
    if text:
        _label(canvas, text, (0, 0), scale, _KEY_COLOR)
    return canvas


def _label(canvas: RgbImage, text: str, corner: tuple[int, int], scale: float,
           color: tuple[int, int, int]) -> None:
    """Write dark text on a coloured bar above `corner`, or below where there is no room."""
    (text_width, text_height), baseline = cv2.getTextSize(text, _FONT, scale, 1)
    x = max(0, min(corner[0], canvas.shape[1] - text_width))
    top = corner[1] - text_height - baseline
    top = top if top >= 0 else max(corner[1], 0)
    cv2.rectangle(canvas, (x, top), (x + text_width, top + text_height + baseline), color, -1)
    cv2.putText(canvas, text, (x, top + text_height), _FONT, scale, (20, 20, 20), 1, cv2.LINE_AA)


def write_picture(path: Path, picture: RgbImage) -> None:
    """
    Write a picture in one move, in the format that its suffix names.

    Raises
    ------
    OSError
        If it cannot be written, with the system's reason, which OpenCV would keep to itself.

    """
    done, content = cv2.imencode(path.suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    if not done:
        raise OSError(f'{path}: no picture can be made of {picture.shape[1]} x '
                      f'{picture.shape[0]} pixels')
    write_whole(path, content.tobytes())
