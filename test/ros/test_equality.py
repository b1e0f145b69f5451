# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The node answers as the engine does on the same images: every mode, rounds, cameras."""
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from impnet_ros import Engine, Frame, load_network
from impnet_ros.ros.bags.write import write_bag
from impnet_ros.ros.parameters import read
from impnet_ros.ros.settings import Settings
from impnet_ros.stream.pacing import stagger
from impnet_ros.stream.play import play
from impnet_ros.stream.types import Detections
from impnet_ros.threads import on_threads
from impnet_ros.video import open_video
import numpy as np
import pytest
from rclpy.parameter import Parameter
from ros_harness import Client, image_message, node_process, process, stamp_of

pytestmark = [pytest.mark.ros, pytest.mark.timeout(300)]

COUNT = 14
START_NS = 1_700_000_000_000_000_000
THRESHOLD = 0.2
MODES = [
    {'mode': 'impression', 'l': 4, 'g': 1.0}, {'mode': 'impression', 'l': 5, 'g': 0.25},
    {'mode': 'average', 'l': 4}, {'mode': 'sparse', 'l': 4}, {'mode': 'per_frame'},
    {'mode': 'impression', 'l': 4, 'key_offset': 2}, {'mode': 'sparse', 'l': 5, 'key_offset': 4},
    {'mode': 'impression', 'l': 4, 'box_memory': False},
    {'mode': 'sparse', 'l': 4, 'box_memory': True},
]


