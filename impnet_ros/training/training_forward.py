# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A network and its losses as one module, so that processes can share its gradients."""
from impnet_ros.model.paper.network import ImpressionNetwork
from impnet_ros.training.batches import Batch
from impnet_ros.training.losses import detection_losses
from impnet_ros.training.recipe import Variant
from impnet_ros.training.variants import task_feature, untrained_parts
from torch import nn, Tensor


class TrainingForward(nn.Module):
    """
    Turn a batch into its losses, by one of the methods.

    Parameters
    ----------
    network : ImpressionNetwork
        What the variant leaves alone is frozen here.
    variant : str
        See `task_feature`.

    """

    def __init__(self, network: ImpressionNetwork, variant: Variant) -> None:
        super().__init__()
        self.network = network
        self.variant = variant
        self._untrained = untrained_parts(network, variant)
        for part in self._untrained:
            part.requires_grad_(False)

    def train(self, mode: bool = True) -> 'TrainingForward':
        """Switch to training; what is left alone stays as it is used."""
        super().train(mode)
        for part in self._untrained:
            part.eval()
        return self

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Give the losses 'rpn_class', 'rpn_box', 'class' and 'box', means over the batch."""
        feature = task_feature(self.network, batch, self.variant)
        size = batch.current.shape[2], batch.current.shape[3]
        maps = self.network.head(feature)
        return detection_losses(self.network.head, maps, size, batch.boxes, batch.labels)
