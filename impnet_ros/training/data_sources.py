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
from impnet_ros.labels import VID_SYNSETS
from impnet_ros.training.recipe_fields import typed

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

    names: tuple[str, ...] = ()
    """Classes of a vid or det whose annotations have these in place of synsets; ImageNet VID's 30
    when empty."""

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
        if self.kind == 'sprites' and self.names:
            raise ValueError('recipe: data: names: expected none for sprites, got '
                             f'{list(self.names)}')

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> 'DataSource':
        """Build from a mapping of fields."""
        known = [field.name for field in fields(cls)]
        if not isinstance(values, Mapping) or 'kind' not in values or set(values) - set(known):
            raise ValueError(f'recipe: data: expected a mapping with kind and some of '
                             f'{", ".join(known)}, got {values!r}')
        names = values.get('names', ())
        if not isinstance(names, (list, tuple)) or not all(isinstance(name, str)
                                                           for name in names):
            raise ValueError(f'recipe: data: names: expected a list of class names, got {names!r}')
        defaults = {field.name: field.default for field in fields(cls)}
        plain = {name: typed(f'data: {name}', value, defaults[name])
                 for name, value in values.items() if name != 'kind'}
        return cls(kind=values['kind'], **plain)

    def load(self, class_names: tuple[str, ...]) -> VideoSet:
        """
        Open the set.

        Parameters
        ----------
        class_names : tuple of str
            Of the network that shall learn from it.

        Raises
        ------
        ValueError
            If the set has other classes; and what its reader raises.

        """
        videos = self._open()
        if videos.class_names != class_names:
            raise ValueError(f'recipe: network: class_names: expected those of '
                             f'{self.root or self.kind}, '
                             f'{list(videos.class_names)}, got {list(class_names)}')
        return videos

    def _open(self) -> VideoSet:
        synsets = {name: name for name in self.names} or VID_SYNSETS
        if self.kind == 'vid':
            return IlsvrcVid(self.root, 'train', self.image_set or None, synsets)
        if self.kind == 'det':
            return IlsvrcDet(self.root, 'train', self.image_set or None, synsets)
        return SpriteSet(self.videos, self.seed, SpriteConfig(
            height=self.size, width=self.size, frames=self.frames,
            degraded_share=self.degraded_share))
