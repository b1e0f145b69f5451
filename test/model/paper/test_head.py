# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""N_task: score maps, votes, and what becomes of them."""
from impnet_ros.config import DetectionConfig
from impnet_ros.model.impression import softmax_weight
from impnet_ros.model.paper.embedding import EmbeddingNet
from impnet_ros.model.paper.head import select_detections, with_picture
from impnet_ros.model.paper.ps_roi_pool import ps_roi_pool, to_bin_major
from impnet_ros.model.paper.quality import QualityNet
from impnet_ros.model.paper.rfcn import PositionSensitive, RFCN
import pytest
import torch
from torch.nn import functional
from torchvision.ops import ps_roi_align


def test_maps_are_those_of_a_plain_convolution() -> None:
    torch.manual_seed(0)
    layer = PositionSensitive(6, 3)
    torch.nn.init.normal_(layer.bias)
    feature = torch.randn(2, 6, 4, 5)
    plain = functional.conv2d(feature, layer.weight, layer.bias)
    torch.testing.assert_close(layer(feature), to_bin_major(plain, 49))


@pytest.mark.parametrize('pooling', ['ps_roi_pool', 'ps_roi_align'])
def test_votes_are_means_of_the_bins(pooling: str) -> None:
    torch.manual_seed(0)
    rfcn = RFCN(6, 4, pooling)
    feature = torch.randn(2, 6, 12, 15)
    rois = torch.tensor([[0., 10, 20, 90, 140], [1, 0, 0, 239, 191], [1, 100, 50, 107, 60]])
    pool = ps_roi_pool if pooling == 'ps_roi_pool' else ps_roi_align
    votes = rfcn.vote(*rfcn(feature), rois)
    for found, layer in zip(votes, (rfcn.cls, rfcn.bbox), strict=True):
        plain = functional.conv2d(feature, layer.weight, layer.bias)
        expected = pool(plain, rois, 7, 1 / 16).mean(dim=(2, 3))
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_detections_by_hand() -> None:
    """Two proposals of one object, one of another class, one of the background."""
    rois = torch.tensor([[0., 0, 99, 99], [2, 0, 101, 99], [200, 200, 299, 299], [0, 0, 9, 9]])
    scores = torch.tensor([[0., 8, 0], [0, 7, 0], [0, 0, 9], [20, 0, 0]])
    deltas = torch.full((4, 8), 100.0)  # the first four, of the background, are not looked at
    deltas[:, 4:] = 0
    deltas[2, 4] = 1.0  # times .1, a tenth of the width to the right
    boxes, found, labels = select_detections(rois, scores, deltas, (280, 300), (.1, .1, .2, .2),
                                             DetectionConfig(1e-3, 0.3, 10))
    assert labels.tolist() == [1, 0]
    assert boxes.tolist() == [[210, 200, 299, 279], [0, 0, 99, 99]]  # clipped to the picture
    torch.testing.assert_close(found, torch.stack((scores[2].softmax(0)[2],
                                                   scores[0].softmax(0)[1])))


def test_at_most_as_many_as_asked_for() -> None:
    rois = torch.arange(40.)[:, None] * 20 + torch.tensor([0., 0, 9, 9])
    scores = torch.zeros(40, 3)
    scores[:, 1] = torch.linspace(0, 4, 40)
    result = select_detections(rois, scores, torch.zeros(40, 8), (900, 900), (1., 1, 1, 1),
                               DetectionConfig(0.0, 0.3, 5))
    assert len(result[1]) == 5 and result[1][0] == scores[-1].softmax(0)[1]


def test_rois_know_their_picture() -> None:
    rois = with_picture([torch.ones(2, 4), torch.zeros(0, 4), torch.full((1, 4), 5.0)])
    assert rois.tolist() == [[0, 1, 1, 1, 1], [0, 1, 1, 1, 1], [2, 5, 5, 5, 5]]


def test_quality_net_of_the_paper() -> None:
    with torch.device('meta'):
        net = QualityNet(1024)
    shapes = [tuple(layer.weight.shape) for layer in net if isinstance(layer, torch.nn.Conv2d)]
    assert shapes == [(256, 1024, 3, 3), (16, 256, 1, 1), (1, 16, 1, 1)]
    assert sum(p.numel() for p in net.parameters()) == 2_363_681


def test_untrained_weights_are_those_of_method_c() -> None:
    torch.manual_seed(0)
    net = QualityNet(64, (32, 8))
    one, other = torch.randn(1, 64, 9, 9).relu(), torch.randn(1, 64, 9, 9).relu()
    weight = softmax_weight(net(one), net(other))
    assert (weight - 0.5).abs().max() < .01 and weight.std() > 0
    assert softmax_weight(net(one), net(one)).eq(.5).all()
    by_softmax = torch.cat((net(one), net(other)), dim=1).softmax(dim=1)[:, 1:]
    torch.testing.assert_close(weight, by_softmax)


def test_embedding_net_of_fgfa() -> None:
    with torch.device('meta'):
        net = EmbeddingNet()
        assert net(torch.empty(1, 1024, 38, 63)).shape == (1, 2048, 38, 63)
    assert sum(p.numel() for p in net.parameters()) == (
        1024 * 512 + 512 + 512 * 512 * 9 + 512 + 512 * 2048 + 2048)
