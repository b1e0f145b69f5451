# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The paper's network as a whole, with a tiny one of the same code."""
from collections.abc import Iterator
from dataclasses import replace

import cv2
from impnet_ros.config import DetectionConfig, StreamConfig
from impnet_ros.model.levels import Levels
from impnet_ros.model.network import load_network
from impnet_ros.model.paper.config import ImpressionNetworkConfig
from impnet_ros.model.paper.flownet import ScaledFlow
from impnet_ros.model.paper.network import ImpressionNetwork
from impnet_ros.model.paper.network_input import input_size, resized
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
        assert levels[0].shape == (1, 128, rows, columns)
        assert levels.image_size == (height, width)
        flow = network.flow(picture, picture)
        assert flow[0].shape == (1, 2, rows, columns)
        carried = network.propagate(levels, flow)
        assert carried[0].shape == levels[0].shape and carried.image_size == (height, width)
        weight, = network.weights(carried, levels)
        assert weight.shape == (1, 1, rows, columns) and 0 <= weight.min() <= weight.max() <= 1
        boxes, scores, labels = network.task(carried)
    assert boxes.min() >= 0 and labels.max() < 3
    assert boxes[:, 0::2].max() <= width and boxes[:, 1::2].max() <= height
    assert scores.equal(scores.sort(descending=True).values)


@pytest.mark.parametrize('size, expected', [
    ((600, 1000), (600, 1000)), ((720, 1280), (562, 1000)), ((480, 640), (600, 800)),
    ((1280, 720), (1000, 562)), ((337, 600), (562, 1000)), ((2, 3000), (1, 1000)),
    ((400, 667), (600, 1000))])
