# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Sizes and choices of the paper's network: a default and a reason for each."""
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, get_args, Literal

from impnet_ros.labels import VID_30
from impnet_ros.model.paper.backbone import StrideStyle
from impnet_ros.model.paper.rfcn import Pooling

FlowChoice = Literal['flownet_s', 'dis']

MSRA_MEAN = (123.15, 115.90, 103.06)
"""Red, green, blue; weights from MSRA know no standard deviation."""

TORCHVISION_MEAN = (123.675, 116.28, 103.53)
TORCHVISION_DEVIATION = (58.395, 57.12, 57.375)


def _require(condition: bool, name: str, expected: str, got: object) -> None:
    if not condition:
        raise ValueError(f'{name}: expected {expected}, got {got!r}')


@dataclass(frozen=True)
class ImpressionNetworkConfig:
    """
    What an `ImpressionNetwork` is made of; the defaults are the paper's.

    Raises
    ------
    ValueError
        If a setting is outside its range.

    """

    name: str = 'impression_r101'
    """What the network is called in tables and files."""

    class_names: tuple[str, ...] = VID_30
    """Without the background."""

    width: int = 64
    """Channels of the first convolution of the trunk."""

    blocks: tuple[int, int, int, int] = (3, 4, 23, 3)
    """Bottleneck blocks a stage; these and width 64 are ResNet-101."""

    stride_style: StrideStyle = 'torchvision'
    """Where the trunk's strides are: what its weights were trained with, the paper is silent."""

    channels: int = 1024
    """Of the feature: the first half for the RPN, the second for R-FCN."""

    feature_dilation: int = 6
    """Of the convolution on top of the trunk, as in the reference; 13 cells wide, so less where
    the whole feature is smaller than that."""

    flow: FlowChoice = 'flownet_s'
    """F: the paper's FlowNet-S with scale map, or OpenCV's DIS flow, which needs no weights."""

    flow_width: int = 64
    """Channels of FlowNet-S's first convolution."""

    quality_channels: tuple[int, int] = (256, 16)
    """Of N_q's inner layers."""

    embedding_width: int = 0
    """Of FGFA's embedding network, 512 there; 0 leaves it out."""

    pixel_mean: tuple[float, float, float] = MSRA_MEAN
    """Red, green, blue, subtracted from 0..255."""

    pixel_deviation: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Red, green, blue, divided by afterwards."""

    flow_mean: tuple[float, float, float] = MSRA_MEAN
    """Subtracted for FlowNet-S, before the division by 255."""

    short_side: int = 600
    """Pixels to which the shorter side is scaled ..."""

    long_side: int = 1000
    """... unless the longer side would exceed this; nothing is padded."""

    anchor_scales: tuple[float, ...] = (8.0, 16.0, 32.0)
    """Sides of the anchors in units of 16 pixels."""

    anchor_ratios: tuple[float, ...] = (0.5, 1.0, 2.0)
    """Height over width."""

    proposals: int = 300
    """Proposals a picture."""

    pooling: Pooling = 'ps_roi_pool'
    """MSRA's rounding, or `ps_roi_align` without rounding."""

    box_deviations: tuple[float, float, float, float] = (0.1, 0.1, 0.2, 0.2)
    """That R-FCN's deltas are normalised by; 1 for weights that were saved for test only."""

    frozen_stages: int = 2
    """Parts of the trunk that are never trained: conv1 and res2."""

    frozen_norm: bool = True
    """Batch normalisation keeps its statistics, gamma and beta; False to train from nothing."""

    def __post_init__(self) -> None:
        for name in ('width', 'channels', 'feature_dilation', 'flow_width', 'short_side',
                     'proposals'):
            _require(getattr(self, name) >= 1, name, '>= 1', getattr(self, name))
        _require(self.channels % 2 == 0, 'channels', 'an even number', self.channels)
        _require(self.long_side >= self.short_side, 'long_side',
                 f'>= short_side, {self.short_side}', self.long_side)
        _require(len(self.class_names) > 0, 'class_names', 'at least one', self.class_names)
        _require(self.embedding_width >= 0, 'embedding_width', '>= 0', self.embedding_width)
        for name, count in (('blocks', 4), ('quality_channels', 2)):
            _require(len(getattr(self, name)) == count and min(getattr(self, name)) >= 1, name,
                     f'{count} numbers >= 1', getattr(self, name))
        for name, count in (('pixel_mean', 3), ('flow_mean', 3)):
            _require(len(getattr(self, name)) == count, name, f'{count} numbers',
                     getattr(self, name))
        for name, count in (('pixel_deviation', 3), ('box_deviations', 4)):
            _require(len(getattr(self, name)) == count and min(getattr(self, name)) > 0, name,
                     f'{count} numbers > 0', getattr(self, name))
        for name in ('anchor_scales', 'anchor_ratios'):
            _require(min(getattr(self, name), default=0) > 0, name, 'numbers > 0',
                     getattr(self, name))
        for name, choices in (('stride_style', get_args(StrideStyle)),
                              ('flow', get_args(FlowChoice)), ('pooling', get_args(Pooling))):
            _require(getattr(self, name) in choices, name, f'one of {", ".join(choices)}',
                     getattr(self, name))
        _require(0 <= self.frozen_stages <= 5, 'frozen_stages', '0..5', self.frozen_stages)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as they are kept in a checkpoint."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> 'ImpressionNetworkConfig':
        """
        Read what `to_dict` gave, also after JSON turned its tuples into lists.

        Raises
        ------
        ValueError
            If a name is unknown or a value outside its range.

        """
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        _require(not unknown, 'network configuration', 'known names', unknown)
        return cls(**{name: tuple(value) if isinstance(value, list) else value
                      for name, value in values.items()})
