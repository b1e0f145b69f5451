# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The Impression Network as published, and smaller ones of the same code.

Hetang et al., "Impression Network for Video Object Detection", 2017. Each part stands in the file
of its symbol; here they are put together.
"""
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from impnet_ros.config import DetectionConfig
from impnet_ros.model.impression import aggregate, softmax_weight
from impnet_ros.model.levels import Levels, with_levels
from impnet_ros.model.paper.backbone import Backbone, Trunk
from impnet_ros.model.paper.config import ImpressionNetworkConfig
from impnet_ros.model.paper.embedding import EmbeddingNet
from impnet_ros.model.paper.flownet import FlowNetS, ScaledFlow, ScaleMap
from impnet_ros.model.paper.head import TaskHead
from impnet_ros.model.paper.network_input import input_size, make_input, NetworkInput, resized
from impnet_ros.model.paper.quality import QualityNet
from impnet_ros.model.precision import computed_in
from impnet_ros.model.sight import training_free as quality_gate
from impnet_ros.model.sight.dis_flow import dis_flow, flow_in_cells
from impnet_ros.model.sight.warp import warp
from impnet_ros.resizing import resize_factor
import numpy as np
import torch
from torch import nn, Tensor
from torch.nn import functional

PAPER_DETECTION = DetectionConfig(score_threshold=1e-4, nms_threshold=0.3, max_detections=300)
"""The reference's thresholds, made for measuring average precision."""

_FINER = 4
"""How many times finer than the feature two pictures are compared."""

Image = np.ndarray[Any, Any] | Tensor | NetworkInput


