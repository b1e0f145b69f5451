# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Sprites: a synthetic video set with exact boxes, tracks and flow, made on the fly from a seed.

A video is a function of (seed, index), a frame of (seed, index, frame): nothing is stored, and the
same frame is the same bytes on every call.
"""
from dataclasses import dataclass
from functools import lru_cache

import cv2
from impnet_ros.data import degradations
from impnet_ros.data.samples import Degradation, FrameTruth, make_truth
from impnet_ros.data.sprite_motion import Curve, draw_curve, draw_path, Path, transform
from impnet_ros.data.sprite_scene import cut_out, Scene, Sprite
from impnet_ros.data.sprite_textures import (background, contour, PATCH_SIZE, pattern_patch,
                                             PATTERNS, silhouette_mask, SILHOUETTES,
                                             SPRITE_CLASSES)
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Image = NDArray[np.uint8]

_SMALLEST_VISIBLE_SHARE = 0.2
_OCCLUDED_BELOW_SHARE = 0.75


@dataclass(frozen=True)
class SpriteConfig:
    """
    How sprite videos look.

    Raises
    ------
    ValueError
        If a setting is outside its range.

    """

    height: int = 160
    """Pixels."""

    width: int = 160
    """Pixels."""

    frames: int = 40
    """Frames a video; four segments of the paper's l = 10. One frame makes still pictures."""

    most_objects: int = 3
    """Objects a video, 1 to this."""

    smallest: float = 0.28
    """Smallest typical width of an object, as a share of the shorter side."""

    largest: float = 0.48
    """Largest typical width of an object, as a share of the shorter side."""

    degraded_share: float = 0.4
    """Mean share of spoilt frames, 0..1."""

    speed: float = 1.0
    """Factor on the speed of everything; 1 gives about VID's shares of slow, medium and fast."""

    def __post_init__(self) -> None:
        for name in ('height', 'width'):
            if getattr(self, name) < 32:
                raise ValueError(f'{name}: expected >= 32 pixels, got {getattr(self, name)}')
        for name in ('frames', 'most_objects'):
            if getattr(self, name) < 1:
                raise ValueError(f'{name}: expected >= 1, got {getattr(self, name)}')
        if not 0 < self.smallest <= self.largest <= 1:
            raise ValueError(f'smallest, largest: expected 0 < smallest <= largest <= 1, got '
                             f'{self.smallest}, {self.largest}')
        if self.speed < 0:
            raise ValueError(f'speed: expected >= 0, got {self.speed}')
        if not 0 <= self.degraded_share < 1:
            raise ValueError(f'degraded_share: expected 0 <= share < 1, got {self.degraded_share}')


