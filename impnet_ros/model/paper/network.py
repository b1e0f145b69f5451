# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The Impression Network as published, and smaller ones of the same code.

Hetang et al., "Impression Network for Video Object Detection", 2017. Each part stands in the file
of its symbol; here they are put together.
"""
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace

from impnet_ros.config import DetectionConfig
from impnet_ros.model.contract import Boxes, Network
from impnet_ros.model.impression import aggregate, softmax_weight
from impnet_ros.model.levels import Array, Flow, Levels
from impnet_ros.model.paper.backbone import Backbone, Trunk
from impnet_ros.model.paper.config import ImpressionNetworkConfig
from impnet_ros.model.paper.embedding import EmbeddingNet
from impnet_ros.model.paper.flownet import FlowNetS, ScaleMap
from impnet_ros.model.paper.head import TaskHead
from impnet_ros.model.paper.picture import input_size, PaperPicture, resized
from impnet_ros.model.paper.quality import QualityNet
from impnet_ros.model.precision import computed_in
from impnet_ros.model.sight.warp import warp
from impnet_ros.model.static_part import StaticPart
from impnet_ros.resizing import resize_factor
import torch
from torch import nn, Tensor

PAPER_DETECTION = DetectionConfig(score_threshold=1e-4, nms_threshold=0.3, max_detections=300)
"""The reference's thresholds, made for measuring average precision."""


