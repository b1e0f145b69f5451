# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
All settings of the node in one frozen value: those of `impnet_ros.config` and its own.

Imports neither torch nor rclpy: `ros2 launch` may run with a Python that has no torch.
"""
from dataclasses import dataclass
from functools import cached_property
import re
from typing import Literal

from impnet_ros.config import DetectionConfig, ENDLESS, RunConfig, StreamConfig
from impnet_ros.setting import documented, require, setting, table

_CAMERA_NAME = re.compile(r'[A-Za-z][A-Za-z0-9_]*(/[A-Za-z][A-Za-z0-9_]*)*')


@documented
@dataclass(frozen=True)
class Settings(DetectionConfig, StreamConfig, RunConfig):
    """Values of the node's parameters."""

    key_period: float = setting(
        0.0, 'Seconds between key frames, in place of l, for cameras of unsteady rate; 0 counts '
        'frames (l).', bounds=(0.0, 3600.0))
    stagger_keys: bool = setting(
        True, 'With several cameras: shorten their first segments so that their key frames do '
        'not fall together.', changes='fixed')
    cameras: tuple[str, ...] = setting(
        (), 'Names of the cameras, each with its topics <name>/image, <name>/detections, ... and '
        'its own memory; empty for one camera on image.', changes='fixed')
    image_transport: Literal['raw', 'compressed'] = setting(
        'raw', 'raw subscribes image, compressed subscribes image/compressed.', changes='fixed')
    image_reliability: Literal['auto', 'reliable', 'best_effort'] = setting(
        'auto', 'Reliability asked of the image topic: auto follows the publishers, looking '
        'again when they change.', changes='fixed')
    max_image_pixels: int = setting(
        50_000_000, 'Largest image taken, width times height in pixels; larger ones are refused '
        'with an error.', bounds=(1, 2**31 - 1))
    classes: tuple[str, ...] = setting((), 'Class names to publish; empty for all.')
    class_id: Literal['name', 'index'] = setting(
        'name', 'What Detection2D class_id holds: the class name or its index.')
    detections_now: bool = setting(
        False, 'Offer the topic detections_now too: boxes moved by their velocity to the instant '
        'of publication; one more flow an image while somebody subscribes.',
        changes='unconfigured')
    jpeg_quality: int = setting(80, 'Quality of annotated_image/compressed.', bounds=(1, 100))
    autostart: bool = setting(
        True, 'Configure and activate at start-up, without a lifecycle manager.',
        changes='fixed')
    enabled: bool = setting(
        True, 'false stops processing (no subscription) and forgets; true begins anew.')

    def __post_init__(self) -> None:
        """Check what must fit together too."""
        super().__post_init__()
        for name in self.cameras:
            require(bool(_CAMERA_NAME.fullmatch(name)), 'cameras', 'names of letters, digits, _ '
                    'and / that begin with a letter', name)
        require(len(set(self.cameras)) == len(self.cameras), 'cameras', 'different names',
                list(self.cameras))

    @cached_property
    def stream(self) -> StreamConfig:
        """Give the engine its settings; a key period takes the place of the length."""
        given = {row.name: getattr(self, row.name) for row in table(StreamConfig)}
        return StreamConfig(**given | ({'segment_length': ENDLESS} if self.key_period else {}))

    @cached_property
    def detection(self) -> DetectionConfig:
        """Give the network its thresholds."""
        return DetectionConfig(*(getattr(self, row.name) for row in table(DetectionConfig)))


ROWS = table(Settings)
"""Every parameter of the node."""
