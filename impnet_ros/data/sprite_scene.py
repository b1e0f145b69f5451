# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A sprite scene: what is where at any instant, and how it looks at that instant."""
from dataclasses import dataclass

import cv2
from impnet_ros.data.sprite_motion import Affine, Path, similarity, transform
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Sprite:
    """
    One thing that moves before the background.

    Attributes
    ----------
    patch : ndarray
        uint8 (P, P, 4), RGB already multiplied by the mask, and the mask (0..255).
    outline : ndarray
        float32 (points, 2), the convex silhouette in own units (-1..1 over the patch).
    path : Path
        Pose in the world.
    label : int
        Class, or -1 for an occluder that is not to be found.
    active : range
        Frames in which it is there.

    """

    patch: Image
    outline: NDArray[np.float32]
    path: Path
    label: int
    active: range

    def there(self, time: float) -> bool:
        """Whether it is there at `time` (frames)."""
        return self.active.start - 0.5 <= time < self.active.stop - 0.5


def cut_out(texture: Image, mask: Image) -> Image:
    """Join a texture (P, P, 3) and its mask (P, P) to a patch (P, P, 4), RGB multiplied."""
    cut = cv2.multiply(texture, cv2.merge([mask] * 3), scale=1 / 255)
    return np.dstack((cut, mask))


@dataclass(frozen=True)
class Scene:
    """
    Background, sprites from back to front, and a camera.

    Attributes
    ----------
    canvas : ndarray
        uint8 (S, S, 3), the background, mirrored beyond its borders.
    sprites : tuple of Sprite
        Later ones hide earlier ones.
    camera : Path
        Pose of the world in the picture: moves, zooms and turns it about the picture's centre.
    size : tuple of int
        (height, width) of the picture.

    """

    canvas: Image
    sprites: tuple[Sprite, ...]
    camera: Path
    size: tuple[int, int]

    def view(self, time: float, shift: NDArray[np.float64] | None = None) -> Affine:
        """Pose (3, 3) of the world in the picture at `time`, `shift` pixels further."""
        height, width = self.size
        view = self.camera.at(time) @ similarity(-(width - 1) / 2, -(height - 1) / 2, 1, 0)
        view[:2, 2] += (width - 1) / 2, (height - 1) / 2
        if shift is not None:
            view[:2, 2] += shift
        return view

    def poses(self, time: float) -> list[Affine]:
        """Pose (3, 3) in the picture of every sprite, in drawing order."""
        view = self.view(time)
        return [view @ sprite.path.at(time) for sprite in self.sprites]

    def render(self, time: float, shift: NDArray[np.float64] | None = None) -> Image:
        """
        Draw the picture of one instant.

        Parameters
        ----------
        time : float
            In frames.
        shift : ndarray, optional
            (2,), the camera's momentary displacement in pixels.

        Returns
        -------
        ndarray
            uint8 (H, W, 3), RGB.

        """
        height, width = self.size
        view = self.view(time, shift)
        middle = (self.canvas.shape[0] - 1) / 2
        on_canvas = view @ similarity((width - 1) / 2 - middle, (height - 1) / 2 - middle, 1, 0)
        picture = cv2.warpAffine(self.canvas, on_canvas[:2], (width, height),
                                 flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        for sprite in self.sprites:
            if sprite.there(time):
                _paste(picture, sprite, view @ sprite.path.at(time))
        return picture

    def owners(self, time: float) -> NDArray[np.uint8]:
        """Which sprite every pixel shows: 0 the background, n the n-th sprite; (H, W)."""
        owner = np.zeros(self.size, np.uint8)
        for number, (sprite, pose) in enumerate(zip(self.sprites, self.poses(time)), start=1):
            if sprite.there(time):
                points = np.round(transform(pose, sprite.outline) * 16).astype(np.int32)
                cv2.fillConvexPoly(owner, points, number, cv2.LINE_8, shift=4)
        return owner

    def flow(self, time: float, key_time: float) -> NDArray[np.float32]:
        """
        Exact optical flow between two instants.

        Parameters
        ----------
        time, key_time : float
            Of the target frame and of the key frame.

        Returns
        -------
        ndarray
            float32 (H, W, 2), x y in pixels: where the point seen at a pixel of the target frame
            is in the key frame, hidden or not, less that pixel.

        """
        height, width = self.size
        x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
        moved = np.empty((height, width, 2), np.float32)
        owner = self.owners(time)
        now = [self.view(time), *self.poses(time)]
        then = [self.view(key_time), *self.poses(key_time)]
        for number in np.unique(owner).tolist():
            way = then[number] @ np.linalg.inv(now[number]) - np.eye(3)
            field = [row[0] * x + row[1] * y + row[2] for row in way[:2].astype(np.float32)]
            if number == 0:  # most of the picture: filled first, what is in front comes over it
                moved[..., 0], moved[..., 1] = field
            else:
                inside = owner == number
                moved[inside] = np.stack([part[inside] for part in field], axis=1)
        return moved


def _paste(picture: Image, sprite: Sprite, pose: Affine) -> None:
    """Draw a sprite over the picture, in place."""
    side = sprite.patch.shape[0]
    corners = transform(pose, np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32))
    height, width = picture.shape[:2]
    x1, y1 = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
    x2, y2 = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 1, (width, height))
    if x1 >= x2 or y1 >= y2:
        return
    from_patch = pose @ similarity(1 / side - 1, 1 / side - 1, 2 / side, 0)
    from_patch[:2, 2] -= x1, y1
    drawn = cv2.warpAffine(sprite.patch, from_patch[:2], (int(x2 - x1), int(y2 - y1)),
                           flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    below = picture[y1:y2, x1:x2]
    uncovered = 255 - drawn[..., 3]
    behind = cv2.multiply(below, cv2.merge((uncovered, uncovered, uncovered)), scale=1 / 255)
    picture[y1:y2, x1:x2] = cv2.add(behind, cv2.cvtColor(drawn, cv2.COLOR_RGBA2RGB))
