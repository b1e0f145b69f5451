# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions in bfloat16: nearly the same detections; everything carried stays float32."""
from itertools import islice

from impnet_ros import Engine, Frame, load_network, StreamConfig
from impnet_ros.model.precision import choose_precision, computed_in
from impnet_ros.video import open_video
import pytest
import torch
from torchvision.ops import box_iou

CPU = torch.device('cpu')


@pytest.fixture(scope='module')
def frames(bikes):
    return list(islice(open_video(bikes).frames, 118, 130))


def test_names():
    assert choose_precision('float32', CPU) == torch.float32
    assert choose_precision('bfloat16', CPU) == torch.bfloat16
    assert choose_precision('float16', torch.device('cuda', 0)) == torch.float16


@pytest.mark.parametrize(('arguments', 'message'), [
    ({'precision': 'int8'}, "precision: expected one of float32, bfloat16, float16, got 'int8'"),
    ({'precision': 'float16'}, "expected 'float32' or 'bfloat16' on a CPU, got 'float16'"),
    ({'precision': 'bfloat16', 'runtime': 'cpu'}, "with runtime 'cpu'")])
def test_what_does_not_go_together(arguments, message):
    with pytest.raises(ValueError, match=message):
        load_network('nanodet_g', 'cpu', **arguments)


def test_float32_leaves_an_outer_autocast_alone():
    convolution, x = torch.nn.Conv2d(1, 1, 1), torch.ones(1, 1, 2, 2)
    with torch.autocast('cpu', torch.bfloat16):
        with computed_in(torch.float32, CPU):
            assert convolution(x).dtype == torch.bfloat16
    with computed_in(torch.bfloat16, CPU):
        assert convolution(x).dtype == torch.bfloat16
    assert convolution(x).dtype == torch.float32


@torch.inference_mode()
def test_features_of_nanodet_are_nearly_the_same_and_float32(frames):
    networks = [load_network('nanodet_g', 'cpu', precision=name)
                for name in ('float32', 'bfloat16')]
    exact, coarse = (each.features(each.prepare(frames[0].image)) for each in networks)
    for one, other in zip(exact.maps, coarse.maps, strict=True):
        assert other.dtype == torch.float32
        difference = (one - other).abs().max()
        assert 1e-4 < difference < 0.3  # of logits up to 12; not the same, so it was in use


def test_a_video_in_bfloat16(frames):
    """Every sure object of the exact run is found again, in its place, and no sure one besides."""
    seen = []
    for precision in ('float32', 'bfloat16'):
        engine = Engine(load_network('nanodet_g', 'cpu', precision=precision),
                        StreamConfig(segment_length=4))
        state, found = engine.reset(), []
        for frame in frames:
            results, state = engine.step(frame, state)
            found += results
        seen.append(found)
    sure = 0
    for one, other in zip(*seen, strict=True):
        for a, b in ((one, other), (other, one)):
            clear = a.scores > 0.45
            sure += int(clear.sum())
            overlap = box_iou(a.boxes[clear], b.boxes)
            overlap[a.labels[clear][:, None] != b.labels] = 0
            assert (overlap.amax(dim=1) > 0.85).all()
    assert sure > 20


@torch.inference_mode()
def test_the_papers_network_in_bfloat16():
    """Every part gives float32, close to what it gives in float32."""
    generator = torch.Generator().manual_seed(3)
    images = [torch.randint(0, 256, (96, 128, 3), dtype=torch.uint8, generator=generator)
              for _ in range(2)]
    given = []
    for precision in ('float32', 'bfloat16'):
        network = load_network('tiny', 'cpu', precision=precision)
        first, second = (network.prepare(image) for image in images)
        levels, flow = network.features(first), network.flow(second, first)
        carried = network.propagate(levels, flow)
        weights = network.weights(carried, network.features(second))
        boxes, scores, _ = network.task(carried, None, network.detection)
        assert len(scores) and boxes.dtype == scores.dtype == torch.float32
        given.append([levels.maps[0], flow.levels[0], flow.scale, carried.maps[0], weights[0]])
    for one, other in zip(*given, strict=True):
        assert one.dtype == other.dtype == torch.float32
        assert (one - other).abs().mean() <= 0.02 * one.abs().mean()
    assert not torch.equal(given[0][0], given[1][0])


def test_the_state_of_a_video_is_float32(frames):
    engine = Engine(load_network('nanodet_g', 'cpu', precision='bfloat16'),
                    StreamConfig(segment_length=1, mode='impression'))
    state = engine.reset()
    for frame in frames[:2]:
        (result,), state = engine.step(Frame(frame.image, frame.stamp_s), state)
    key = state.key
    assert {level.dtype for level in (*key.f_task.maps, *key.f_imp.maps)} == {torch.float32}
    # Read from the device once a key frame, not with every frame that it serves.
    assert isinstance(key.mean_weight, float) and 0 < key.mean_weight < 1
    assert result.mean_weight == key.mean_weight