def test_resizing_is_the_papers(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert input_size(size, 600, 1000) == expected
    image = np.zeros((*size, 3), np.uint8)
    assert resized(image, 600, 1000).shape == (1, 3, *expected)


def test_normalisation() -> None:
    net = tiny(pixel_deviation=(1.0, 2.0, 4.0), pixel_mean=(10.0, 20.0, 30.0), short_side=32,
               long_side=32, flow_mean=(1.0, 2.0, 3.0))
    image = np.full((32, 32, 3), (50, 60, 70), np.uint8)
    picture = net.prepare(image)
    assert picture.pixels[0, :, 0, 0].tolist() == [40, 20, 10]
    torch.testing.assert_close(picture.half[0, :, 3, 3], torch.tensor([49., 58, 67]) / 255)
    assert picture.image_size == (32, 32) and net.prepare(picture) is picture


def test_a_picture_keeps_its_own_memory() -> None:
    """A driver may reuse its buffer for the next image."""
    net = tiny(short_side=32, long_side=32)
    image = np.full((32, 32, 3), 50, np.uint8)
    picture = net.prepare(image)
    before = picture.pixels.clone()
    image[:] = 0
    assert picture.pixels.equal(before)


def test_tensors_are_images_too(network: ImpressionNetwork) -> None:
    image = video(1)[0].image
    ours, theirs = network.prepare(image), network.prepare(torch.from_numpy(image))
    assert ours.pixels.equal(theirs.pixels) and ours.half.equal(theirs.half)


def test_per_frame_is_the_detector_alone(network: ImpressionNetwork) -> None:
    frames = video(3)
    for frame, result in zip(frames, run(network, frames, mode='per_frame'), strict=True):
        with torch.inference_mode():
            assert_same(result, *network.task(network.features(frame.image)))


def test_triplet_is_the_engine(network: ImpressionNetwork) -> None:
    """Old key frame, new key frame, one frame after it: what is trained is what runs."""
    frames = video(4)
    old, _, new, current = frames
    result = run(network, frames, segment_length=2)[3]
    assert not result.is_key and result.age == 1
    pictures = [network.prepare(frame.image) for frame in (old, current, new)]
    with torch.inference_mode():
        levels = network.forward_triplet(*pictures)
        assert_same(result, *network.task(levels))
    # ... and it is neither what a single frame nor what one key frame would give.
    assert not torch.allclose(levels[0], network.features(current.image)[0], atol=1e-3)
    sparse = run(network, frames, segment_length=2, mode='sparse')[3]
    assert not torch.equal(sparse.scores, result.scores)


def test_still_pictures_bypass_warp_and_scale_map(network: ImpressionNetwork) -> None:
    pixels = torch.from_numpy(video(1)[0].image).permute(2, 0, 1)[None].repeat(2, 1, 1, 1)
    picture = network.prepare_batch(pixels)
    with torch.inference_mode():
        levels = network.forward_triplet(picture, picture, picture, torch.tensor([True, False]))
        alone = network.features(picture)[0]
    assert levels[0][0].equal(alone[0])
    assert not torch.allclose(levels[0][1], alone[1], atol=1e-3)


def test_batched_is_single(network: ImpressionNetwork) -> None:
    frames = video(3)
    images = [network.prepare(frame.image) for frame in frames]
    one = images[0]
    batch = replace(one, pixels=torch.cat([image.pixels for image in images]),
                    half=torch.cat([image.half for image in images]))
    key = replace(batch, half=one.half.expand(3, -1, -1, -1))
    with torch.inference_mode():
        levels = network.propagate(network.features(batch), network.flow(batch, key))
        found = network.detect(levels)
        for index, image in enumerate(images):
            single = network.propagate(network.features(image), network.flow(image, one))
            torch.testing.assert_close(levels[0][index], single[0][0], rtol=0, atol=1e-4)
            boxes, scores, labels = network.task(single)
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
        assert found[0].shape == alone[0].shape
        torch.testing.assert_close(found[0], alone[0], rtol=0, atol=1e-4)
        assert (found.scale is None) == (alone.scale is None) == (kind == 'dis')
        if found.scale is not None and alone.scale is not None:
            torch.testing.assert_close(found.scale, alone.scale, rtol=0, atol=1e-5)
    assert not torch.equal(together[0][0], together[1][0])


def test_task_refuses_what_it_cannot_place(network: ImpressionNetwork) -> None:
    feature = torch.zeros(2, 128, 6, 6)
    with pytest.raises(ValueError, match='expected one picture, got 2'):
        network.task(Levels((feature,), (96, 96)))
    with pytest.raises(ValueError, match='expected Levels'):
        network.task((feature[:1],))


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
        small_boxes = net.task(net.features(small))[0]
        large_boxes = net.task(net.features(large))[0]
    assert large_boxes.max() > 2 * small_boxes.max()
    assert small_boxes[:, 2].max() <= 127 and large_boxes[:, 2].max() <= 383


def test_thresholds_can_be_set(network: ImpressionNetwork) -> None:
    image = video(1)[0].image
    before = network.detection
    try:
        with torch.inference_mode():
            levels = network.features(image)
            network.detection = DetectionConfig(score_threshold=0.0, max_detections=7)
            assert len(network.task(levels)[1]) == 7
            network.detection = DetectionConfig(score_threshold=1.0, max_detections=7)
            assert network.task(levels)[0].shape == (0, 4)
            assert len(network.task_at(levels, None, 0.0)[1]) == 7
            flow = network.flow(image, video(2)[1].image)
            expected = network.detect(network.propagate(levels, flow),
                                      DetectionConfig(score_threshold=0.1, max_detections=7))
            for ours, theirs in zip(network.task_at(levels, flow, 0.1), expected[0], strict=True):
                assert torch.equal(ours, theirs)
    finally:
        network.detection = before


def test_flow_without_weights() -> None:
    """DIS sees a shift of 16 pixels as one feature cell."""
    torch.manual_seed(0)
    net = tiny(flow='dis', short_side=128, long_side=256)
    rng = np.random.default_rng(0)
    ground = cv2.GaussianBlur(rng.integers(0, 255, (200, 250, 3), dtype=np.uint8), (0, 0), 6)
    ground = cv2.normalize(ground, None, 0, 255, cv2.NORM_MINMAX)
    key, moved = ground[20:148, 20:180], ground[20:148, 36:196]
    with torch.inference_mode():
        flow = net.flow(np.ascontiguousarray(moved), np.ascontiguousarray(key))
        assert isinstance(flow, ScaledFlow) and flow.scale is None
        torch.testing.assert_close(flow[0][0, 0, 2:-2, 2:-2].median(), torch.tensor(1.0),
                                   rtol=0, atol=.1)
        assert flow[0][0, 1].abs().median() < .1
        assert flow[0].shape[2:] == net.features(np.ascontiguousarray(key))[0].shape[2:]
    assert not any(name.startswith(('flow', 'scale')) for name, _ in net.named_parameters())


def test_mismatch_is_what_the_flow_does_not_explain(network: ImpressionNetwork) -> None:
    """A picture 16 pixels further right: nothing with the true flow, much with none."""
    pattern = cv2.GaussianBlur(np.random.default_rng(0).integers(
        0, 255, (96, 200, 3), np.uint8), (0, 0), 6)
    key, picture = (np.ascontiguousarray(pattern[:, start:start + 160]) for start in (16, 0))
    flows = [torch.zeros(1, 2, 6, 10) for _ in range(2)]
    flows[1][:, 0] = -1.0  # what is at x in the picture was at x - 16 in the key picture
    none, true = (network.mismatch(picture, key, (flow,)) for flow in flows)
    assert none.shape == true.shape == (1, 1, 6, 10)
    assert float(none.mean()) > 0.2
    assert float(true[..., 2:].max()) < 0.02
    assert float(network.mismatch(key, key, (flows[0],)).max()) == 0.0


@pytest.fixture
def trained(network: ImpressionNetwork) -> Iterator[ImpressionNetwork]:
    yield network.train()
    network.eval()
    network.zero_grad()


def test_gradients_reach_every_part(trained: ImpressionNetwork) -> None:
    frames = [torch.from_numpy(frame.image).permute(2, 0, 1)[None] for frame in video(3, 96, 130)]
    maps = trained.head(trained.forward_triplet(*map(trained.prepare_batch, frames))[0])
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
        exact = network.forward_triplet(*frames)[0]
        with torch.autocast('cpu', torch.bfloat16):
            levels = network.forward_triplet(*frames)
            flow = network.flow(frames[1], frames[0])[0]
            maps = network.head(levels[0])
            found = network.task(levels)
    assert flow.dtype == torch.float32 and maps.score_maps.dtype == torch.float32
    assert (levels[0] - exact).abs().mean() < .05 * exact.abs().mean()
    assert len(found[1]) > 0 and found[0].isfinite().all()


def test_align_pooling_is_an_option(network: ImpressionNetwork) -> None:
    aligned = tiny(**SMALL, pooling='ps_roi_align')
    aligned.load_state_dict(network.state_dict())
    image = video(1)[0].image
    with torch.inference_mode():
        levels = network.features(image)
        scores, others = network.task(levels)[1], aligned.task(levels)[1]
    assert len(others) and not torch.equal(scores[:5], others[:5])
    assert (scores[0] - others[0]).abs() < .3


def test_load_network_by_name(caplog: pytest.LogCaptureFixture) -> None:
    one, other = load_network('tiny', 'cpu'), load_network('tiny', 'cpu')
    assert 'no trained weights' in caplog.text
    assert one.name == 'tiny' and one.device.type == 'cpu' and not one.training
    for name, value in one.state_dict().items():
        assert value.equal(other.state_dict()[name])
    assert one.detection == DetectionConfig(1e-4, .3, 300)
    assert load_network('tiny', 'cpu', DetectionConfig(.5)).detection.score_threshold == .5


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
