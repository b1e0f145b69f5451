# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Import of FlowNet-S in mmtracking's naming, against a forward pass in that naming."""
from pathlib import Path

from impnet_ros.importers import tensors
from impnet_ros.importers.flownet_s import import_flownet_s
from impnet_ros.model.network import load_network
from impnet_ros.model.paper.checkpoint import save_checkpoint
from impnet_ros.model.paper.presets import impression_r101, tiny
import pytest
import torch
from torch.nn import functional

WIDTH = 4


def mmtracking_weights() -> dict[str, torch.Tensor]:
    """Random FlowNetSimple with the names and shapes of open-mmlab/mmtracking."""
    torch.manual_seed(0)
    found = {}
    widths = [6, WIDTH, 2 * WIDTH, 4 * WIDTH, 8 * WIDTH, 8 * WIDTH, 16 * WIDTH]
    for number, (size, convs) in enumerate(zip((7, 5, 5, 3, 3, 3), (1, 1, 2, 2, 2, 2)), start=1):
        for index in range(convs):
            side = size if index == 0 else 3
            inputs = widths[number - 1] if index == 0 else widths[number]
            name = f'conv{number}.{index}.conv'
            found[f'{name}.weight'] = torch.randn(widths[number], inputs, side, side) * .1
            found[f'{name}.bias'] = torch.randn(widths[number]) * .1
    inputs = 16 * WIDTH
    for level, skip, outputs in ((5, 8, 8), (4, 8, 4), (3, 4, 2), (2, 2, 1)):
        found[f'predict_flow{level + 1}.conv.weight'] = torch.randn(2, inputs, 3, 3) * .1
        found[f'upsample_flow{level}.conv.weight'] = torch.randn(2, 2, 4, 4) * .1
        found[f'deconv{level}.conv.weight'] = torch.randn(inputs, outputs * WIDTH, 4, 4) * .1
        inputs = (skip + outputs) * WIDTH + 2
    found['predict_flow.conv.weight'] = torch.randn(2, inputs, 3, 3) * .1
    return found


def mmtracking_features(found: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Run FlowNetSimple up to its last concatenation, deconvolutions padded by one."""
    outs = {}
    for number in range(1, 7):
        for index in range(2):
            weight = found.get(f'conv{number}.{index}.conv.weight')
            if weight is not None:
                x = functional.conv2d(x, weight, found[f'conv{number}.{index}.conv.bias'],
                                      stride=2 - index, padding=(weight.shape[-1] - 1) // 2)
                x = functional.leaky_relu(x, .1)
        outs[number] = x
    for level in (5, 4, 3, 2):
        height, width = outs[level].shape[2:]
        flow = functional.conv2d(x, found[f'predict_flow{level + 1}.conv.weight'], padding=1)
        flow = functional.conv_transpose2d(flow, found[f'upsample_flow{level}.conv.weight'],
                                           stride=2, padding=1)
        up = functional.leaky_relu(functional.conv_transpose2d(
            x, found[f'deconv{level}.conv.weight'], stride=2, padding=1), .1)
        x = torch.cat((outs[level], up[:, :, :height, :width], flow[:, :, :height, :width]), 1)
    return x


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensors, 'impression_r101', lambda **changes: impression_r101(**{
        'width': 2, 'blocks': (1, 1, 1, 1), 'channels': 16, 'flow_width': WIDTH, **changes}))


@pytest.mark.parametrize('prefix', ['', 'motion.'])
def test_import(tmp_path: Path, prefix: str) -> None:
    found = mmtracking_weights()
    content = {prefix + name: value for name, value in found.items()}
    if prefix:
        content['detector.backbone.conv1.weight'] = torch.ones(1)
        content = {'state_dict': content, 'meta': {'epoch': 12}}
    path, output = tmp_path / 'flow.pth', tmp_path / 'out.safetensors'
    torch.save(content, path)
    report = import_flownet_s(path, output)
    assert len(report.loaded) == len(found)
    assert report.refused == (('detector.backbone.conv1.weight: not a part of the flow network',)
                              if prefix else ())
    biases = {name for name in report.new if name.startswith('flow_net.')}
    assert len(biases) == 4 + 5 + 4 and all(name.endswith('bias') for name in biases)

    network = load_network(str(output), 'cpu')
    pair = torch.randn(1, 6, 70, 90)
    with torch.inference_mode():
        flow, features = network.flow_net(pair)
        expected = mmtracking_features(found, pair)
        torch.testing.assert_close(features, functional.avg_pool2d(expected, 2, ceil_mode=True),
                                   rtol=0, atol=1e-4)
        # Theirs: pixels / 20 of the half picture at stride 4, brought to stride 8 by pooling.
        theirs = functional.conv2d(features, found['predict_flow.conv.weight'], padding=1) * 20
        torch.testing.assert_close(flow * 8, theirs, rtol=0, atol=1e-4)
    assert network.config.flow_mean == (0.411 * 255, 0.432 * 255, 0.450 * 255)


def test_into_a_base(tmp_path: Path) -> None:
    """The rest of a checkpoint is kept: ResNet from one file, FlowNet-S from another."""
    torch.manual_seed(3)
    base = tiny(flow_width=WIDTH)
    torch.nn.init.ones_(base.flow_net.deconv3.bias)
    save_checkpoint(tmp_path / 'base.safetensors', base, {'source': 'base'})
    torch.save(mmtracking_weights(), tmp_path / 'flow.pth')
    import_flownet_s(tmp_path / 'flow.pth', tmp_path / 'out.safetensors',
                     tmp_path / 'base.safetensors')
    network = load_network(str(tmp_path / 'out.safetensors'), 'cpu')
    assert network.name == 'tiny'
    assert network.backbone.trunk.conv1.weight.equal(base.backbone.trunk.conv1.weight)
    assert network.flow_net.conv3_1.weight.equal(mmtracking_weights()['conv3.1.conv.weight'])
    assert network.flow_net.deconv3.bias.eq(0).all()


def test_missing_tensor(tmp_path: Path) -> None:
    found = mmtracking_weights()
    del found['conv4.1.conv.weight']
    torch.save(found, tmp_path / 'flow.pth')
    with pytest.raises(ValueError, match=r'missing 1 of \d+ tensors: conv4.1.conv.weight'):
        import_flownet_s(tmp_path / 'flow.pth', tmp_path / 'out.safetensors')


def test_wrong_width(tmp_path: Path) -> None:
    found = mmtracking_weights()
    found['conv1.0.conv.weight'] = torch.ones(5, 6, 7, 7)
    torch.save(found, tmp_path / 'flow.pth')
    with pytest.raises(ValueError, match=r'conv1.0.conv.weight: expected \(4, 6, 7, 7\)'):
        import_flownet_s(tmp_path / 'flow.pth', tmp_path / 'out.safetensors')
