# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What a GPU is given to do, without one.

PyTorch's fake tensors have a device and a shape and no values. On a fake CUDA device an operation
whose outcome the host would have to wait for raises an error, and so does one that mixes devices.
"""
from itertools import islice

import cv2
from impnet_ros.config import DetectionConfig
from impnet_ros.model.device import upload
from impnet_ros.model.impression import absorb, aggregate
from impnet_ros.model.nanodet.network import NanoDetNetwork
from impnet_ros.model.paper import picture as paper_picture
from impnet_ros.model.paper.presets import tiny
from impnet_ros.model.sight import picture
from impnet_ros.video import open_video
import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import (DataDependentOutputException,
                                           DynamicOutputShapeException, FakeTensorMode)

CUDA = torch.device('cuda', 0)


@pytest.fixture
def shipped():
    return NanoDetNetwork.load(torch.device('cpu'))


@pytest.fixture
def random_tiny():
    return tiny()


class Reached(Exception):
    """The candidates are on their way to the host."""


def _image(seed):
    noise = np.random.default_rng(seed).integers(0, 256, (15, 20, 3), np.uint8)
    return cv2.resize(noise, (160, 120), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def fake_cuda(monkeypatch):
    """Make new tensors fake, and keep nothing that is made meanwhile."""
    monkeypatch.setattr(torch.Tensor, 'pin_memory', lambda tensor: tensor)
    # OpenCV reads pixels in the host's memory: those of a fake picture are black.
    monkeypatch.setattr(torch.Tensor, 'numpy', lambda tensor: np.zeros(tensor.shape, np.uint8))
    kept = (picture._row, paper_picture._channels)
    for function in kept:
        function.cache_clear()
    # CUDA's own kernels, as cuDNN's sampler has no fake one.
    with torch.backends.cudnn.flags(enabled=False), FakeTensorMode():
        yield
    for function in kept:
        function.cache_clear()


def on_cuda(network):
    """Give each parameter and buffer the device, and no values."""
    whole = [network] if isinstance(network, torch.nn.Module) else network.parts().values()
    for module in (item for part in whole for item in part.modules()):
        for name, tensor in module._parameters.items():
            if tensor is not None:
                module._parameters[name] = torch.nn.Parameter(
                    torch.empty(tensor.shape, device=CUDA), requires_grad=False)
        for name, tensor in module._buffers.items():
            if tensor is not None:
                module._buffers[name] = torch.empty(tensor.shape, dtype=tensor.dtype, device=CUDA)
    return network


def test_fake_tensors_tell_what_they_are_here_for(fake_cuda):
    x = torch.zeros(4, device=CUDA)
    with pytest.raises(DynamicOutputShapeException):
        (x > 0).nonzero()
    with pytest.raises(DataDependentOutputException):
        float(x.mean().detach())
    with pytest.raises(RuntimeError, match='device'):
        x + torch.zeros(4)
    assert upload(torch.zeros(4), CUDA).device == CUDA


@torch.inference_mode()
def test_nanodet_waits_once_a_frame(shipped, fake_cuda, monkeypatch):
    """From the picture to the candidates of both kinds of frames nothing asks for a value."""
    network = on_cuda(shipped)
    network.device, network.empty = CUDA, torch.empty(network.empty.shape, device=CUDA)
    first, second = (network.prepare(_image(seed)) for seed in (0, 1))
    f_imp = network.features(first)
    f_k = network.features(second)
    assert all(level.device == CUDA and level.dtype == torch.float32
               for level in (*f_k.maps, *f_k.facts))
    flow = network.flow(second, first)
    assert all(field.device.type == 'cpu' for field in flow.levels)  # DIS, kept for boxes
    carried = network.propagate(f_imp, flow)
    w_k = network.weights(carried, f_k)
    fused = absorb(f_k, aggregate(carried, f_k, w_k), 1.0)
    assert all(level.device == CUDA for level in (*carried.maps, *w_k, *fused.maps))
    assert network.mismatch(second, first, flow).device.type == 'cpu'
    on_the_way = []

    def arrive(tensor):
        on_the_way.append((tuple(tensor.shape), tensor.device))
        raise Reached

    monkeypatch.setattr(torch.Tensor, 'cpu', arrive)
    for way in (None, flow):
        with pytest.raises(Reached):
            network.task(fused, way, network.detection)
    # 416 x 416 in its own shape, three levels: 1000 candidates each.
    assert on_the_way == [((3000, 6), CUDA)] * 2


@torch.inference_mode()
def test_the_papers_network_waits_for_nothing_before_its_proposals(random_tiny, fake_cuda,
                                                                   monkeypatch):
    network = on_cuda(random_tiny)
    pictures = [network.prepare(_image(seed)) for seed in range(3)]
    assert all(item.normalised.device == item.half.device == CUDA for item in pictures)
    f_imp, f_k = (network.features(item) for item in pictures[:2])
    flow = network.flow(pictures[1], pictures[0])
    carried = network.propagate(f_imp, flow)
    w_k = network.weights(carried, f_k)
    fused = absorb(f_k, aggregate(carried, f_k, w_k), 0.5)
    flows = network.flows(pictures[:2], pictures[2])
    tensors = (*f_k.maps, *flow.levels, flow.scale, *carried.maps, *w_k, *fused.maps,
               *flows[0].levels, flows[1].scale)
    assert all(item.device == CUDA and item.dtype == torch.float32 for item in tensors)
    monkeypatch.setattr(type(network.head), 'detect', lambda *_: (_ for _ in ()).throw(Reached))
    with pytest.raises(Reached):
        network.task(fused, None, network.detection)


@torch.inference_mode()
@pytest.mark.parametrize('threshold', [0.05, 0.35, 0.9])
def test_the_task_for_a_gpu_gives_the_same(bikes, threshold):
    """Real frames: always as many candidates, and only those above the threshold."""
    network = NanoDetNetwork.load(torch.device('cpu'))
    detection = DetectionConfig(score_threshold=threshold)
    for frame in islice(open_video(bikes).frames, 118, 121):
        levels = network.features(network.prepare(frame.image))
        expected = network.task(levels, None, detection)
        network.device = torch.device('cuda')
        got = network.task(levels, None, detection)
        network.device = torch.device('cpu')
        for one, other in zip(expected, got, strict=True):
            torch.testing.assert_close(one, other, atol=1e-3, rtol=1e-5)
    assert (len(expected[1]) > 0) == (threshold < 0.9)