class ImpressionNetwork(nn.Module, Network):
    """
    N_feat, F, S, W, N_q and N_task.

    Parameters
    ----------
    config : ImpressionNetworkConfig
        Sizes and choices. Weights are random until some are loaded.

    Attributes
    ----------
    precision : torch.dtype
        Of the convolutions in use, float32 at first; features are float32 always.

    """

    strides = (16,)
    detection = PAPER_DETECTION
    box_memory = False

    def __init__(self, config: ImpressionNetworkConfig) -> None:
        super().__init__()
        self.config = config
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

    def prepare(self, image: Array | Tensor, side: int | None = None) -> PaperPicture:
        """Resize a uint8 (H, W, 3) RGB image as the reference does, once a frame."""
        image_size = image.shape[0], image.shape[1]
        if side is not None:
            self.input_size(image_size, side)  # refuses it
        pixels = resized(image, self.config.short_side, self.config.long_side)
        return self._picture(pixels, image_size)

    def prepare_batch(self, pixels: Tensor) -> PaperPicture:
        """Take pictures, uint8 (B, 3, h, w) RGB, at the size that they have."""
        return self._picture(pixels, (pixels.shape[2], pixels.shape[3]))

    def _picture(self, pixels: Tensor, image_size: tuple[int, int]) -> PaperPicture:
        config = self.config
        return PaperPicture(pixels, image_size, config.pixel_mean, config.pixel_deviation,
                            config.flow_mean, self.device)

    def features(self, picture: PaperPicture) -> Levels:
        """N_feat: one level (B, C, ceil(h / 16), ceil(w / 16)) of the picture's h x w."""
        with computed_in(self.precision, self.device):
            feature = self.backbone(picture.normalised)
        return Levels((feature.float(),), picture.image_size)

    def flow(self, picture: PaperPicture, key_picture: PaperPicture) -> Flow:
        """
        F(I_i, I_key) and S: (B, 2, h, w) in feature cells, (x, y), from target to key frame.

        DIS computes it in the host's memory and leaves it there; FlowNet-S on the device.
        """
        if self.flow_net is None:
            return super().flow(picture, key_picture)
        return self._learned_flow(picture.half, key_picture.half)

    def flows(self, pictures: Sequence[PaperPicture], key_picture: PaperPicture) -> list[Flow]:
        """Give what `flow` gives for each of several pictures; FlowNet-S takes them as a batch."""
        if self.flow_net is None or not pictures:
            return super().flows(pictures, key_picture)
        together = self._learned_flow(torch.cat([picture.half for picture in pictures]),
                                      key_picture.half.expand(len(pictures), -1, -1, -1))
        assert together.scale is not None
        return [Flow((field,), scale) for field, scale
                in zip(together.levels[0].split(1), together.scale.split(1), strict=True)]

    def _learned_flow(self, half: Tensor, key_half: Tensor) -> Flow:
        assert self.flow_net is not None and self.scale_map is not None
        # Mixed precision on a CPU leaves this out: its bfloat16 gradients of the coarsest, tiny
        # convolution are at times garbage (PyTorch 2.14 with oneDNN).
        with torch.autocast('cpu', enabled=False), computed_in(self.precision, self.device):
            field, features = self.flow_net(torch.cat((half, key_half), dim=1))
        with computed_in(self.precision, self.device):
            scale = self.scale_map(features)
        return Flow((field,), scale.float())

    def propagate(self, levels: Levels, flow: Flow) -> Levels:
        """W and S, on as many threads as the convolutions: 1024 channels are worth them."""
        maps = [warp(item, field) for item, field in zip(levels.maps, flow.levels, strict=True)]
        if flow.scale is not None:
            maps = [item * flow.scale for item in maps]
        return replace(levels, maps=tuple(maps))

    def weights(self, f_imp_warped: Levels, f_k: Levels) -> tuple[Tensor, ...]:
        """w_k of eq. (2), (B, 1, h, w): the share of the new feature."""
        with computed_in(self.precision, self.device):
            scores = [(self.quality_net(old), self.quality_net(new))
                      for old, new in zip(f_imp_warped.maps, f_k.maps, strict=True)]
        return tuple(softmax_weight(old.float(), new.float()) for old, new in scores)

    @property
    def spare_thread(self) -> Executor | None:
        """Give none where flow is a network too, which needs all of them."""
        return None

    def run_with(self, precision: torch.dtype, runtime: str) -> None:
        """Choose the precision of the convolutions."""
        super().run_with(torch.float32, runtime)
        self.precision = precision

    def detect(self, levels: Levels, detection: DetectionConfig) -> list[Boxes]:
        """
        N_task for a batch.

        Parameters
        ----------
        levels : Levels
            One level (B, C, h, w), of `features` or `propagate`.
        detection : DetectionConfig
            Thresholds.

        Returns
        -------
        list of (boxes, scores, labels)
            A picture: (N, 4) in pixels of the original image, (N,), int64 (N,).

        """
        sides = self.config.short_side, self.config.long_side
        factor = resize_factor(levels.image_size, *sides)
        with computed_in(self.precision, self.device):
            maps = self.head(levels.maps[0])
        found = self.head.detect(maps, input_size(levels.image_size, *sides), detection)
        return [(boxes / factor, scores, labels) for boxes, scores, labels in found]

    def task(self, levels: Levels, flow: Flow | None, detection: DetectionConfig) -> Boxes:
        """N_task of one picture."""
        if levels.maps[0].shape[0] != 1:
            raise ValueError(f'levels: expected one picture, got {levels.maps[0].shape[0]}; '
                             'detect() takes several')
        if flow is not None:
            levels = self.propagate(levels, flow)
        return self.detect(levels, detection)[0]

    def forward_triplet(self, old: PaperPicture, current: PaperPicture, new: PaperPicture,
                        still: Tensor | None = None) -> Levels:
        """
        Make the task feature of `current` from two key frames, as in training (figure 3).

        The same functions as in the engine, which after two key frames and one more frame has the
        same feature.

        Parameters
        ----------
        old, current, new : PaperPicture
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
        maps = f_current.maps
        if still is not None:
            bypass = still.view(-1, 1, 1, 1)
            maps = tuple(torch.where(bypass, fresh, moved) for fresh, moved
                         in zip(f_new.maps, maps, strict=True))
        return Levels(maps, current.image_size)

    def parts(self) -> dict[str, nn.Module]:
        """Name the parts that tables list; every parameter belongs to exactly one."""
        parts: dict[str, nn.Module | None] = {
            'trunk': self.backbone.trunk, 'feat_conv': self.backbone.feat_conv,
            'flow_net': self.flow_net, 'scale_map': self.scale_map,
            'quality_net': self.quality_net, 'embedding_net': self.embedding_net,
            'rpn': self.head.rpn, 'rfcn_cls': self.head.rfcn.cls,
            'rfcn_bbox': self.head.rfcn.bbox}
        return {name: part for name, part in parts.items() if part is not None}

    def static_parts(self) -> dict[str, StaticPart]:
        """N_feat, the convolutions of RPN and R-FCN, N_q and a learned F."""
        feature = torch.zeros(1, self.config.channels, 20, 26)
        parts = {
            'features': StaticPart(self.backbone, torch.zeros(1, 3, 320, 416), 16, ('feature',)),
            'task': StaticPart(self.head, feature, 1,
                               ('rpn_scores', 'rpn_deltas', 'score_maps', 'box_maps')),
            'quality': StaticPart(self.quality_net, feature, 1, ('score',))}
        if self.flow_net is not None:
            parts['flow'] = StaticPart(self.flow_net, torch.zeros(1, 6, 192, 256), 64,
                                       ('flow', 'flow_feature'))
        return parts