class SpriteVideo:
    """
    One sprite video.

    Parameters
    ----------
    config : SpriteConfig
        How it looks.
    seed, index : int
        Which video it is.

    """

    def __init__(self, config: SpriteConfig, seed: int, index: int) -> None:
        self.name = f'sprites_{seed}_{index:05d}'
        self.labelled = range(config.frames)
        self._key = (seed, index)
        self._config = config
        rng = np.random.default_rng(self._key)
        self.degradations = degradations.draw_bursts(rng, config.frames, config.degraded_share)
        self.scene = _draw_scene(rng, config, self.degradations)

    def __len__(self) -> int:
        """Count the frames."""
        return self._config.frames

    def _check(self, index: int) -> None:
        if not 0 <= index < len(self):
            raise IndexError(f'frame: expected 0..{len(self) - 1}, got {index}')

    def frame(self, index: int) -> Image:
        """Picture `index` as the camera takes it, spoilt or not; uint8 (H, W, 3) RGB."""
        self._check(index)
        kind, strength = self.degradations[index].kind, self.degradations[index].strength
        rng = np.random.default_rng((*self._key, index))
        if kind == 'motion_blur':
            return self._exposed(index, strength, rng)
        picture = self.clean_frame(index)
        if kind == 'defocus':
            return degradations.defocus(picture, strength)
        if kind == 'low_light':
            return degradations.low_light(picture, strength, rng)
        return picture

    def clean_frame(self, index: int) -> Image:
        """Picture `index` without blur and noise; occluders stay."""
        self._check(index)
        return self.scene.render(index)

    def _exposed(self, index: int, strength: float, rng: Generator) -> Image:
        """Integrate the light of a long exposure with a shaking camera, from many instants."""
        way = degradations.shake_path(strength, min(self.scene.size), rng)
        count = int(np.clip(np.ceil(np.hypot(*way) / 2), 3, 14))
        light = np.zeros((*self.scene.size, 3), np.float32)
        for instant in (np.arange(count) + 0.5) / count - 0.5:
            cv2.accumulate(degradations.to_linear(
                self.scene.render(index + 0.9 * strength * instant, instant * way)), light)
        return degradations.to_code(light / count)

    def flow(self, index: int, key_index: int) -> NDArray[np.float32]:
        """Give the exact flow, (H, W, 2) in pixels, from frame `index` to frame `key_index`."""
        self._check(index)
        self._check(key_index)
        return self.scene.flow(index, key_index)

    def truth(self, index: int) -> FrameTruth:
        """
        Boxes of frame `index`: those of objects of which at least a fifth can be seen.

        A box surrounds the whole silhouette, hidden parts included, cut at the picture's border.
        """
        self._check(index)
        owner = self.scene.owners(index)
        height, width = self.scene.size
        boxes, labels, tracks, occluded = [], [], [], []
        for number, (sprite, pose) in enumerate(zip(self.scene.sprites, self.scene.poses(index))):
            if sprite.label < 0 or not sprite.there(index):
                continue
            outline = transform(pose, sprite.outline)
            area = cv2.contourArea(outline.astype(np.float32))
            visible = np.count_nonzero(owner == number + 1) / area
            x1, y1 = np.maximum(outline.min(axis=0) + 0.5, 0)
            x2, y2 = np.minimum(outline.max(axis=0) - 0.5, (width - 1, height - 1))
            if visible < _SMALLEST_VISIBLE_SHARE or x2 - x1 < 4 or y2 - y1 < 4:
                continue
            boxes.append((x1, y1, x2, y2))
            labels.append(sprite.label)
            tracks.append(number)
            occluded.append(visible < _OCCLUDED_BELOW_SHARE)
        return make_truth(boxes, labels, tracks, occluded, self.degradations[index])


class SpriteSet:
    """
    Sprite videos of one seed.

    Parameters
    ----------
    videos : int
        How many there are.
    seed : int
        Sets of different seeds have no video in common.
    config : SpriteConfig, optional
        How they look.

    """

    class_names = SPRITE_CLASSES

    def __init__(self, videos: int, seed: int, config: SpriteConfig | None = None) -> None:
        if videos < 1:
            raise ValueError(f'videos: expected >= 1, got {videos}')
        self.config = config or SpriteConfig()
        self.seed = seed
        self._videos = videos
        self._video = lru_cache(maxsize=640)(self._make)

    def __len__(self) -> int:
        """Count the videos."""
        return self._videos

    def __getitem__(self, index: int) -> SpriteVideo:
        """Video `index`."""
        if not 0 <= index < self._videos:
            raise IndexError(f'video: expected 0..{self._videos - 1}, got {index}')
        return self._video(index)

    def labelled(self, index: int) -> range:
        """Give the frames of video `index` that training labels: all."""
        return range(self.config.frames)

    def _make(self, index: int) -> SpriteVideo:
        return SpriteVideo(self.config, self.seed, index)


