# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Short videos to distil a memory from: pieces of real clips, and pictures that move over pictures.

Nothing is labelled. The moving pictures give what the few free clips lack: small things that
cross, hide and uncover each other before a moving camera.
"""
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import cv2
from impnet_ros.config import StreamConfig
from impnet_ros.data.degradations import RECORDED_KINDS, spoilt
from impnet_ros.data.ilsvrc_files import read_picture
from impnet_ros.data.samples import Degradation
from impnet_ros.video import open_video
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Image = NDArray[np.uint8]

OBJECTS = {'astronaut.png': (60, 0, 380, 500), 'camera.png': (130, 60, 260, 440),
           'chelsea.png': (40, 5, 350, 290), 'coffee.png': (140, 40, 330, 290),
           'motorcycle_left.png': (60, 30, 620, 450)}
"""Pictures with something in them that the detector knows, and where: x, y, width, height."""

BACKDROPS = ('brick.png', 'grass.png', 'gravel.png', 'rocket.jpg', 'coffee.png', 'camera.png',
             'motorcycle_left.png')
SIZE = (352, 480)
"""(height, width) of the moving pictures, about what the detector gets of a 4:3 camera."""


def clip_pieces(path: Path, frames: int, every: int = 1) -> Iterator[tuple[int, list[Image]]]:
    """
    Cut a video into pieces of so many frames, and give each `every`-th with its number.

    A piece has one size and no gap; what is too short for one is left out.
    """
    piece: list[Image] = []
    number, before_s = 0, 0.0
    for frame in open_video(path).frames:
        image = np.asarray(frame.image)
        goes_on = 0 <= frame.stamp_s - before_s <= StreamConfig().max_gap
        if piece and not (goes_on and image.shape == piece[0].shape):
            piece = []
        piece.append(image)
        before_s = frame.stamp_s
        if len(piece) == frames:
            if number % every == 0:
                yield number, piece
            piece = []
            number += 1


@lru_cache
def cut_out(path: Path) -> NDArray[np.float32]:
    """
    Cut the thing out of one of the pictures OBJECTS, by GrabCut from the rectangle around it.

    Returns
    -------
    ndarray
        float32 (height, width, 4), RGB and the mask 0..1.

    """
    picture, place = read_picture(path), OBJECTS[path.name]
    small = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    rectangle = tuple(value // 2 for value in place)
    mask = np.zeros(small.shape[:2], np.uint8)
    cv2.setRNGSeed(0)
    cv2.grabCut(small, mask, rectangle, np.zeros((1, 65)), np.zeros((1, 65)), 3,
                cv2.GC_INIT_WITH_RECT)
    alpha = cv2.resize((mask & 1).astype(np.float32), picture.shape[1::-1])
    x, y, width, height = place
    return np.dstack((picture, cv2.GaussianBlur(alpha, (0, 0), 1.5)))[
        y:y + height, x:x + width].astype(np.float32)


def moving_pictures(folder: Path, frames: int, rng: Generator) -> list[Image]:
    """
    Make a video of things cut out of pictures that move before a moving picture.

    Parameters
    ----------
    folder : Path
        With the pictures of OBJECTS and BACKDROPS.
    frames : int
        Its length.
    rng : Generator
        Gives everything else.

    """
    height, width = SIZE
    canvas = read_picture(folder / BACKDROPS[rng.integers(len(BACKDROPS))])
    zoom = 1.5 * max(height / canvas.shape[0], width / canvas.shape[1])
    canvas = cv2.resize(canvas, None, fx=zoom, fy=zoom)
    camera = rng.choice([0.0, 1.0, 3.0]) * rng.normal(size=2)
    growth = rng.choice([0.0, 1.0]) * rng.normal() * 0.004
    things = []
    for _ in range(int(rng.integers(2, 8))):
        name = list(OBJECTS)[rng.integers(len(OBJECTS))]
        thing = cut_out(folder / name)
        scale = float(np.exp(rng.uniform(np.log(36), np.log(240)))) / thing.shape[0]
        thing = cv2.resize(thing, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        if rng.random() < 0.5:
            thing = thing[:, ::-1]
        thing[..., :3] = np.clip(thing[..., :3] * rng.uniform(0.6, 1.2), 0, 255)
        start = rng.uniform((0, 0.2 * height), (width, 0.9 * height))
        speed = rng.normal(size=2) * (rng.choice([0.3, 2.0, 5.0]), 0.4)
        things.append((thing, start, speed, rng.uniform(0, 6.3)))
    video = []
    for number in range(frames):
        middle = np.array((width, height)) / 2
        scale = np.exp(growth * (number - frames / 2))
        shift = middle - scale * (np.array(canvas.shape[1::-1]) / 2 + number * camera)
        view = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        picture = cv2.warpAffine(canvas, view, (width, height), flags=cv2.INTER_LINEAR,
                                 borderMode=cv2.BORDER_REFLECT_101).astype(np.float32)
        for thing, start, speed, phase in things:
            place = start + number * (speed - camera) + (0, 1.5 * np.sin(0.6 * number + phase))
            place = (place - middle) * scale + middle
            half = np.array(thing.shape[1::-1]) / 2 * scale
            own = np.array([[scale, 0, place[0] - half[0]], [0, scale, place[1] - half[1]]])
            layer = cv2.warpAffine(thing, own, (width, height), flags=cv2.INTER_LINEAR)
            picture += layer[..., 3:] * (layer[..., :3] - picture)
        video.append(picture.round().clip(0, 255).astype(np.uint8))
    return video


def spoil(video: list[Image], rng: Generator) -> list[Image]:
    """
    Strike a video with bursts of blur, defocus, low light or coarse compression, mild to strong.

    Frames that stay as they were are the same arrays as in `video`.
    """
    result = list(video)
    start = int(rng.integers(0, 8))
    while start < len(video):
        length, kind = int(rng.integers(1, 10)), int(rng.integers(4))
        strength = rng.uniform(0.1, 1.0)
        for index in range(start, min(start + length, len(video))):
            result[index] = _spoilt(video[index], kind, strength * rng.uniform(0.7, 1.0), rng)
        start += length + int(rng.integers(2, 10))
    return result


def _spoilt(picture: Image, kind: int, strength: float, rng: Generator) -> Image:
    if kind < len(RECORDED_KINDS):
        return spoilt(picture, Degradation(RECORDED_KINDS[kind], strength), rng)
    coarse = cv2.imencode('.jpg', picture, (cv2.IMWRITE_JPEG_QUALITY, int(40 - 36 * strength)))[1]
    return cv2.imdecode(coarse, cv2.IMREAD_COLOR)
