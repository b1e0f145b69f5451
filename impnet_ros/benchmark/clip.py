# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is measured on: an endless video without a cut, from a clip or from sprites."""
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
from impnet_ros.data.sprites import SpriteConfig, SpriteVideo
from impnet_ros.images import RgbImage
from impnet_ros.stream.types import Frame
from impnet_ros.video import clips_folder, open_video
import numpy as np

FPS = 30.0
"""Of the stamps; how fast the frames are really handed out is for the measurement to decide."""


def default_clip() -> Path | None:
    """Find the clip of people on bicycles that `make setup` fetches; None where it is not."""
    path = clips_folder() / 'bikes.mp4'
    return path if path.is_file() else None


def load_images(path: Path | None, count: int, size: tuple[int, int] | None) -> list[RgbImage]:
    """
    Read images into memory, so that no decoding falls into the measured time.

    Parameters
    ----------
    path : Path, optional
        Video file, folder of images or bag; None draws sprites.
    count : int
        How many images at most.
    size : tuple of int, optional
        (height, width) to which they are resized; None keeps a clip's own, and makes sprites of
        480 x 640.

    Returns
    -------
    list of numpy.ndarray
        uint8 (H, W, 3), RGB.

    Raises
    ------
    ValueError
        If there are fewer than two images.

    """
    if path is None:
        height, width = size or (480, 640)
        video = SpriteVideo(SpriteConfig(height, width, count, degraded_share=0), 0, 0)
        return [video.frame(index) for index in range(count)]
    images: list[RgbImage] = [frame.image for frame in islice(open_video(path).frames, count)]
    if len(images) < 2:
        raise ValueError(f'{path}: expected a video of at least 2 frames, got {len(images)}')
    return images if size is None else resized(images, size)


def resized(images: list[RgbImage], size: tuple[int, int]) -> list[RgbImage]:
    """Bring images to (height, width)."""
    return [np.asarray(cv2.resize(image, (size[1], size[0]), interpolation=cv2.INTER_AREA),
                       np.uint8) for image in images]


def endless(images: list[RgbImage], fps: float = FPS) -> Iterator[Frame]:
    """
    Play images forward and backward without end.

    Nothing jumps where the clip turns, so no frame is harder than in a long video.

    Yields
    ------
    Frame
        With stamps that advance by 1 / fps.

    """
    there_and_back = [*images, *images[-2:0:-1]]
    number = 0
    while True:
        for image in there_and_back:
            yield Frame(image, number / fps)
            number += 1
