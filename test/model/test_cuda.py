# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""On a real GPU: what the CPU finds. Skipped where there is none."""
from dataclasses import replace
from itertools import islice

from impnet_ros import Engine, load_network, StreamConfig
from impnet_ros.benchmark.parts import Parts
from impnet_ros.model.device import upload
from impnet_ros.video import open_video
import pytest
import torch
from torchvision.ops import box_iou

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason='no CUDA device here')


@pytest.fixture(scope='module')
def frames(bikes):
    return list(islice(open_video(bikes).frames, 118, 138))


def run(network, frames, **settings):
    engine = Engine(network, StreamConfig(**settings))
    state, found = engine.reset(), []
    for frame in frames:
        results, state = engine.step(frame, state)
        found += results
    found += engine.flush(state)
    engine.close()
    return found


def assert_sure_objects_match(found, expected, overlap_at_least):
    sure = 0
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        for a, b in ((one, other), (other, one)):
            clear = a.scores > 0.45
            sure += int(clear.sum())
            overlap = box_iou(a.boxes[clear], b.boxes)
            overlap[a.labels[clear][:, None] != b.labels] = 0
            assert ((overlap > overlap_at_least).sum(dim=1) == 1).all()
    assert sure > 20


def test_upload_is_a_copy_through_pinned_memory():
    tensor = torch.arange(6.0).view(2, 3)
    there = upload(tensor, torch.device('cuda', 0))
    assert there.is_cuda and there.cpu().equal(tensor)
    assert upload(there, there.device) is there


@pytest.mark.parametrize(('precision', 'overlap'), [
    ('float32', 0.95), ('float16', 0.9), ('bfloat16', 0.85)])
@pytest.mark.parametrize('settings', [
    {'mode': 'per_frame'}, {'segment_length': 4}, {'segment_length': 4, 'key_offset': 2},
    {'segment_length': 4, 'box_memory': True}], ids=str)
def test_nanodet_finds_what_it_finds_on_the_cpu(frames, settings, precision, overlap):
    expected = run(load_network('nanodet_g', 'cpu'), frames, **settings)
    found = run(load_network('nanodet_g', 'cuda', precision=precision), frames, **settings)
    assert all(item.boxes.device.type == 'cpu' for item in found)
    assert_sure_objects_match(found, expected, overlap)


def test_key_frames_on_a_stream_of_their_own(frames):
    """However late its key frames are ready: no frame waits, and objects stay where they are."""
    found = run(load_network('nanodet_g', 'cuda'), frames, segment_length=4, key_mode='async')
    assert len(found) == len(frames) and found[0].is_key
    assert sum(len(item) for item in found) > 20
    assert all(torch.isfinite(item.boxes).all() for item in found)


@pytest.mark.parametrize('model', ['tiny'])
def test_the_papers_network_gives_the_same_feature(frames, model):
    kept = []
    for device in ('cpu', 'cuda'):
        network = load_network(model, device)
        with torch.inference_mode():
            key, other = (network.prepare(frame.image) for frame in frames[:2])
            levels = network.propagate(network.features(key), network.flow(other, key))
            network.task(levels, None, network.detection)
            kept.append(levels.maps[0].cpu())
    torch.testing.assert_close(kept[1], kept[0], rtol=1e-2, atol=1e-3 * float(kept[0].abs().max()))


@pytest.mark.parametrize('key_mode', ['sync', 'async'])
def test_boxes_of_the_papers_network_are_carried_and_remembered(frames, key_mode):
    """Its boxes are on the GPU, where those of nanodet_g are not."""
    network = load_network('tiny', 'cuda')
    everything = replace(network.detection, score_threshold=0.0)
    engine = Engine(network, StreamConfig(mode='impression', segment_length=4, box_memory=True,
                                          key_mode=key_mode), everything)
    found, state = [], engine.reset()
    for frame in frames:
        results, state = engine.step(frame, state)
        found += results
    engine.close()
    assert len(found) == len(frames)
    assert sum(len(item) for item in found) > 20
    assert all(item.boxes.device.type == 'cpu' for item in found)


def test_parts_of_the_papers_network_are_timed(frames):
    parts = Parts(load_network('tiny', 'cuda'), [frame.image for frame in frames])
    parts.warm_up()
    parts.play(2)
    assert min(parts.mean_ms.values()) > 0
