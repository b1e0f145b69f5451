# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""FGFA with answers known by hand, and with the paper's network."""
from dataclasses import replace
from math import e

from fake_network import OneHotNetwork
from impnet_ros.config import DetectionConfig
from impnet_ros.evaluation.fgfa import compose, run_fgfa
from impnet_ros.model.levels import Flow
from impnet_ros.model.paper.network import ImpressionNetwork
from impnet_ros.model.paper.presets import tiny
from impnet_ros.model.sight.warp import warp
from impnet_ros.stream.types import Frame
import numpy as np
import pytest
import torch

DETECTION = DetectionConfig()


def numbered(count: int) -> list[Frame]:
    return [Frame(np.full((1, 1, 3), index, np.uint8), index / 30) for index in range(count)]


@pytest.mark.parametrize('composed', [False, True])
@pytest.mark.parametrize('count, radius', [(9, 2), (4, 10), (1, 3), (30, 1)])
def test_shares_of_the_neighbours(count: int, radius: int, composed: bool) -> None:
    """
    One-hot features have cosine 1 with themselves and 0 with others.

    So a frame weighs e times as much as a neighbour; at the ends of the video the first and last
    frame count again for each that is missing.
    """
    results = list(run_fgfa(OneHotNetwork(), DETECTION, numbered(count), radius, composed))
    assert [result.stamp_s for result in results] == [index / 30 for index in range(count)]
    for index, result in enumerate(results):
        window = np.clip(np.arange(index - radius, index + radius + 1), 0, count - 1)
        weights = np.bincount(window, minlength=64) * 1.0
        weights[index] *= e
        np.testing.assert_allclose(result.scores, weights / weights.sum(), atol=1e-12)


def test_how_often_flow_is_estimated() -> None:
    """Directly: all pairs within the radius. Composed: neighbours only, once each way."""
    direct, fast = OneHotNetwork(), OneHotNetwork()
    for network, composed in ((direct, False), (fast, True)):
        list(run_fgfa(network, DETECTION, numbered(20), 3, composed))
    flows = [call for call in direct.calls if call[0] == 'flow']
    assert len(flows) == sum(min(i, 3) + min(19 - i, 3) for i in range(20))
    fast_flows = [call for call in fast.calls if call[0] == 'flow']
    assert len(fast_flows) == len(set(fast_flows)) == 2 * 19
    assert all(abs(call[1] - call[2]) == 1 for call in fast_flows)
    for network in (direct, fast):
        assert sum(call[0] == 'features' for call in network.calls) == 20


def test_results_come_as_soon_as_the_window_is_whole() -> None:
    taken = []

    def watched() -> object:
        for index, frame in enumerate(numbered(9)):
            taken.append(index)
            yield frame

    results = run_fgfa(OneHotNetwork(), DETECTION, watched(), 2)
    next(results)
    assert taken == [0, 1, 2]
    next(results)
    assert taken == [0, 1, 2, 3]


def test_radius_must_be_positive() -> None:
    with pytest.raises(ValueError, match='radius: expected >= 1, got 0'):
        next(run_fgfa(OneHotNetwork(), DETECTION, numbered(3), 0))


def test_composed_flow_by_hand() -> None:
    """One step right, then what the neighbour says: two steps down."""
    first = torch.zeros(1, 2, 4, 4)
    first[0, 0, 1, 1] = 1.0
    second = torch.zeros(1, 2, 4, 4)
    second[0, 1, 1, 2] = 2.0
    [flow] = compose(Flow((first,)), Flow((second,))).levels
    torch.testing.assert_close(flow[0, :, 1, 1], torch.tensor([1.0, 2.0]))
    torch.testing.assert_close(flow[0, :, 1, 2], torch.tensor([0.0, 2.0]))


def test_composed_flow_carries_as_two_steps_do() -> None:
    feature = torch.randn(1, 3, 8, 9, generator=torch.Generator().manual_seed(0))
    one = torch.tensor([1.0, 0.0]).view(1, 2, 1, 1).expand(1, 2, 8, 9)
    two = torch.tensor([0.0, -2.0]).view(1, 2, 1, 1).expand(1, 2, 8, 9)
    scales = torch.full((1, 3, 8, 9), 2.0), torch.full((1, 3, 8, 9), 3.0)
    flow = compose(Flow((one,), scales[0]), Flow((two,), scales[1]))
    stepwise = warp(warp(feature, two), one)
    inside = (slice(None), slice(None), slice(2, 8), slice(0, 8))
    torch.testing.assert_close(warp(feature, flow.levels[0])[inside], stepwise[inside])
    assert flow.scale[inside].eq(6).all()


@pytest.fixture(scope='module')
def network() -> ImpressionNetwork:
    torch.manual_seed(0)
    return tiny(short_side=64, long_side=96, proposals=20, embedding_width=16)


def video(count: int) -> list[Frame]:
    ground = np.random.default_rng(0).integers(0, 255, (64, 80 + 4 * count, 3), dtype=np.uint8)
    return [Frame(np.ascontiguousarray(ground[:, 4 * i:4 * i + 80]), i / 30)
            for i in range(count)]


def test_by_the_definition(network: ImpressionNetwork) -> None:
    """Softmax of cosines of embeddings, all carried to the frame, written out."""
    frames, index = video(5), 2
    found = list(run_fgfa(network, network.detection, frames, 2))[index]
    with torch.inference_mode():
        pictures = [network.prepare(frame.image) for frame in frames]
        features = [network.features(picture) for picture in pictures]
        carried, cosines = [], []
        own = network.embedding_net(features[index].maps[0])
        for other in range(5):
            level = features[other]
            embedding = network.embedding_net(level.maps[0])
            if other != index:
                flow = network.flow(pictures[index], pictures[other])
                level = network.propagate(level, flow)
                embedding = warp(embedding, flow.levels[0])
            carried.append(level.maps[0])
            cosines.append(torch.cosine_similarity(embedding, own, dim=1)[:, None])
        weights = torch.stack(cosines).softmax(dim=0)
        assert weights.std() > 1e-4
        fused = (weights * torch.stack(carried)).sum(dim=0)
        levels = replace(features[index], maps=(fused,))
        boxes, scores, labels = network.task(levels, None, network.detection)
    torch.testing.assert_close(found.scores, scores, rtol=0, atol=1e-5)
    torch.testing.assert_close(found.boxes, boxes, rtol=0, atol=1e-2)
    assert found.labels.equal(labels)


def test_a_standing_video_without_flow_is_per_frame() -> None:
    torch.manual_seed(0)
    net = tiny(short_side=64, long_side=96, proposals=20)
    torch.nn.init.zeros_(net.flow_net.predict_flow2.weight)
    frame = video(1)[0]
    still = [Frame(frame.image, i / 30) for i in range(4)]
    with torch.inference_mode():
        boxes, scores, _ = net.task(net.features(net.prepare(frame.image)), None, net.detection)
    for composed in (False, True):
        for result in run_fgfa(net, net.detection, still, 2, composed):
            torch.testing.assert_close(result.scores, scores, rtol=0, atol=1e-5)
            torch.testing.assert_close(result.boxes, boxes, rtol=0, atol=1e-2)
            assert set(result.stage_ms) == {'prepare', 'features', 'flow', 'propagate', 'weights',
                                            'task'}
