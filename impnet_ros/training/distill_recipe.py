# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a distillation does, as a YAML file says it."""
from dataclasses import dataclass, fields
from pathlib import Path

from impnet_ros.config import RunConfig
from impnet_ros.training.recipe_fields import read_fields, typed


@dataclass(frozen=True)
class DistillRecipe:
    """
    Everything that decides what comes out of a distillation; see config/distillation.

    Raises
    ------
    ValueError
        If a field is outside its range.

    """

    clips: tuple[str, ...]
    segment_lengths: tuple[int, ...]
    model: str = RunConfig().model
    runtime: str = RunConfig().runtime
    seed: int = 0
    moving_pictures: int = 24
    frames: int = 24
    spoilt_versions: int = 3
    steps: int = 600
    batch_size: int = 4
    learning_rate: float = 0.003
    most_keys: int = 8
    box_share: float = 0.5
    most_pieces: int = 200
    held_out: float = 0.2
    licence: str = ''

    def __post_init__(self) -> None:
        for name in ('spoilt_versions', 'steps', 'batch_size', 'most_pieces'):
            if getattr(self, name) < 1:
                raise ValueError(f'{name}: expected 1 or more, got {getattr(self, name)}')
        for name in ('seed', 'moving_pictures', 'box_share'):
            if getattr(self, name) < 0:
                raise ValueError(f'{name}: expected 0 or more, got {getattr(self, name)}')
        if not self.learning_rate > 0:
            raise ValueError(f'learning_rate: expected more than 0, got {self.learning_rate}')
        if not 0 <= self.held_out < 1:
            raise ValueError(f'held_out: expected a share of 0 or more and below 1, got '
                             f'{self.held_out}')
        if not all(isinstance(clip, str) for clip in self.clips):
            raise ValueError(f'clips: expected names of files, got {list(self.clips)}')
        if not self.segment_lengths or not all(isinstance(length, int) and length >= 1
                                               for length in self.segment_lengths):
            raise ValueError('segment_lengths: expected lengths of 1 or more, '
                             f'got {list(self.segment_lengths)}')
        # The first key frame has nothing to remember; it may be the last frame of a segment.
        least = 2 * max(self.segment_lengths)
        if self.frames < least:
            raise ValueError(f'frames: expected {least} or more, for two key frames a piece with '
                             f'segments of {least // 2}, got {self.frames}')
        if self.most_keys < 2:
            raise ValueError(f'most_keys: expected 2 or more, got {self.most_keys}')

    @classmethod
    def load(cls, path: Path) -> 'DistillRecipe':
        """Read a YAML file; an unknown or missing field is a ValueError."""
        content = read_fields(path)
        defaults = {field.name: field.default for field in fields(cls)}
        names = set(defaults)
        if unknown := set(content) - names:
            raise ValueError(f'{path}: expected fields {sorted(names)}, got {sorted(unknown)}')
        if missing := {'clips', 'segment_lengths'} - set(content):
            raise ValueError(f'{path}: expected the fields {sorted(missing)} too')
        lists = {'clips': (), 'segment_lengths': ()}
        return cls(**{name: typed(name, value, lists.get(name, defaults[name]))
                      for name, value in content.items()})
