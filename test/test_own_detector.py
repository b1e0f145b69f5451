# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A detector that the package does not know, `ball_detector`, through every entrance."""
from collections.abc import Iterator
from importlib.util import find_spec
import json
import os
from pathlib import Path
from typing import Any

from ball_detector import ball, BallDetector, BoxesOnlyBalls, FailingBalls
import cv2
from impnet_ros import Engine, Frame, load_network, StreamConfig
from impnet_ros.cli import main
from impnet_ros.stream.play import play
from manual_executor import ManualExecutor
import numpy as np
import pytest
import torch

CPU = torch.device('cpu')
SPEED = 2
"""Pixels a frame that the red ball moves to the right; the blue one stands."""


def video(count: int, **options: int) -> list[Frame]:
    """Give a video at 25 Hz."""
    return [Frame(ball((60 + SPEED * n, 80, 0), (240, 120, 1), **options), n / 25)
            for n in range(count)]


def truth(number: int) -> list[list[int]]:
    """Give the boxes of a frame, by x: 24 pixels around each centre."""
    x = 60 + SPEED * number
    return [[x - 24, 56, x + 25, 105], [216, 96, 265, 145]]


def assert_right(boxes: Any, labels: Any, number: int, tolerance: float) -> None:
    """Compare what was found, in any order, with the truth."""
    order = np.argsort(np.asarray(boxes)[:, 0])
    assert np.asarray(labels)[order].tolist() == [0, 1]
    np.testing.assert_allclose(np.asarray(boxes)[order], truth(number), atol=tolerance)


@pytest.mark.parametrize('settings', [
    {'mode': 'per_frame'}, {'mode': 'sparse', 'box_memory': False}, {'mode': 'average'},
    {'box_memory': False}, {'box_memory': False, 'key_offset': 2},
    {'box_memory': True}, {'key_mode': 'async', 'box_memory': False}], ids=str)
def test_engine(settings: dict[str, Any]) -> None:
    """Each ball in each frame, within a cell, in every mode."""
    engine = Engine(BallDetector(CPU), StreamConfig(segment_length=4, **settings))
    results = [result for _, result in play(engine, video(12))]
    engine.close()
    for number, result in enumerate(results):
        assert_right(result.boxes, result.labels, number, 6)


def test_features_carry_what_a_spoilt_frame_does_not_show() -> None:
    """The third frame lost its colours: alone it shows nothing, the impression keeps both."""
    frames = video(4)
    frames[2] = Frame(video(4, strength=60)[2].image, frames[2].stamp_s)
    found = {}
    for mode in ('per_frame', 'average'):
        engine = Engine(BallDetector(CPU), StreamConfig(segment_length=1, mode=mode))
        found[mode] = [result for _, result in play(engine, frames)][2]
    assert len(found['per_frame']) == 0
    assert_right(found['average'].boxes, found['average'].labels, 2, 6)


def test_boxes_are_followed_with_their_identity() -> None:
    """One that gives boxes only needs no strides; the boxes follow the flow."""
    engine = Engine(BoxesOnlyBalls(CPU), StreamConfig(segment_length=5))
    results = [result for _, result in play(engine, video(12))]
    assert [result.is_key for result in results] == [True, False, False, False, False] * 2 + [
        True, False]
    for number, result in enumerate(results):
        assert_right(result.boxes, result.labels, number, 6)
        by_label = dict(zip(result.labels.tolist(), result.track_ids.tolist(), strict=True))
        first = results[0]
        assert by_label == dict(zip(first.labels.tolist(), first.track_ids.tolist(), strict=True))


@pytest.mark.parametrize('settings', [
    {'segment_length': 1}, {'segment_length': 3, 'key_offset': 2, 'box_memory': False},
    {'segment_length': 1, 'key_mode': 'async'}], ids=str)
def test_features_that_are_not_numbers_cost_the_memory_only(settings: dict[str, Any]) -> None:
    """Every frame is answered, empty where nothing can be said; then a new video begins."""
    frames = video(12)
    frames[5] = Frame(ball((80, 80, 0), mark=2), frames[5].stamp_s)
    engine = Engine(FailingBalls(CPU), StreamConfig(**settings), executor=ManualExecutor(0))
    results = [result for _, result in play(engine, frames)]
    engine.close()
    assert [result.stamp_s for result in results] == [frame.stamp_s for frame in frames]
    reasons = [result.reset_reason for result in results]
    assert reasons.count('not_finite') == 1
    begin = reasons.index('not_finite')
    assert 5 < begin <= 8 and len(results[begin - 1]) == 0
    for number in (*range(3), *range(begin, 12)):
        assert_right(results[number].boxes, results[number].labels, number, 6)


@pytest.mark.parametrize('size', [(5, 7), (16, 9), (40, 300)])
@pytest.mark.parametrize('kind', [BallDetector, BoxesOnlyBalls])
def test_pictures_of_any_size(kind: type[BallDetector], size: tuple[int, int]) -> None:
    """The base's parts work on a thumbnail too."""
    rng = np.random.default_rng(0)
    engine = Engine(kind(CPU), StreamConfig(segment_length=2))
    frames = [Frame(rng.integers(0, 255, (*size, 3), np.uint8), n / 25) for n in range(5)]
    results = [result for _, result in play(engine, frames)]
    assert [result.reset_reason for result in results] == ['start', '', '', '', '']


@pytest.mark.parametrize(('factory', 'message'), [
    ('no_such_module:make', 'cannot import no_such_module'),
    ('ball_detector:no_such', "no attribute 'no_such'"),
    ('ball_detector:STRIDE', 'expected a callable that takes a torch.device, got int'),
    ('ball_detector:make_nothing', 'expected it to give an impnet_ros Network, got str')])
