# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Other runtimes give what torch gives: 1e-4 for outputs of about 10, as measured 6e-6."""
from impnet_ros import load_network
from impnet_ros.cli import main
from impnet_ros.model.nanodet.detector import Pan, Stage
from impnet_ros.model.onnx.runtimes import choose_runtime, required
import numpy as np
import pytest
import torch

TOLERANCE = 1e-4


class Small(torch.nn.Module):
    """A stage and what NanoDet's neck does with three of them; inputs are multiples of 8."""

    def __init__(self):
        super().__init__()
        self.stages = torch.nn.ModuleList([Stage(3, 4, 2, 1), Stage(8, 4, 2, 1),
                                           Stage(8, 4, 2, 1)])
        self.pan = Pan((8, 8, 8), 4)

    def forward(self, x):
        levels = []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        return self.pan(tuple(levels))


def needs(*packages):
    for package in packages:
        pytest.importorskip(package)


def image(seed=0, height=240, width=320):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize('runtime', ['torch', 'onnxruntime', 'openvino'])
def test_same_outputs_at_several_sizes(runtime):
    if runtime != 'torch':
        needs(runtime)
    if runtime == 'onnxruntime':
        needs('onnx', 'onnxscript')
    torch.manual_seed(0)
    module = Small().eval()
    run = choose_runtime(module, runtime, torch.zeros(1, 3, 32, 32), 8)
    with torch.inference_mode():
        for height, width in ((32, 32), (16, 48), (64, 24), (32, 32)):
            x = torch.randn(1, 3, height, width).contiguous(memory_format=torch.channels_last)
            first, again = run(x), run(-x)
            for got, expected in zip((*first, *again), (*module(x), *module(-x)), strict=True):
                torch.testing.assert_close(got, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize('runtime', ['onnxruntime', 'openvino'])
def test_nanodet_sees_the_same(runtime):
    needs(runtime, *(('onnx', 'onnxscript') if runtime == 'onnxruntime' else ()))
    reference = load_network('nanodet_g', 'cpu')
    network = load_network('nanodet_g', 'cpu', runtime=runtime)
    assert network.parts().keys() == reference.parts().keys()
    with torch.inference_mode():
        for size in ((240, 320), (272, 640)):
            found, known = (each.features(each.prepare(image(1, *size)))
                            for each in (network, reference))
            for got, expected in zip(found.maps, known.maps, strict=True):
                torch.testing.assert_close(got, expected, rtol=0, atol=TOLERANCE)


def test_unknown_runtime_is_told():
    with pytest.raises(ValueError, match="expected one of torch, onnxruntime, openvino, got 'x'"):
        load_network('nanodet_g', 'cpu', runtime='x')


def test_other_networks_have_torch_only():
    with pytest.raises(ValueError, match="expected 'torch' for model 'tiny', got 'openvino'"):
        load_network('tiny', 'cpu', runtime='openvino')


def test_missing_package_is_told():
    with pytest.raises(ValueError, match=r'not_a_package is not installed: pip install '
                                         r"'impnet_ros\[runtimes\]'"):
        required('not_a_package')


def test_other_runtimes_are_for_the_cpu():
    with pytest.raises(ValueError, match="'openvino' is for the CPU, got device meta"):
        choose_runtime(Small(), 'openvino', torch.zeros(1, 3, 32, 32, device='meta'), 8)


@pytest.mark.slow
def test_export_of_the_papers_network(tmp_path, capsys):
    needs('onnx', 'onnxscript', 'onnxruntime')
    assert main(['export', '--model', 'tiny', '--output', str(tmp_path)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f'tiny.{part}.onnx' for part in ('features', 'flow', 'quality', 'task')]
    for line in said:
        assert float(line.split('differs from torch by ')[1].split()[0]) < TOLERANCE


def test_export_of_an_unknown_part_is_told(tmp_path, capsys):
    arguments = ['--model', 'nanodet_g', '--output', str(tmp_path), '--parts', 'flow']
    assert main(['export', *arguments]) == 2
    assert 'expected some of features, got flow' in capsys.readouterr().err