class ImpressionNetwork(nn.Module):
    """
    N_feat, F, S, W, N_q and N_task behind the methods of `impnet_ros.stream.types.Network`.

    Parameters
    ----------
    config : ImpressionNetworkConfig
        Sizes and choices. Weights are random until some are loaded.

    Attributes
    ----------
    detection : DetectionConfig
        Thresholds; may be replaced at any time.
    precision : torch.dtype
        Of the convolutions in use, float32 at first; features are float32 always.

    """

    def __init__(self, config: ImpressionNetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.detection = PAPER_DETECTION
        self.precision = torch.float32
        trunk = Trunk(config.width, config.blocks, config.stride_style)
        with torch.no_grad():  # random weights expect inputs of about unit size
            trunk.conv1.weight *= max(config.pixel_deviation) / 58
        self.backbone = Backbone(trunk, config.channels, config.feature_dilation)
        self.backbone.freeze(config.frozen_stages if config.frozen_norm else 0)
        self.flow_net: FlowNetS | None = None
        self.scale_map: ScaleMap | None = None
        if config.flow == 'flownet_s':
            self.flow_net = FlowNetS(config.flow_width)
            self.scale_map = ScaleMap(self.flow_net.feature_channels, config.channels)
        self.quality_net = QualityNet(config.channels, config.quality_channels)
        self.head = TaskHead(config)
        self.embedding_net = (EmbeddingNet(config.channels, config.embedding_width)
                              if config.embedding_width else None)
        # Channels last is the faster memory layout for these convolutions, by half on a CPU.
        self.to(memory_format=torch.channels_last)

    @property
    def name(self) -> str:
        """Name of the network."""
        return self.config.name

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the labels that `task` gives."""
        return self.config.class_names

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.head.anchors.device

    def train(self, mode: bool = True) -> 'ImpressionNetwork':
        """Switch to training; frozen batch normalisation keeps its statistics."""
        super().train(mode)
        if self.config.frozen_norm:
            for module in self.backbone.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    def prepare(self, image: Image) -> NetworkInput:
        """
        Resize and normalise an image, once a frame.

        Parameters
        ----------
        image : numpy.ndarray or Tensor
            uint8 (H, W, 3), RGB; what was prepared already is returned as it is.

        """
        if isinstance(image, NetworkInput):
            return image
        pixels = resized(image, self.config.short_side, self.config.long_side)
        return make_input(pixels, (image.shape[0], image.shape[1]), self.config, self.device)

    def prepare_batch(self, pixels: Tensor) -> NetworkInput:
        """Normalise pictures, uint8 (B, 3, h, w) RGB, to be used at the size they have."""
        return make_input(pixels, (pixels.shape[2], pixels.shape[3]), self.config, self.device)

    def features(self, image: Image) -> Levels:
        """N_feat: one level (B, C, ceil(h / 16), ceil(w / 16)) of the prepared h x w."""
        picture = self.prepare(image)
        with computed_in(self.precision, self.device):
            feature = self.backbone(picture.pixels)
        return Levels((feature.float(),), picture.image_size)

    def flow(self, image: Image, key_image: Image) -> ScaledFlow:
        """
        F(I_i, I_key) and S: (B, 2, h, w) in feature cells, (x, y), from target to key frame.

        DIS computes it in the host's memory and leaves it there; FlowNet-S on the device.
        """
        target, key = self.prepare(image), self.prepare(key_image)
        if self.flow_net is None:
            pairs = zip(target.grey, key.grey, strict=True)
            fields = [flow_in_cells(dis_flow(one, other), (one.shape[0] // 8, one.shape[1] // 8))
                      for one, other in pairs]
            return ScaledFlow((torch.cat(fields),), None)
        assert target.half is not None and key.half is not None
        return self._learned_flow(target.half, key.half)

    def flows(self, images: Sequence[Image], key_image: Image) -> list[ScaledFlow]:
        """Give what `flow` gives for each of several images; FlowNet-S takes them as a batch."""
        if self.flow_net is None:
            return [self.flow(image, key_image) for image in images]
        halves = [self.prepare(image).half for image in (*images, key_image)]
        *targets, key = (half for half in halves if half is not None)
        together = self._learned_flow(torch.cat(targets), key.expand(len(targets), -1, -1, -1))
        assert together.scale is not None
        return [ScaledFlow((field,), scale) for field, scale
                in zip(together[0].split(1), together.scale.split(1), strict=True)]

    def _learned_flow(self, half: Tensor, key_half: Tensor) -> ScaledFlow:
        assert self.flow_net is not None and self.scale_map is not None
        # Mixed precision on a CPU leaves this out: its bfloat16 gradients of the coarsest, tiny
        # convolution are at times garbage (PyTorch 2.14 with oneDNN).
        with torch.autocast('cpu', enabled=False), computed_in(self.precision, self.device):
            field, features = self.flow_net(torch.cat((half, key_half), dim=1))
        with computed_in(self.precision, self.device):
            scale = self.scale_map(features)
        return ScaledFlow((field,), scale.float())

    def propagate(self, levels: tuple[Tensor, ...],
                  flow: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """W and S: carry a level along the flow, times the scale map where the flow has one."""
        warped = [warp(level, field) for level, field in zip(levels, flow, strict=True)]
        scale = flow.scale if isinstance(flow, ScaledFlow) else None
        return with_levels(levels, warped if scale is None else [item * scale for item in warped])

    def mismatch(self, image: Image, key_image: Image, flow: tuple[Tensor, ...]) -> Tensor:
        """(1, 1, h, w), 0..1: how little the flow explains of the picture."""
        rows, columns = flow[0].shape[2:]
        fine = functional.interpolate(flow[0], scale_factor=_FINER, mode='bilinear') * _FINER
        here, there = (quality_gate.grey_cells(self.prepare(item).pixels, fine.shape[2:])
                       for item in (image, key_image))
        mismatch = quality_gate.picture_mismatch(here, warp(there, fine))
        return functional.adaptive_avg_pool2d(mismatch, (rows, columns))

    def weights(self, f_imp_warped: tuple[Tensor, ...],
                f_k: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """w_k of eq. (2), (B, 1, h, w): the share of the new feature."""
        with computed_in(self.precision, self.device):
            scores = [(self.quality_net(old), self.quality_net(new))
                      for old, new in zip(f_imp_warped, f_k, strict=True)]
        return tuple(softmax_weight(old.float(), new.float()) for old, new in scores)

    def detect(self, levels: tuple[Tensor, ...],
               detection: DetectionConfig | None = None) -> list[tuple[Tensor, Tensor, Tensor]]:
        """
        N_task for a batch.

        Parameters
        ----------
        levels : Levels
            One level (B, C, h, w), of `features` or `propagate`.
        detection : DetectionConfig, optional
            Other thresholds than the network's own.

        Returns
        -------
        list of (boxes, scores, labels)
            A picture: (N, 4) in pixels of the original image, (N,), int64 (N,).

        """
        if not isinstance(levels, Levels):
            raise ValueError('levels: expected Levels of `features`, which know the image size, '
                             f'got {type(levels).__name__}')
        detection = detection or self.detection
        sides = self.config.short_side, self.config.long_side
        factor = resize_factor(levels.image_size, *sides)
        with computed_in(self.precision, self.device):
            maps = self.head(levels[0])
        found = self.head.detect(maps, input_size(levels.image_size, *sides), detection)
        return [(boxes / factor, scores, labels) for boxes, scores, labels in found]

    def task(self, levels: tuple[Tensor, ...]) -> tuple[Tensor, Tensor, Tensor]:
        """N_task: boxes (N, 4) in pixels of the original image, scores (N,), labels (N,)."""
        return self.task_at(levels, None, self.detection.score_threshold)

    def task_at(self, levels: tuple[Tensor, ...], flow: tuple[Tensor, ...] | None,
                score_threshold: float) -> tuple[Tensor, Tensor, Tensor]:
        """Give what `task` would give at another threshold, of levels carried along a flow."""
        if levels[0].shape[0] != 1:
            raise ValueError(f'levels: expected one picture, got {levels[0].shape[0]}; '
                             'detect() takes several')
        if flow is not None:
            levels = self.propagate(levels, flow)
        return self.detect(levels, replace(self.detection, score_threshold=score_threshold))[0]

    def forward_triplet(self, old: NetworkInput, current: NetworkInput, new: NetworkInput,
                        still: Tensor | None = None) -> Levels:
        """
        Make the task feature of `current` from two key frames, as in training (figure 3).

        The same functions as in the engine, which after two key frames and one more frame has the
        same feature.

        Parameters
        ----------
        old, current, new : NetworkInput
            I_old^key, I^cur, I_new^key.
        still : Tensor, optional
            bool (B,), where the three are one still picture: warp and scale map are bypassed, as
            in the reference.

        Returns
        -------
        Levels
            (B, C, h, w), ready for `task`, `detect` or `head`.

        """
        f_old, f_new = self.features(old), self.features(new)
        f_old_warped = self.propagate(f_old, self.flow(new, old))
        f_fuse = aggregate(f_old_warped, f_new, self.weights(f_old_warped, f_new))
        f_current = self.propagate(f_fuse, self.flow(current, new))
        if still is not None:
            bypass = still.view(-1, 1, 1, 1)
            f_current = with_levels(f_current, (torch.where(bypass, fresh, moved) for fresh, moved
                                                in zip(f_new, f_current, strict=True)))
        return Levels(f_current, current.image_size)

    def parts(self) -> dict[str, nn.Module]:
        """Name the parts that tables list; every parameter belongs to exactly one."""
        parts: dict[str, nn.Module | None] = {
            'trunk': self.backbone.trunk, 'feat_conv': self.backbone.feat_conv,
            'flow_net': self.flow_net, 'scale_map': self.scale_map,
            'quality_net': self.quality_net, 'embedding_net': self.embedding_net,
            'rpn': self.head.rpn, 'rfcn_cls': self.head.rfcn.cls,
            'rfcn_bbox': self.head.rfcn.bbox}
        return {name: part for name, part in parts.items() if part is not None}
