# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a recipe may train on."""
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, get_args, Literal

from impnet_ros.data.ilsvrc_det import IlsvrcDet
from impnet_ros.data.ilsvrc_vid import IlsvrcVid
from impnet_ros.data.samples import VideoSet
from impnet_ros.data.sprites import SpriteConfig, SpriteSet

Kind = Literal['sprites', 'vid', 'det']


@dataclass(frozen=True)
class DataSource:
    """
    One video set of a recipe.

    Raises
    ------
    ValueError
        If a setting is unknown or does not go with the kind.

    """

    kind: Kind
    """Sprites, ImageNet VID or ImageNet DET."""

    root: str = ''
    """Folder of ILSVRC2015 with Data, Annotations and ImageSets."""

    image_set: str = ''
    """List in ImageSets; the reference's when empty."""

    videos: int = 2000
    """Sprite videos."""

    seed: int = 1
    """Of the sprites."""

    size: int = 128
    """Side of the sprites' frames in pixels."""

    frames: int = 40
    """Frames of a sprite video; 1 makes still pictures."""

    degraded_share: float = 0.4
    """Mean share of spoilt frames."""

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f'recipe: data: kind: expected one of {", ".join(get_args(Kind))}, '
                             f'got {self.kind!r}')
        if (self.kind == 'sprites') == bool(self.root):
            raise ValueError('recipe: data: root: expected a folder for vid and det and none for '
                             f'sprites, got {self.root!r} for {self.kind}')

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> 'DataSource':
        """Build from a mapping of fields."""
        known = [field.name for field in fields(cls)]
        if not isinstance(values, Mapping) or 'kind' not in values or set(values) - set(known):
            raise ValueError(f'recipe: data: expected a mapping with kind and some of '
                             f'{", ".join(known)}, got {values!r}')
        return cls(**values)

    def load(self) -> VideoSet:
        """Open the set; see its reader for errors."""
        if self.kind == 'vid':
            return IlsvrcVid(self.root, 'train', self.image_set or None)
        if self.kind == 'det':
            return IlsvrcDet(self.root, 'train', self.image_set or None)
        return SpriteSet(self.videos, self.seed, SpriteConfig(
            height=self.size, width=self.size, frames=self.frames,
            degraded_share=self.degraded_share))