def _draw_scene(rng: Generator, config: SpriteConfig,
                spoilt: tuple[Degradation, ...]) -> Scene:
    side = min(config.height, config.width)
    sprites: list[Sprite] = []
    for _ in range(int(rng.integers(1, config.most_objects + 1))):
        sprites.append(_draw_sprite(rng, config, side, _free_place(rng, config, sprites)))
    sprites.extend(_draw_occluders(rng, sprites, spoilt))
    camera_speed = config.speed * side / 160 * rng.choice([0.0, 0.3, 0.8])
    centre = draw_curve(rng, 0.0, camera_speed, 0.08 * side), draw_curve(
        rng, 0.0, camera_speed * 0.6, 0.06 * side)
    camera = Path(*centre, draw_curve(rng, 0.0, 0.001, 0.05), draw_curve(rng, 0.0, 0.001, 0.04))
    canvas = background(rng, int(1.4 * max(config.height, config.width)))
    return Scene(canvas, tuple(sprites), camera, (config.height, config.width))


def _free_place(rng: Generator, config: SpriteConfig,
                sprites: list[Sprite]) -> tuple[float, float]:
    """Draw the middle of a path: of a few places the one that is farthest from the others."""
    places = rng.uniform(0.2, 0.8, (6, 2)) * (config.width, config.height)
    others = np.array([(item.path.x.base, item.path.y.base) for item in sprites])
    if not len(others):
        return tuple(places[0])
    distances = np.linalg.norm(places[:, None] - others, axis=2).min(axis=1)
    return tuple(places[np.argmax(distances)])


def _draw_sprite(rng: Generator, config: SpriteConfig, side: int,
                 centre: tuple[float, float]) -> Sprite:
    label = int(rng.integers(len(SPRITE_CLASSES)))
    silhouette, pattern = SILHOUETTES[label // len(PATTERNS)], PATTERNS[label % len(PATTERNS)]
    outline = contour(silhouette, rng)
    patch = cut_out(pattern_patch(pattern, rng), silhouette_mask(outline))
    half_width = side * rng.uniform(config.smallest, config.largest) / 2
    speed = config.speed * side / 160 * rng.choice([0.15, 0.8, 2.5], p=[0.35, 0.3, 0.35])
    path = draw_path(rng, centre, half_width, speed, reach=0.2 * side)
    return Sprite(patch, outline, path, label, range(config.frames))


def _draw_occluders(rng: Generator, sprites: list[Sprite],
                    spoilt: tuple[Degradation, ...]) -> list[Sprite]:
    """For each burst of occlusion, something that passes before each object."""
    occluders = []
    for burst in _bursts_of('occlusion', spoilt):
        strength = max(spoilt[index].strength for index in burst)
        for sprite in sprites:
            outline = contour('disc', rng)
            texture = background(rng, PATCH_SIZE)
            way = rng.uniform(0, 2 * np.pi)
            occluders.append(Sprite(cut_out(texture, silhouette_mask(outline)), outline,
                                    _passing(sprite.path, burst, way, strength), -1, burst))
    return occluders


def _bursts_of(kind: str, spoilt: tuple[Degradation, ...]) -> list[range]:
    """Find the stretches of frames spoilt in this way."""
    marks = np.array([False, *(item.kind == kind for item in spoilt), False])
    edges = np.flatnonzero(marks[1:] != marks[:-1])
    return [range(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2])]


def _passing(path: Path, burst: range, angle: float, strength: float) -> Path:
    """Path that follows another one and crosses it within the burst."""
    middle = (burst.start + burst.stop - 1) / 2
    half_width = float(np.exp(path.log_scale.base))
    swing = half_width * 0.9
    rate = np.pi / max(len(burst), 2)      # A quarter swing before and one after the middle.

    def crossing(curve: Curve, amplitude: float) -> Curve:
        return Curve(curve.base, np.append(curve.amplitudes, amplitude),
                     np.append(curve.rates, rate), np.append(curve.phases, -rate * middle))

    size = np.log(half_width * (0.7 + 0.35 * strength))
    steady = np.zeros(1)
    return Path(crossing(path.x, swing * np.cos(angle)), crossing(path.y, swing * np.sin(angle)),
                Curve(float(size), steady, steady, steady), Curve(angle, steady, steady, steady))
