# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""F and S against a second implementation with the same weights, and their sizes."""
from impnet_ros.model.paper.flownet import FlowNetS, halve, ScaleMap
import numpy as np
import pytest
import torch
from torch.nn import functional


def reference(weights: dict[str, torch.Tensor], pair: torch.Tensor) -> torch.Tensor:
    """
    FlowNet-S written down layer by layer as in MSRA's symbol: deconvolutions without padding.

    Each is cropped by one row and one column and to the size of the feature it is joined with.
    """
    def conv(x: torch.Tensor, name: str, stride: int = 1, active: bool = True) -> torch.Tensor:
        weight = weights[f'{name}.weight']
        x = functional.conv2d(x, weight, weights[f'{name}.bias'], stride, weight.shape[-1] // 2)
        return torch.where(x > 0, x, 0.1 * x) if active else x

    def deconv(x: torch.Tensor, name: str, like: torch.Tensor) -> torch.Tensor:
        x = functional.conv_transpose2d(x, weights[f'{name}.weight'], weights[f'{name}.bias'], 2)
        return x[:, :, 1:1 + like.shape[2], 1:1 + like.shape[3]]

    conv1 = conv(pair, 'conv1', 2)
    conv2 = conv(conv1, 'conv2', 2)
    conv3 = conv(conv(conv2, 'conv3', 2), 'conv3_1')
    conv4 = conv(conv(conv3, 'conv4', 2), 'conv4_1')
    conv5 = conv(conv(conv4, 'conv5', 2), 'conv5_1')
    x = conv(conv(conv5, 'conv6', 2), 'conv6_1')
    for level, skip in ((5, conv5), (4, conv4), (3, conv3), (2, conv2)):
        flow = conv(x, f'predict_flow{level + 1}', active=False)
        up = deconv(x, f'deconv{level}', skip)
        x = torch.cat((skip, torch.where(up > 0, up, 0.1 * up),
                       deconv(flow, f'upsample_flow{level}', skip)), dim=1)
    return x


def pooled(x: np.ndarray) -> np.ndarray:
    """Mean of 2x2 blocks by a loop; incomplete blocks are averaged over what they hold."""
    height, width = x.shape
    return np.array([[x[row:row + 2, column:column + 2].mean() for column in range(0, width, 2)]
                     for row in range(0, height, 2)])


@pytest.mark.parametrize('size', [(64, 64), (75, 125), (150, 97)])
def test_against_the_reference(size: tuple[int, int]) -> None:
    torch.manual_seed(1)
    net = FlowNetS(8).eval()
    for name, parameter in net.named_parameters():
        if name.endswith('bias'):
            torch.nn.init.normal_(parameter, std=.1)
    pair = torch.randn(1, 6, *size)
    with torch.inference_mode():
        flow, features = net(pair)
        weights = dict(net.state_dict())
        concat = reference(weights, pair)
        expected = torch.from_numpy(np.stack([pooled(x) for x in concat[0].numpy()]))[None]
        torch.testing.assert_close(features, expected, rtol=0, atol=1e-4)
        expected_flow = 2.5 * functional.conv2d(expected, weights['predict_flow2.weight'],
                                                weights['predict_flow2.bias'], padding=1)
        torch.testing.assert_close(flow, expected_flow, rtol=0, atol=1e-4)


def test_halve_averages_what_is_there() -> None:
    x = torch.arange(15.).view(1, 1, 3, 5)
    torch.testing.assert_close(halve(x)[0, 0], torch.from_numpy(pooled(x[0, 0].numpy())))


def test_parameters() -> None:
    with torch.device('meta'):
        net = FlowNetS()
        scale = ScaleMap(net.feature_channels, 1024)
    assert net.feature_channels == 194
    assert sum(p.numel() for p in net.parameters()) == 38_676_514
    assert sum(p.numel() for p in scale.parameters()) == 198_656
    assert scale.bias.numel() == 1024 and not scale.bias.requires_grad


@pytest.mark.parametrize('height, width, rows, columns', [
    (600, 1000, 38, 63), (562, 1000, 36, 63), (337, 600, 22, 38)])
def test_flow_has_the_size_of_the_feature(height: int, width: int, rows: int,
                                          columns: int) -> None:
    with torch.device('meta'):
        net = FlowNetS()
    flow, features = net(halve(torch.empty(1, 6, height, width, device='meta')))
    assert flow.shape == (1, 2, rows, columns)
    assert features.shape == (1, 194, rows, columns)


def test_scale_map_starts_at_one() -> None:
    scale = ScaleMap(26, 16)
    assert scale(torch.randn(1, 26, 5, 7)).eq(1).all()