def test_what_is_no_detector_is_told(factory: str, message: str) -> None:
    """One sentence each."""
    with pytest.raises(ValueError, match=message):
        load_network(factory, 'cpu')


def test_a_detector_is_held_to_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of the classes, and strides where features are to be carried."""
    assert load_network('ball_detector:make', 'cpu').class_names == ('red ball', 'blue ball')
    assert load_network('ball_detector:make_boxes_only', 'cpu').boxes_only
    with pytest.raises(ValueError, match="precision: expected 'float32' for model 'balls', got"):
        load_network('ball_detector:make', 'cpu', precision='bfloat16')
    with pytest.raises(ValueError, match="runtime: expected .*'torch' for model 'balls', got"):
        load_network('ball_detector:make', 'cpu', runtime='openvino')
    monkeypatch.setattr(BallDetector, 'strides', ())
    with pytest.raises(ValueError, match='expected strides'):
        load_network('ball_detector:make', 'cpu')
    monkeypatch.setattr(BallDetector, 'class_names', ())
    with pytest.raises(ValueError, match='expected class_names'):
        load_network('ball_detector:make', 'cpu')


@pytest.fixture(scope='module')
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the video as pictures."""
    folder = tmp_path_factory.mktemp('balls')
    for number, frame in enumerate(video(9)):
        cv2.imwrite(str(folder / f'{number}.png'), np.asarray(frame.image)[..., ::-1])
    return folder


@pytest.mark.parametrize('model', ['make', 'make_boxes_only'])
def test_detect(pictures: Path, tmp_path: Path, model: str) -> None:
    """The command gives what the engine gives, under the detector's own names."""
    file = tmp_path / 'found.json'
    assert main(['detect', str(pictures), '--model', f'ball_detector:{model}', '--l', '3',
                 '--device', 'cpu', '--fps', '25', '--quiet', '--json', str(file)]) == 0
    entries = json.loads(file.read_text())
    assert len(entries) == 9
    names = BallDetector.class_names
    for number, entry in enumerate(entries):
        assert_right(entry['boxes'], [names.index(name) for name in entry['labels']], number, 6)


def test_what_a_detector_cannot_is_refused(pictures: Path, capsys: pytest.CaptureFixture[str]
                                           ) -> None:
    """With the reason, and without a traceback."""
    assert main(['detect', str(pictures), '--model', 'ball_detector:make_boxes_only', '--mode',
                 'impression', '--device', 'cpu', '--quiet']) == 2
    assert 'cannot be carried, only boxes' in capsys.readouterr().err


@pytest.mark.parametrize(('model', 'modes'), [
    ('make', {'per_frame', 'sparse', 'impression'}), ('make_boxes_only', {'per_frame', 'sparse'})])
def test_bench(pictures: Path, tmp_path: Path, model: str, modes: set[str]) -> None:
    """The command measures it; one that gives boxes only in the modes that it has."""
    file = tmp_path / 'bench.json'
    assert main(['bench', '--model', f'ball_detector:{model}', '--input', str(pictures), '--size',
                 '320x192', '--l', '3', '--rounds', '1', '--frames', '3', '--device', 'cpu',
                 '--modes', 'impression', 'sparse', '--key-modes', 'sync', '--quiet',
                 '--json', str(file)]) == 0
    rows = json.loads(file.read_text())['rows']
    assert {row['mode'] for row in rows} == modes
    assert all(row['mean_ms'] > 0 for row in rows)


@pytest.fixture
def node(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
         ) -> Iterator[Any]:
    """Run the node with a detector of ours; give a client."""
    if not find_spec('rclpy'):
        pytest.skip('needs ROS')
    from ros_harness import Client, node_process
    path = os.environ.get('PYTHONPATH', '')
    monkeypatch.setenv('PYTHONPATH', f'{Path(__file__).parent / "support"}:{path}')
    with node_process(tmp_path / 'log', model=f'ball_detector:{request.param[0]}', key_mode='sync',
                      device='cpu', **request.param[1]):
        client = Client()
        yield client
        client.close()


def sent(client: Any, images: list[Any]) -> list[Any]:
    """Send pictures at 25 Hz; give the detections that came."""
    from ros_harness import image_message
    detections, status = client.listen_to()
    for number, image in enumerate(images):
        client.send(image_message(image, 10**12 + number * 40_000_000))
    return [detections, status]


@pytest.mark.ros
@pytest.mark.timeout(300)
@pytest.mark.parametrize('node', [('make', {'l': 3}), ('make_boxes_only', {'l': 3})],
                         indirect=True, ids=['dense', 'boxes only'])
def test_node(node: Any) -> None:
    """The node gives what is there, over DDS."""
    detections, status = sent(node, [frame.image for frame in video(7)])
    node.until(lambda: len(detections) == len(status) == 7)
    assert [item.is_key for item in status] == [True, False, False] * 2 + [True]
    names = BallDetector.class_names
    for number, message in enumerate(detections):
        boxes = [[item.bbox.center.position.x - item.bbox.size_x / 2,
                  item.bbox.center.position.y - item.bbox.size_y / 2,
                  item.bbox.center.position.x + item.bbox.size_x / 2,
                  item.bbox.center.position.y + item.bbox.size_y / 2]
                 for item in message.detections]
        labels = [names.index(item.results[0].hypothesis.class_id)
                  for item in message.detections]
        assert_right(boxes, labels, number, 6)
