# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""All settings of the node in one frozen value, in the words of its parameters."""
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
import re
from typing import Any, cast

from impnet_ros.config import DetectionConfig, KeyMode, Mode, Schedule, StreamConfig
from impnet_ros.stream.pacing import ENDLESS

_CAMERA_NAME = re.compile(r'[A-Za-z][A-Za-z0-9_]*(/[A-Za-z][A-Za-z0-9_]*)*')
_WORDS = {'segment_length': 'l', 'memory_gate': 'g', 'max_gap_s': 'max_gap',
          'box_lifetime_s': 'box_lifetime', 'smallest_length': 'l_min',
          'largest_length': 'l_max'}
_STREAM = StreamConfig()
_DETECTION = DetectionConfig()


@dataclass(frozen=True)
class Settings:
    """
    Values of the node's parameters; `impnet_ros.ros.parameters.ROWS` explains each.

    Raises
    ------
    ValueError
        If settings do not fit together; the message uses the parameters' names.

    """

    model: str = 'nanodet_g'
    device: str = 'auto'
    runtime: str = 'auto'
    precision: str = 'float32'
    threads: int = 0
    autostart: bool = True
    cameras: tuple[str, ...] = ()
    image_transport: str = 'raw'
    image_reliability: str = 'auto'
    max_image_pixels: int = 50_000_000
    enabled: bool = True
    l: int = _STREAM.segment_length  # noqa: E741 - the name of the parameter and of the paper
    g: float = _STREAM.memory_gate
    key_offset: int = _STREAM.key_offset
    mode: str = _STREAM.mode
    key_mode: str = _STREAM.key_mode
    schedule: str = _STREAM.schedule
    l_min: int = _STREAM.smallest_length
    l_max: int = _STREAM.largest_length
    doubt_threshold: float = _STREAM.doubt_threshold
    box_memory: bool | str = 'auto'
    box_lifetime: float = _STREAM.box_lifetime_s
    key_period: float = 0.0
    max_gap: float = _STREAM.max_gap_s
    scene_cut: bool = False
    stagger_keys: bool = True
    score_threshold: float = _DETECTION.score_threshold
    nms_threshold: float = _DETECTION.nms_threshold
    max_detections: int = _DETECTION.max_detections
    classes: tuple[str, ...] = ()
    class_id: str = 'name'
    detections_now: bool = False
    jpeg_quality: int = 80
    stream: StreamConfig = field(init=False, repr=False)
    detection: DetectionConfig = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.box_memory, str) and self.box_memory != 'auto':
            raise ValueError(f'box_memory: expected auto, true or false, got {self.box_memory!r}')
        try:
            stream = StreamConfig(
                segment_length=self.l, memory_gate=self.g, key_offset=self.key_offset,
                mode=cast(Mode, self.mode), key_mode=cast(KeyMode, self.key_mode),
                schedule=cast(Schedule, self.schedule), smallest_length=self.l_min,
                largest_length=self.l_max, doubt_threshold=self.doubt_threshold,
                box_memory=None if isinstance(self.box_memory, str) else self.box_memory,
                box_lifetime_s=self.box_lifetime,
                max_gap_s=self.max_gap)
            detection = DetectionConfig(
                score_threshold=self.score_threshold, nms_threshold=self.nms_threshold,
                max_detections=self.max_detections)
        except ValueError as error:
            raise ValueError(_in_parameter_names(str(error))) from error
        if self.key_period > 0 and self.schedule == 'adaptive':
            raise ValueError("key_period: expected 0 with schedule 'adaptive' (l_max ends its "
                             f'segments), got {self.key_period}')
        if self.key_period > 0:
            stream = replace(stream, segment_length=ENDLESS)
        object.__setattr__(self, 'stream', stream)
        object.__setattr__(self, 'detection', detection)
        for name in self.cameras:
            if not _CAMERA_NAME.fullmatch(name):
                raise ValueError('cameras: expected names of letters, digits, _ and / that begin '
                                 f'with a letter, got {name!r}')
        if len(set(self.cameras)) < len(self.cameras):
            raise ValueError(f'cameras: expected different names, got {list(self.cameras)}')

    def replaced(self, changes: Mapping[str, Any]) -> 'Settings':
        """Return a copy with some settings changed, checked as a whole."""
        return replace(self, **changes)


def _in_parameter_names(message: str) -> str:
    for word, parameter in _WORDS.items():
        message = message.replace(word, parameter)
    return message
