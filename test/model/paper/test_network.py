# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The paper's network as a whole, with a tiny one of the same code."""
from collections.abc import Iterator
from dataclasses import replace

import cv2
from impnet_ros.config import DetectionConfig, StreamConfig
from impnet_ros.model.levels import Flow, Levels
from impnet_ros.model.network import load_network
from impnet_ros.model.paper.config import ImpressionNetworkConfig
from impnet_ros.model.paper.network import ImpressionNetwork
from impnet_ros.model.paper.presets import impression_r101, TINY, tiny
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.types import Detections, Frame
import numpy as np
import pytest
import torch

SMALL = {'short_side': 96, 'long_side': 160, 'proposals': 40}


@pytest.fixture(scope='module')
def network() -> ImpressionNetwork:
    """Tiny, with weights lively enough that flow, scale map and N_q all make a difference."""
    torch.manual_seed(0)
    net = tiny(**SMALL)
    with torch.no_grad():
        net.scale_map.weight.normal_(std=.3)
        net.flow_net.predict_flow2.weight.mul_(20)
        net.quality_net[-1].weight.mul_(400)
        net.head.rpn.cls_score.weight.mul_(30)
        net.head.rfcn.cls.weight.mul_(30)
        net.head.rfcn.bbox.weight.mul_(10)
    return net


