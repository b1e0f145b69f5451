# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""NanoDet-g as a network of the stream: its methods, and real objects in a real clip."""
from pathlib import Path

import cv2
from impnet_ros.config import DetectionConfig, StreamConfig
from impnet_ros.model.levels import Flow, Levels
from impnet_ros.model.nanodet.detector import CHANNELS, STRIDES
from impnet_ros.model.nanodet.network import NanoDetNetwork
from impnet_ros.model.sight.pair_quality import FACTS
from impnet_ros.model.sight.warp import warp
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.types import Frame
import numpy as np
import pytest
import torch
from torch.nn import functional


@pytest.fixture(scope='module')
def network() -> NanoDetNetwork:
    """Give the network as it is shipped."""
    return NanoDetNetwork.load(torch.device('cpu'))


def _image(height: int = 120, width: int = 160, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


def test_prepare_once(network: NanoDetNetwork) -> None:
    """A picture is prepared once, owns its memory, and is the same from array and tensor."""
    image = _image()
    picture = network.prepare(image)
    assert picture.image_size == (120, 160)
    kept, grey = picture.pixels.clone(), picture.grey.copy()
    same = network.prepare(torch.from_numpy(image.copy()))
    image[:] = 0
    assert torch.equal(picture.pixels, kept) and torch.equal(same.pixels, kept)
    np.testing.assert_array_equal(same.grey, grey)
    assert picture.grey is picture.grey  # made once
    with pytest.raises(ValueError, match='uint8'):
        network.prepare(image.astype(np.float32))


@torch.inference_mode()
def test_shapes(network: NanoDetNetwork) -> None:
    """Levels, flow and weights fit each other at strides 8, 16 and 32."""
    first, second = (network.prepare(_image(seed=seed)) for seed in (0, 1))
    levels = network.features(first)
    assert isinstance(levels, Levels) and levels.image_size == (120, 160)
    flow = network.flow(second, first)
    carried = network.propagate(levels, flow)
    weights = network.weights(carried, network.features(second))
    height, width = first.size
    for level, facts, field, moved, w, stride in zip(
            levels.maps, levels.facts, flow.levels, carried.maps, weights, STRIDES, strict=True):
        assert level.shape == (1, CHANNELS, height // stride, width // stride)
        assert facts.shape == (1, FACTS, *level.shape[2:])
        assert moved.shape == level.shape
        assert field.shape == (1, 2, *level.shape[2:])
        assert w.shape == (1, 1, *level.shape[2:])
        assert 0 <= float(w.min()) and float(w.max()) <= 1


@torch.inference_mode()
def test_warping_outputs_is_warping_features(network: NanoDetNetwork) -> None:
    """
    The last 1x1 convolution and the warp may change places.

    Warping and mixing the 128 channels before it and then applying it gives what warping and
    mixing its outputs gives. Inside the picture, that is: outside, ours means "nothing there".
    """
    detector = network.detector
    generator = torch.Generator().manual_seed(0)
    for head in detector.heads:
        old, new = (torch.randn(1, 128, 20, 24, generator=generator) for _ in range(2))
        y, x = torch.meshgrid(torch.arange(20.0), torch.arange(24.0), indexing='ij')
        target = torch.rand(1, 2, 20, 24, generator=generator) * torch.tensor(
            (23.0, 19.0))[:, None, None]
        flow = target - torch.stack((x, y))
        w = torch.rand(1, 1, 20, 24, generator=generator)
        plain = functional.conv2d((1 - w) * warp(old, flow) + w * new, head.linear.weight,
                                  head.bias)
        ours = [head.add_bias(head.linear(item)) - network.empty for item in (old, new)]
        mixed = (1 - w) * warp(ours[0], flow) + w * ours[1] + network.empty
        torch.testing.assert_close(mixed, plain, rtol=1e-5, atol=1e-5 * float(plain.abs().max()))


@torch.inference_mode()
def test_outside_the_picture_nothing_is_seen(network: NanoDetNetwork) -> None:
    """A flow that looks outside everywhere leaves no detection, at a threshold of 0.01 too."""
    levels = network.features(network.prepare(_image()))
    away = Flow(tuple(torch.full((1, 2, *level.shape[2:]), 1000.0) for level in levels.maps))
    boxes, scores, labels = network.task(network.propagate(levels, away), None,
                                         DetectionConfig(score_threshold=0.01))
    assert len(boxes) == len(scores) == len(labels) == 0


def _frames(path: Path, numbers: range) -> list[np.ndarray]:
    capture = cv2.VideoCapture(str(path))
    capture.set(cv2.CAP_PROP_POS_FRAMES, numbers.start)
    return [capture.read()[1][..., ::-1].copy() for _ in numbers]


def test_people_and_bicycles_are_found(network: NanoDetNetwork, bikes: Path) -> None:
    """In a real clip the cyclist waiting at the kerb, his bicycle and the cars are found."""
    [image] = _frames(bikes, range(130, 131))
    with torch.inference_mode():
        boxes, scores, labels = network.task(network.features(network.prepare(image)), None,
                                             DetectionConfig())
    found = {network.class_names[label] for label in labels}
    assert {'person', 'bicycle', 'car'} <= found
    assert float(boxes.min()) >= 0
    assert float(boxes[:, 2].max()) <= 640 and float(boxes[:, 3].max()) <= 272
    assert (scores[:-1] >= scores[1:]).all() and float(scores.min()) >= 0.35


def test_the_impression_bridges_a_blurred_frame(network: NanoDetNetwork, bikes: Path) -> None:
    """Of a strongly blurred frame the impression keeps more evidence than the frame alone has."""
    images = _frames(bikes, range(124, 131))
    images[-1] = cv2.GaussianBlur(images[-1], (0, 0), 6.0)

    def evidence(mode: str) -> float:
        engine = Engine(network, StreamConfig(segment_length=1, mode=mode))
        state = engine.reset()
        for index, image in enumerate(images):
            [last], state = engine.step(Frame(image, index / 25), state)
        return float(last.scores.sum())

    assert evidence('impression') > evidence('per_frame') + 0.3