@pytest.fixture(scope='module')
def bag(bikes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the clip's part with people on bicycles to a bag."""
    folder = tmp_path_factory.mktemp('bag')
    write_bag(bikes, folder / 'all', start_ns=START_NS, limit=110 + COUNT, quiet=True)
    return folder / 'all'


@pytest.fixture(scope='module')
def frames(bag: Path) -> list[Frame]:
    """Read the frames back, as `impnet detect` does."""
    return list(open_video(bag).frames)[-COUNT:]


@pytest.fixture(scope='module')
def network() -> Iterator[Any]:
    """Load the network in this process, on one thread as in the node."""
    with on_threads(1):
        yield load_network('nanodet_g', 'cpu')


def engine_of(network: Any, **changes: Any) -> Engine:
    """Make the engine that the node has with these parameters."""
    given = [Parameter(name, value=value) for name, value in changes.items()]
    settings = read(given, Settings(score_threshold=THRESHOLD))
    return Engine(network, settings.stream, settings.detection)


def offline(network: Any, frames: list[Frame], **changes: Any) -> list[Detections]:
    """Run the engine, as `impnet detect` does."""
    return [result for _, result in play(engine_of(network, **changes), frames)]


def assert_same(messages: list[Any], results: list[Detections], names: tuple[str, ...]) -> None:
    """Compare what the node published with what the engine gave, frame by frame."""
    assert len(messages) == len(results)
    boxes_seen = 0
    for message, result in zip(messages, results, strict=True):
        assert stamp_of(message) == pytest.approx(result.stamp_s * 1e9, abs=1000)
        found = message.detections
        assert [each.results[0].hypothesis.class_id for each in found] == [
            names[label] for label in result.labels.tolist()]
        scores = [each.results[0].hypothesis.score for each in found]
        assert scores == pytest.approx(result.scores.tolist(), abs=1e-6)
        boxes = np.array([[each.bbox.center.position.x, each.bbox.center.position.y,
                           each.bbox.size_x, each.bbox.size_y] for each in found]).reshape(-1, 4)
        x1, y1, x2, y2 = result.boxes.numpy().T
        expected = np.stack([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], 1)
        assert np.allclose(boxes, expected, atol=1e-2)
        boxes_seen += len(boxes)
    assert boxes_seen > len(results)


def send(client: Client, frame: Frame, answers: list[Any], count: int,
         topic: str = 'image') -> None:
    """Send a frame of the bag and wait for so many answers; a frame that waits gets its time."""
    before = len(answers)
    client.send(image_message(frame.image, round(frame.stamp_s * 1e9)), topic)
    client.until(lambda: len(answers) >= before + count)
    if not count:
        client.spin(0.05)


def answered_by(engine: Engine, frames: list[Frame]) -> list[int]:
    """Count the answers that each frame brings."""
    state, counts = engine.reset(), []
    for frame in frames:
        results, state = engine.step(frame, state)
        counts.append(len(results))
    return counts


def test_every_mode(tmp_path: Path, network: Any, frames: list[Frame]) -> None:
    """One image after the other, in each mode; those that wait are flushed by a reset."""
    with node_process(tmp_path / 'log', score_threshold=THRESHOLD, key_mode='sync'):
        client = Client()
        detections, status = client.listen_to()
        defaults = {'mode': 'impression', 'l': 10, 'g': 1.0, 'key_offset': 0, 'box_memory': 'auto'}
        for changes in MODES:
            client.reset()
            assert client.set(**{**defaults, **changes}) == ''
            detections.clear()
            status.clear()
            results = offline(network, frames, **changes)
            counts = answered_by(engine_of(network, **changes), frames)
            for frame, count in zip(frames, counts, strict=True):
                send(client, frame, status, count)
            client.reset()
            client.until(lambda: len(status) >= len(results))  # noqa: B023
            client.until(lambda: len(detections) >= len(results))  # noqa: B023
            assert_same(detections, results, network.class_names)
            assert [each.is_key for each in status] == [each.is_key for each in results]
            assert [each.age for each in status] == [each.age for each in results]
            assert [each.mean_weight for each in status] == pytest.approx(
                [each.mean_weight for each in results], abs=1e-5)
            with_boxes = changes.get('box_memory', changes['mode'] == 'impression'
                                     and 'key_offset' not in changes)
            assert all((each.boxes_ms > 0) == with_boxes for each in status)
        client.close()


def test_two_cameras_equal_two_single_runs(tmp_path: Path, network: Any,
                                           frames: list[Frame]) -> None:
    """
    Different videos on two cameras of one node, image by image in turn.

    Staggering shortens the second camera's first segment; the single run does the same. The node
    has two threads here: what runs beside the features of its key frames changes nothing.
    """
    settings = Settings(segment_length=4, score_threshold=THRESHOLD)
    videos = {'front': frames, 'rear': [Frame(frame.image[:, ::-1], frame.stamp_s)
                                        for frame in frames]}
    with node_process(tmp_path / 'log', cameras='[front, rear]', l=4, threads=2,
                      score_threshold=THRESHOLD, key_mode='sync'):
        client = Client()
        heard = {name: client.listen_to(name) for name in videos}
        for pair in zip(*videos.values(), strict=True):
            for name, frame in zip(videos, pair, strict=True):
                send(client, frame, heard[name][1], 1, f'{name}/image')
        for detections, status in heard.values():
            client.until(lambda: min(len(detections), len(status)) == COUNT)  # noqa: B023
        client.close()
    engine = Engine(network, settings.stream, settings.detection)
    for (name, video), phase in zip(videos.items(), (0, 2), strict=True):
        state, results = stagger(engine.reset(), phase, settings.stream), []
        for index, frame in enumerate(video):
            found, state = engine.step(frame, state)
            results += found
            if index == 0:
                state = stagger(state, phase, settings.stream)
        detections, status = heard[name]
        assert_same(detections, results, network.class_names)
        assert {each.camera for each in status} == {name}
        assert [index for index, each in enumerate(status) if each.is_key] == (
            [0, 4, 8, 12] if name == 'front' else [0, 2, 6, 10])
        assert detections[0].header.frame_id == 'camera'


def test_a_looped_bag(tmp_path: Path, network: Any, bag: Path, frames: list[Frame]) -> None:
    """Played by the player, reliable and slowly, with /clock: every round as offline."""
    short = tmp_path / 'short'
    write_bag_part(bag, short)
    with node_process(tmp_path / 'log', score_threshold=THRESHOLD, l=4, use_sim_time=True,
                      key_mode='sync'):
        client = Client()
        detections, status = client.listen_to()
        with process('bags.play', str(short), '--loop', '--rate', '0.25', '--reliable', '--quiet',
                     '--clock', '20', '--wait', '60'):
            client.until(lambda: min(len(detections), len(status)) >= 2 * COUNT, 120)
        client.close()
    lost = status[2 * COUNT - 1].frames_lost
    if lost:
        pytest.skip(f'this machine lost {lost} of {2 * COUNT} images at 6 Hz: nothing to compare')
    results = offline(network, frames, l=4)
    for start in (0, COUNT):
        assert_same(detections[start:start + COUNT], results, network.class_names)
    assert status[0].reset_reason == 'start'
    assert status[COUNT].reset_reason in ('clock_jump', 'backward_stamp')
    assert {each.reset_reason for each in status[1:COUNT]} == {''}


def write_bag_part(bag: Path, part: Path) -> None:
    """Copy the last COUNT messages of a bag."""
    from impnet_ros.ros.bags.storage import recorded_qos, VERSION
    from impnet_ros.video import open_bag
    from rosbags.rosbag2 import StoragePlugin, Writer
    with open_bag(bag) as reader, Writer(part, version=VERSION,
                                         storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection(
            '/image', 'sensor_msgs/msg/Image', typestore=reader.typestore,
            offered_qos_profiles=[recorded_qos()])
        for _, time_ns, data in list(reader.messages())[-COUNT:]:
            writer.write(connection, time_ns, data)