def video(frames: int, height: int = 100, width: int = 130) -> list[Frame]:
    """Two textured squares that move over a textured ground."""
    rng = np.random.default_rng(0)
    ground = rng.integers(0, 255, (height // 10, width // 10, 3), dtype=np.uint8)
    ground = np.kron(ground, np.ones((10, 10, 1), np.uint8))
    patch = rng.integers(0, 255, (30, 30, 3), dtype=np.uint8)
    images = []
    for index in range(frames):
        image = ground.copy()
        image[10 + 2 * index:40 + 2 * index, 20 + 4 * index:50 + 4 * index] = patch
        image[60:90, 90 - 3 * index:120 - 3 * index] = patch[::-1]
        images.append(Frame(image, index / 30))
    return images


def run(network: ImpressionNetwork, frames: list[Frame], **settings: object) -> list[Detections]:
    engine = Engine(network, StreamConfig(**settings))
    state, results = engine.reset(), []
    for frame in frames:
        found, state = engine.step(frame, state)
        results += found
    return results + engine.flush(state)


def assert_same(one: Detections, boxes: torch.Tensor, scores: torch.Tensor,
                labels: torch.Tensor) -> None:
    assert len(one) > 0
    torch.testing.assert_close(one.scores, scores, rtol=0, atol=1e-5)
    torch.testing.assert_close(one.boxes, boxes, rtol=0, atol=1e-2)
    assert one.labels.equal(labels)


def test_parameters_are_the_papers() -> None:
    with torch.device('meta'):
        parts = impression_r101().parts()
    counts = {name: sum(p.numel() for p in part.parameters()) for name, part in parts.items()}
    assert counts == {
        'trunk': 42_500_160, 'feat_conv': 18_875_392, 'rpn': 27_702, 'rfcn_cls': 779_247,
        'rfcn_bbox': 201_096, 'quality_net': 2_363_681, 'flow_net': 38_676_514,
        'scale_map': 198_656}
    detector = ('trunk', 'feat_conv', 'rpn', 'rfcn_cls', 'rfcn_bbox')
    assert sum(counts[name] for name in detector) == 62_383_597


def test_every_parameter_belongs_to_one_part() -> None:
    net = tiny(embedding_width=8)
    in_parts = [id(p) for part in net.parts().values() for p in part.parameters()]
    assert len(in_parts) == len(set(in_parts))
    assert set(in_parts) == {id(p) for p in net.parameters()}


@pytest.mark.parametrize('height, width', [(96, 96), (97, 131), (240, 100), (33, 61)])
def test_odd_sizes(network: ImpressionNetwork, height: int, width: int) -> None:
    rng = np.random.default_rng(1)
    image = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
    with torch.inference_mode():
        picture = network.prepare(image)
        levels = network.features(picture)
        rows, columns = (-(-side // 16) for side in picture.pixels.shape[2:])
        assert levels.maps[0].shape == (1, 128, rows, columns)
        assert levels.image_size == (height, width)
        flow = network.flow(picture, picture)
        assert flow.levels[0].shape == (1, 2, rows, columns)
        carried = network.propagate(levels, flow)
        assert carried.maps[0].shape == levels.maps[0].shape
        assert carried.image_size == (height, width)
        weight, = network.weights(carried, levels)
        assert weight.shape == (1, 1, rows, columns) and 0 <= weight.min() <= weight.max() <= 1
        boxes, scores, labels = network.task(carried, None, network.detection)
    assert boxes.min() >= 0 and labels.max() < 3
    assert boxes[:, 0::2].max() <= width and boxes[:, 1::2].max() <= height
    assert scores.equal(scores.sort(descending=True).values)


def test_tensors_are_images_too(network: ImpressionNetwork) -> None:
    image = video(1)[0].image
    ours, theirs = network.prepare(image), network.prepare(torch.from_numpy(image))
    assert ours.pixels.equal(theirs.pixels) and ours.half.equal(theirs.half)


def test_per_frame_is_the_detector_alone(network: ImpressionNetwork) -> None:
    frames = video(3)
    for frame, result in zip(frames, run(network, frames, mode='per_frame'), strict=True):
        with torch.inference_mode():
            levels = network.features(network.prepare(frame.image))
            assert_same(result, *network.task(levels, None, network.detection))


def test_triplet_is_the_engine(network: ImpressionNetwork) -> None:
    """Old key frame, new key frame, one frame after it: what is trained is what runs."""
    frames = video(4)
    old, _, new, current = frames
    result = run(network, frames, segment_length=2)[3]
    assert not result.is_key and result.age == 1
    pictures = [network.prepare(frame.image) for frame in (old, current, new)]
    with torch.inference_mode():
        levels = network.forward_triplet(*pictures)
        assert_same(result, *network.task(levels, None, network.detection))
    # ... and it is neither what a single frame nor what one key frame would give.
    with torch.inference_mode():
        alone = network.features(pictures[1])
    assert not torch.allclose(levels.maps[0], alone.maps[0], atol=1e-3)
    sparse = run(network, frames, segment_length=2, mode='sparse')[3]
    assert not torch.equal(sparse.scores, result.scores)


def test_still_pictures_bypass_warp_and_scale_map(network: ImpressionNetwork) -> None:
    pixels = torch.from_numpy(video(1)[0].image).permute(2, 0, 1)[None].repeat(2, 1, 1, 1)
    picture = network.prepare_batch(pixels)
    with torch.inference_mode():
        levels = network.forward_triplet(picture, picture, picture, torch.tensor([True, False]))
        alone = network.features(picture).maps[0]
    assert levels.maps[0][0].equal(alone[0])
    assert not torch.allclose(levels.maps[0][1], alone[1], atol=1e-3)


def test_batched_is_single(network: ImpressionNetwork) -> None:
    frames = video(3)
    images = [network.prepare(frame.image) for frame in frames]
    one = images[0]
    batch = replace(one, pixels=torch.cat([image.pixels for image in images]))
    key = replace(one, pixels=one.pixels.expand(3, -1, -1, -1))
    with torch.inference_mode():
        levels = network.propagate(network.features(batch), network.flow(batch, key))
        found = network.detect(levels, network.detection)
        for index, image in enumerate(images):
            single = network.propagate(network.features(image), network.flow(image, one))
            torch.testing.assert_close(levels.maps[0][index], single.maps[0][0], rtol=0, atol=1e-4)
            boxes, scores, labels = network.task(single, None, network.detection)
            torch.testing.assert_close(found[index][1], scores, rtol=0, atol=1e-5)
            torch.testing.assert_close(found[index][0], boxes, rtol=0, atol=1e-2)
            assert found[index][2].equal(labels)


@pytest.mark.parametrize('kind', ['flownet_s', 'dis'])
@torch.inference_mode()
def test_flows_of_several_pictures(kind: str) -> None:
    """Each is what `flow` gives alone, with its own scale map."""
    network = tiny(flow=kind).eval()
    *images, key = (network.prepare(frame.image) for frame in video(4))
    together = network.flows(images, key)
    assert len(together) == 3
    for image, found in zip(images, together, strict=True):
        alone = network.flow(image, key)
        assert found.levels[0].shape == alone.levels[0].shape
        torch.testing.assert_close(found.levels[0], alone.levels[0], rtol=0, atol=1e-4)
        assert (found.scale is None) == (alone.scale is None) == (kind == 'dis')
        if found.scale is not None and alone.scale is not None:
            torch.testing.assert_close(found.scale, alone.scale, rtol=0, atol=1e-5)
    assert not torch.equal(together[0].levels[0], together[1].levels[0])


def test_task_refuses_what_it_cannot_place(network: ImpressionNetwork) -> None:
    feature = torch.zeros(2, 128, 6, 6)
    with pytest.raises(ValueError, match='expected one picture, got 2'):
        network.task(Levels((feature,), (96, 96)), None, network.detection)


def test_memory_gate_extremes(network: ImpressionNetwork) -> None:
    """Only the last key frame is remembered with g = 0, more with g = 1; both start alike."""
    frames = video(5)
    forgets = run(network, frames, segment_length=1, memory_gate=0.0)
    remembers = run(network, frames, segment_length=1, memory_gate=1.0)
    for index in (0, 1):
        assert forgets[index].scores.equal(remembers[index].scores)
    assert not torch.equal(forgets[2].scores, remembers[2].scores)
    later = run(network, frames[3:], segment_length=1, memory_gate=0.0)[1]
    assert_same(forgets[4], later.boxes, later.scores, later.labels)


def test_a_segment_of_one_without_memory_is_per_frame(network: ImpressionNetwork) -> None:
    frames = video(3)
    for one, other in zip(run(network, frames, segment_length=1, mode='sparse'),
                          run(network, frames, mode='per_frame'), strict=True):
        assert one.scores.equal(other.scores) and one.is_key and other.is_key


@pytest.mark.parametrize('length, offset', [(1, 0), (4, 0), (4, 3), (20, 10)])
def test_every_frame_gets_its_result(network: ImpressionNetwork, length: int,
                                     offset: int) -> None:
    frames = video(7)
    results = run(network, frames, segment_length=length, key_offset=offset)
    assert [result.stamp_s for result in results] == [frame.stamp_s for frame in frames]


def test_boxes_are_in_pixels_of_the_image() -> None:
    """A picture three times as large has boxes three times as large."""
    torch.manual_seed(0)
    net = tiny(**SMALL)
    small = video(1, 96, 128)[0].image
    large = np.kron(small, np.ones((3, 3, 1), np.uint8))
    with torch.inference_mode():
        small_boxes, large_boxes = (
            net.task(net.features(net.prepare(image)), None, net.detection)[0]
            for image in (small, large))
    assert large_boxes.max() > 2 * small_boxes.max()
    assert small_boxes[:, 2].max() <= 127 and large_boxes[:, 2].max() <= 383


def test_thresholds_come_with_the_call(network: ImpressionNetwork) -> None:
    first, second = (network.prepare(frame.image) for frame in video(2))
    few = DetectionConfig(score_threshold=0.0, max_detections=7)
    with torch.inference_mode():
        levels = network.features(first)
        assert len(network.task(levels, None, few)[1]) == 7
        assert network.task(levels, None, replace(few, score_threshold=1.0))[0].shape == (0, 4)
        flow = network.flow(first, second)
        weak = replace(few, score_threshold=0.1)
        [expected] = network.detect(network.propagate(levels, flow), weak)
        for ours, theirs in zip(network.task(levels, flow, weak), expected, strict=True):
            assert torch.equal(ours, theirs)


def test_flow_without_weights() -> None:
    """DIS sees a shift of 16 pixels as one feature cell."""
    torch.manual_seed(0)
    net = tiny(flow='dis', short_side=128, long_side=256)
    rng = np.random.default_rng(0)
    ground = cv2.GaussianBlur(rng.integers(0, 255, (200, 250, 3), dtype=np.uint8), (0, 0), 6)
    ground = cv2.normalize(ground, None, 0, 255, cv2.NORM_MINMAX)
    key, moved = ground[20:148, 20:180], ground[20:148, 36:196]
    with torch.inference_mode():
        picture, key_picture = (net.prepare(np.ascontiguousarray(item)) for item in (moved, key))
        flow = net.flow(picture, key_picture)
        assert flow.scale is None
        torch.testing.assert_close(flow.levels[0][0, 0, 2:-2, 2:-2].median(), torch.tensor(1.0),
                                   rtol=0, atol=.1)
        assert flow.levels[0][0, 1].abs().median() < .1
        assert flow.levels[0].shape[2:] == net.features(key_picture).maps[0].shape[2:]
    assert not any(name.startswith(('flow', 'scale')) for name, _ in net.named_parameters())


def test_mismatch_is_what_the_flow_does_not_explain(network: ImpressionNetwork) -> None:
    """A picture 16 pixels further right: nothing with the true flow, much with none."""
    pattern = cv2.GaussianBlur(np.random.default_rng(0).integers(
        0, 255, (96, 200, 3), np.uint8), (0, 0), 6)
    pattern = cv2.normalize(pattern, None, 0, 255, cv2.NORM_MINMAX)
    key, picture = (network.prepare(np.ascontiguousarray(pattern[:, start:start + 160]))
                    for start in (16, 0))
    flows = [torch.zeros(1, 2, 6, 10) for _ in range(2)]
    flows[1][:, 0] = -1.0  # what is at x in the picture was at x - 16 in the key picture
    none, true = (network.mismatch(picture, key, Flow((flow,))) for flow in flows)
    assert none.shape == true.shape == (1, 1, 12, 20)
    assert float(none.mean()) > 0.2
    assert float(true[..., 4:].max()) < 0.02
    assert float(network.mismatch(key, key, Flow((flows[0],))).max()) == 0.0


@pytest.fixture
def trained(network: ImpressionNetwork) -> Iterator[ImpressionNetwork]:
    yield network.train()
    network.eval()
    network.zero_grad()


def test_gradients_reach_every_part(trained: ImpressionNetwork) -> None:
    frames = [torch.from_numpy(frame.image).permute(2, 0, 1)[None] for frame in video(3, 96, 130)]
    maps = trained.head(trained.forward_triplet(*map(trained.prepare_batch, frames)).maps[0])
    sum(item.square().mean() for item in maps).backward()
    for name, part in trained.parts().items():
        gradients = [p.grad for p in part.parameters() if p.requires_grad]
        assert all(g is not None for g in gradients), name
        assert any(g.abs().max() > 0 for g in gradients), name


def test_frozen_normalisation_stays_frozen_in_training() -> None:
    net = ImpressionNetwork(replace(TINY, frozen_norm=True, frozen_stages=2)).train()
    norms = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert norms and not any(norm.training for norm in norms)
    assert not any(p.requires_grad for norm in norms for p in norm.parameters())
    assert not net.backbone.trunk.layer1[0].conv1.weight.requires_grad
    assert net.backbone.trunk.layer2[0].conv1.weight.requires_grad


def test_mixed_precision_is_close(network: ImpressionNetwork) -> None:
    frames = [network.prepare(frame.image) for frame in video(3)]
    with torch.inference_mode():
        exact = network.forward_triplet(*frames).maps[0]
        with torch.autocast('cpu', torch.bfloat16):
            levels = network.forward_triplet(*frames)
            flow = network.flow(frames[1], frames[0]).levels[0]
            maps = network.head(levels.maps[0])
            found = network.task(levels, None, network.detection)
    assert flow.dtype == torch.float32 and maps.score_maps.dtype == torch.float32
    assert (levels.maps[0] - exact).abs().mean() < .05 * exact.abs().mean()
    assert len(found[1]) > 0 and found[0].isfinite().all()


def test_align_pooling_is_an_option(network: ImpressionNetwork) -> None:
    aligned = tiny(**SMALL, pooling='ps_roi_align')
    aligned.load_state_dict(network.state_dict())
    image = video(1)[0].image
    with torch.inference_mode():
        levels = network.features(network.prepare(image))
        scores, others = (net.task(levels, None, network.detection)[1]
                          for net in (network, aligned))
    assert len(others) and not torch.equal(scores[:5], others[:5])
    assert (scores[0] - others[0]).abs() < .3


def test_load_network_by_name(caplog: pytest.LogCaptureFixture) -> None:
    one, other = load_network('tiny', 'cpu'), load_network('tiny', 'cpu')
    assert 'no trained weights' in caplog.text
    assert one.name == 'tiny' and one.device.type == 'cpu' and not one.training
    for name, value in one.state_dict().items():
        assert value.equal(other.state_dict()[name])
    assert one.detection == DetectionConfig(1e-4, .3, 300)


@pytest.mark.parametrize('change, message', [
    ({'channels': 7}, 'channels: expected an even number, got 7'),
    ({'flow': 'raft'}, "flow: expected one of flownet_s, dis, got 'raft'"),
    ({'short_side': 600, 'long_side': 500}, 'long_side: expected >= short_side, 600, got 500'),
    ({'class_names': ()}, 'class_names: expected at least one'),
    ({'blocks': (1, 2, 3)}, 'blocks: expected 4 numbers')])
def test_impossible_settings(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(ImpressionNetworkConfig(), **change)


def test_wrong_images(network: ImpressionNetwork) -> None:
    with pytest.raises(ValueError, match=r'expected uint8 \(H, W, 3\), got float64 \(4, 4, 3\)'):
        network.prepare(np.zeros((4, 4, 3)))
    with pytest.raises(ValueError, match=r'expected uint8 \(B, 3, h, w\)'):
        network.prepare_batch(torch.zeros(1, 3, 8, 8))
