# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Import of torchvision's ResNet-101, and what is refused of PyTorch files."""
import os
from pathlib import Path
import pickle

from impnet_ros.importers import tensors
from impnet_ros.importers.tensors import read_state_dict
from impnet_ros.importers.torchvision_resnet import import_resnet101
from impnet_ros.model.network import load_network
from impnet_ros.model.paper.backbone import Trunk
from impnet_ros.model.paper.presets import impression_r101
import pytest
import safetensors.torch
import torch


class Malicious:
    """Would create a file when unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.target),)


def test_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A narrow ResNet-101; that ours has torchvision's names and shapes, test_backbone shows."""
    monkeypatch.setattr(tensors, 'impression_r101', lambda **changes: impression_r101(**{
        'width': 4, 'channels': 16, 'flow_width': 2, **changes}))
    torch.manual_seed(1)
    theirs = Trunk(4, (3, 4, 23, 3), 'torchvision').state_dict()
    theirs |= {'fc.weight': torch.ones(10, 128), 'fc.bias': torch.ones(10)}
    path, output = tmp_path / 'resnet101.pth', tmp_path / 'out.safetensors'
    torch.save(theirs, path)
    report = import_resnet101(path, output)
    counters = [name for name in theirs if name.endswith('num_batches_tracked')]
    assert len(report.loaded) == len(theirs) - 2 - len(counters)
    assert set(report.refused) == {
        *(f'fc.{kind}: the classifier, detection has its own' for kind in ('weight', 'bias')),
        *(f'{name}: a counter of training steps' for name in counters)}
    assert all(not name.startswith('backbone.trunk') for name in report.new)
    printed = str(report)
    assert f'loaded: {len(report.loaded)}' in printed and 'fc.weight' in printed
    assert f'... and {len(counters) - 8} more' in printed
    network = load_network(str(output), 'cpu')
    assert network.config.stride_style == 'torchvision'
    assert network.config.pixel_mean == (123.675, 116.28, 103.53)
    own = network.backbone.trunk.state_dict()
    for name, value in theirs.items():
        if name in own and name not in counters:
            assert own[name].equal(value), name
    assert network.backbone.trunk.layer3[0].conv2.stride == (2, 2)


def small_file(folder: Path, content: object) -> Path:
    path = folder / 'x.pth'
    torch.save(content, path)
    return path


def test_code_in_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    target = tmp_path / 'made by the pickle'
    for path, write in ((tmp_path / 'zip.pth', torch.save), (tmp_path / 'plain.pth', None)):
        content = {'state_dict': {'a': torch.ones(1)}, 'code': Malicious(target)}
        if write:
            write(content, path)
        else:
            path.write_bytes(pickle.dumps(content, protocol=2))
        with pytest.raises(ValueError, match=rf'{path.name}: refused, nothing in it was run'):
            import_resnet101(path, tmp_path / 'out.safetensors')
    assert not target.exists() and not (tmp_path / 'out.safetensors').exists()


def test_truncated(tmp_path: Path) -> None:
    path = small_file(tmp_path, {'a': torch.ones(100)})
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ValueError, match='x.pth: cannot be read'):
        import_resnet101(path, tmp_path / 'out.safetensors')
    path = tmp_path / 'x.safetensors'
    safetensors.torch.save_file({'a': torch.ones(100)}, path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match='x.safetensors: cannot be read'):
        import_resnet101(path, tmp_path / 'out.safetensors')


@pytest.mark.parametrize('content', [{}, [1, 2], {'a': 1}, {'state_dict': {'a': 'b'}}])
def test_no_tensors(tmp_path: Path, content: object) -> None:
    with pytest.raises(ValueError, match='expected a state dict'):
        read_state_dict(small_file(tmp_path, content))


def test_state_dict_may_be_wrapped(tmp_path: Path) -> None:
    path = small_file(tmp_path, {'state_dict': {'a': torch.ones(2)}, 'meta': {'epoch': 3}})
    assert list(read_state_dict(path)) == ['a']


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='no such file'):
        read_state_dict(tmp_path / 'none.pth')


def test_another_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensors, 'impression_r101', lambda **changes: impression_r101(
        width=4, channels=16, flow_width=2, **changes))
    path = small_file(tmp_path, {'features.0.weight': torch.ones(2)})
    with pytest.raises(ValueError, match='the file has features.0.weight'):
        import_resnet101(path, tmp_path / 'out.safetensors')
