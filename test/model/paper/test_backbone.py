# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""N_feat: sizes, strides, dilations and the two stride styles."""
from impnet_ros.model.paper.backbone import Backbone, Trunk
import pytest
import torch
from torch import nn
from torchvision.models import resnet101


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.fixture(scope='module')
def r101() -> Backbone:
    with torch.device('meta'):
        return Backbone(Trunk(64, (3, 4, 23, 3), 'msra'), 1024)


def test_parameters(r101: Backbone) -> None:
    assert count(r101.trunk) == 42_500_160
    assert count(r101.feat_conv) == 18_875_392


@pytest.mark.parametrize('height, width, rows, columns', [
    (600, 1000, 38, 63), (562, 1000, 36, 63), (337, 600, 22, 38), (17, 33, 2, 3)])
def test_stride_16_rounded_up(r101: Backbone, height: int, width: int, rows: int,
                              columns: int) -> None:
    assert r101(torch.empty(1, 3, height, width, device='meta')).shape == (1, 1024, rows, columns)


@pytest.mark.parametrize('style', ['msra', 'torchvision'])
def test_strides_and_dilations(style: str) -> None:
    with torch.device('meta'):
        trunk = Trunk(64, (3, 4, 23, 3), style)
    for stage, stride in ((trunk.layer1, 1), (trunk.layer2, 2), (trunk.layer3, 2),
                          (trunk.layer4, 1)):
        dilation = 2 if stage is trunk.layer4 else 1
        for index, block in enumerate(stage):
            step = stride if index == 0 else 1
            strides = ((step, 1) if style == 'msra' else (1, step))
            assert (block.conv1.stride[0], block.conv2.stride[0]) == strides
            assert block.conv3.stride == (1, 1)
            assert block.conv2.dilation == block.conv2.padding == (dilation, dilation)


def test_torchvision_style_is_torchvisions_network() -> None:
    """With the last stage's first 3x3 dilated too, its known trap put right."""
    with torch.device('meta'):
        theirs = resnet101(replace_stride_with_dilation=[False, False, True])
        trunk = Trunk(64, (3, 4, 23, 3), 'torchvision')
    names = {name: value.shape for name, value in theirs.state_dict().items()
             if not name.startswith('fc.')}
    assert {name: value.shape for name, value in trunk.state_dict().items()} == names
    assert theirs.layer4[0].conv2.dilation == (1, 1)  # the trap


def test_equal_to_torchvisions_layers() -> None:
    torch.manual_seed(0)
    theirs = resnet101(replace_stride_with_dilation=[False, False, True]).eval()
    theirs.layer4[0].conv2.dilation = theirs.layer4[0].conv2.padding = (2, 2)
    trunk = Trunk(64, (3, 4, 23, 3), 'torchvision').eval()
    trunk.load_state_dict(theirs.state_dict(), strict=False)
    pixels = torch.randn(1, 3, 41, 50)
    x = theirs.maxpool(theirs.relu(theirs.bn1(theirs.conv1(pixels))))
    with torch.inference_mode():
        expected = theirs.layer4(theirs.layer3(theirs.layer2(theirs.layer1(x))))
        torch.testing.assert_close(trunk(pixels), expected)


def test_frozen_parts() -> None:
    backbone = Backbone(Trunk(8, (1, 1, 1, 1), 'msra'), 16)
    backbone.freeze(2)
    frozen = {name for name, value in backbone.named_parameters() if not value.requires_grad}
    expected = {name for name, _ in backbone.named_parameters()
                if 'bn' in name or 'downsample.1' in name
                or name.startswith(('trunk.conv1', 'trunk.layer1'))}
    assert frozen == expected


@pytest.mark.parametrize('blocks', [(1, 1, 1, 1), (3, 4, 23, 3)])
def test_untrained_signal_keeps_its_size(blocks: tuple[int, int, int, int]) -> None:
    torch.manual_seed(0)
    with torch.inference_mode():
        out = Trunk(8, blocks, 'msra').eval()(torch.randn(1, 3, 64, 64))
    assert 0.05 < out.std() < 20
