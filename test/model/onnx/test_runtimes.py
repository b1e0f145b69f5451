# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Other runtimes give what torch gives: 1e-4 for outputs of about 10, as measured 1e-5."""
import sys

from impnet_ros import load_network
from impnet_ros.cli import main
from impnet_ros.model.nanodet.detector import NanoDet
from impnet_ros.model.nanodet.graph import nanodet_onnx
from impnet_ros.model.nanodet.ncnn_graph import nanodet_ncnn
from impnet_ros.model.onnx import runtimes
from impnet_ros.model.onnx.runtimes import choose, open_runtime
import numpy as np
import pytest
import small_detectors as small
import torch

TOLERANCE = 1e-4
CPU = torch.device('cpu')


def needs(*packages):
    for package in packages:
        pytest.importorskip(package)


def image(seed=0, height=240, width=320):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def nanodet():
    torch.manual_seed(0)
    return NanoDet().eval()


@pytest.mark.parametrize('runtime', ['cpu', 'ncnn', 'openvino'])
def test_same_outputs_at_several_sizes(runtime):
    """The graph that is written by hand is the module, for every size and batch."""
    needs(*({'ncnn', 'openvino'} & {runtime}))
    module = nanodet()
    run = (nanodet_ncnn(module) if runtime == 'ncnn'
           else open_runtime(nanodet_onnx(module), runtime))
    with torch.inference_mode():
        for shape in ((1, 3, 64, 64), (1, 3, 32, 96), (2, 3, 64, 32), (1, 3, 64, 64)):
            x = torch.randn(shape).contiguous(memory_format=torch.channels_last)
            first, again = run([x]), run([-x])
            for got, expected in zip((*first, *again), (*module(x), *module(-x)), strict=True):
                torch.testing.assert_close(got, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize('runtime', ['auto', 'cpu', 'ncnn', 'openvino'])
def test_nanodet_sees_the_same(runtime):
    needs(*({'ncnn', 'openvino'} & {runtime}))
    reference = load_network('nanodet_g', 'cpu', runtime='torch')
    network = load_network('nanodet_g', 'cpu', runtime=runtime)
    assert reference.runtime == 'torch'
    assert network.runtime in (('cpu', 'openvino', 'torch') if runtime == 'auto'
                               else (runtime,))
    with torch.inference_mode():
        for size in ((240, 320), (272, 640)):
            maps = network.features(network.prepare(image(1, *size))).maps
            expected = reference.features(reference.prepare(image(1, *size))).maps
            for got, one in zip(maps, expected, strict=True):
                torch.testing.assert_close(got, one, rtol=0, atol=TOLERANCE)


def test_no_exporter_is_needed(monkeypatch):
    """A robot has neither onnxscript nor torch's exporter at hand."""
    def refuse(*args, **more):
        raise AssertionError('the exporter was called')
    monkeypatch.setattr(torch.onnx, 'export', refuse)
    assert load_network('nanodet_g', 'cpu', runtime='cpu').runtime == 'cpu'


def test_auto_takes_the_fastest_and_leaves_out_what_is_wrong(monkeypatch):
    """Three made-up runtimes: one is slow, one gives other numbers, one fails."""
    def run(wait, value):
        def call(inputs):
            for _ in range(wait):
                torch.rand(1000).sort()
            return [inputs[0] * value]
        return call

    made = {'cpu': run(300, 2.0), 'openvino': run(1, 2.0), 'cuda': run(0, 2.1)}

    def opened(model, name, trusted=True):
        if name == 'tensorrt':
            raise ValueError('no such library')
        return made[name]

    monkeypatch.setattr(runtimes, 'open_runtime', opened)
    monkeypatch.setattr(runtimes, 'installed', lambda device: ('cpu', 'openvino', 'cuda',
                                                               'tensorrt'))
    _, name, told = choose(b'', 'auto', [torch.ones(3)], CPU)
    assert name == 'openvino'
    assert 'cuda does not work: its outputs differ by 5.0e-02' in told
    assert 'tensorrt does not work: no such library' in told
    _, name, _ = choose(b'', 'auto', [torch.ones(3)], CPU, rival=run(0, 2.0))
    assert name in ('openvino', 'torch')


def test_asking_for_ncnn_where_it_is_missing_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, 'ncnn', None)
    with pytest.raises(ValueError, match='ncnn is not installed: pip install ncnn'):
        load_network('nanodet_g', 'cpu', runtime='ncnn')


def test_unknown_and_missing_runtimes_are_told():
    model = small.yolov8().SerializeToString()
    with pytest.raises(ValueError, match="expected one of cpu, cuda, tensorrt, openvino, got 'x'"):
        open_runtime(model, 'x')
    with pytest.raises(ValueError, match="'tensorrt' needs an ONNX Runtime with Tensorrt"):
        open_runtime(model, 'tensorrt')
    with pytest.raises(ValueError, match='ONNX Runtime .* refuses the graph'):
        open_runtime(b'nonsense', 'cpu')


def test_other_networks_have_torch_only():
    with pytest.raises(ValueError, match="expected 'auto' or 'torch' for model 'tiny', got "
                                         "'openvino'"):
        load_network('tiny', 'cpu', runtime='openvino')
    assert load_network('tiny', 'cpu', runtime='auto').name == 'tiny'


@pytest.mark.slow
def test_export_of_the_papers_network(tmp_path, capsys):
    needs('onnxscript')
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
