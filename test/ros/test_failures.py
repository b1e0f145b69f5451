# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The node with a detector that breaks, and images that stay away, over DDS."""
from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
from typing import Any

from ball_detector import ball
import numpy as np
import pytest
from ros_harness import (await_text, Client, image_message, node_process, process,
                         stamp_of)

pytestmark = [pytest.mark.ros, pytest.mark.timeout(300)]

PERIOD_NS = 40_000_000
START_NS = 10**12
BALL = (80, 80, 0)
SUPPORT = Path(__file__).parents[1] / 'support'


@pytest.fixture(autouse=True)
def own_detectors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the node import them."""
    monkeypatch.setenv('PYTHONPATH', f'{SUPPORT}:{os.environ.get("PYTHONPATH", "")}')


@contextmanager
def running(tmp_path: Path, factory: str, **parameters: Any) -> Iterator[tuple[Any, ...]]:
    """Run the node; give a client, its detections and its status."""
    with node_process(tmp_path / 'log', model=f'ball_detector:{factory}', device='cpu',
                      **parameters):
        client = Client()
        yield client, *client.listen_to()
        client.close()


def send(client: Client, number: int, image: np.ndarray) -> None:
    """Send an image at 25 Hz."""
    client.send(image_message(image, START_NS + number * PERIOD_NS))


def numbers(messages: list[Any]) -> list[int]:
    """Give the numbers of the images that messages belong to."""
    return [(stamp_of(each) - START_NS) // PERIOD_NS for each in messages]


def test_an_error_in_the_network_costs_its_frames_only(tmp_path: Path) -> None:
    """Key frame 2 breaks, with it 0 and 1, which waited; 3, 4 and 5 are answered as they are."""
    with running(tmp_path, 'make_failing', l=4, key_offset=2) as (client, detections, status):
        for number, mark in enumerate((100, 100, 1, 100, 100, 100)):
            send(client, number, ball(BALL, mark=mark))
        client.until(lambda: len(detections) >= 3 and len(status) >= 3)
        client.spin(0.5)
        assert numbers(detections) == numbers(status) == [3, 4, 5]
        assert [each.reset_reason for each in status] == ['error', '', '']
        assert [len(each.detections) for each in detections] == [1, 1, 1]
        values = {item.key: item.value for item in client.diagnostics()['/image'].values}
        assert any('error' in key and value.startswith('1') for key, value in values.items()), (
            values)


def test_features_that_are_not_numbers_are_told(tmp_path: Path) -> None:
    """The frame is answered, empty; the next one says why a new video begins."""
    with running(tmp_path, 'make_failing', l=1) as (client, detections, status):
        for number, mark in enumerate((100, 2, 100)):
            send(client, number, ball(BALL, mark=mark))
        client.until(lambda: len(detections) == len(status) == 3)
        assert [len(each.detections) for each in detections] == [1, 0, 1]
        assert [each.reset_reason for each in status] == ['start', '', 'not_finite']


def test_images_whose_key_frame_stays_away_are_answered(tmp_path: Path) -> None:
    """Two wait for a third that never comes; after max_gap they have waited long enough."""
    with running(tmp_path, 'make', l=6, key_offset=2, max_gap=0.5) as (client, found, status):
        send(client, 0, ball(BALL))
        send(client, 1, ball(BALL))
        client.until(lambda: len(found) == len(status) == 2)
        assert numbers(found) == [0, 1] and [each.age for each in status] == [-1, 0]
        assert [len(each.detections) for each in found] == [1, 1]
        send(client, 2, ball(BALL))
        client.until(lambda: len(status) == 3)
        assert status[-1].reset_reason == 'gap'


@pytest.mark.parametrize('threads', [1, 3])
def test_the_network_has_the_threads_that_it_was_given(tmp_path: Path, threads: int) -> None:
    """The detector itself reports them."""
    with running(tmp_path, 'make_teller', threads=threads, mode='per_frame',
                 score_threshold=0.05) as (client, detections, _):
        send(client, 0, ball())
        client.until(lambda: len(detections) == 1)
        [found] = detections[0].detections
        assert found.results[0].hypothesis.score == pytest.approx(threads / 10)


@pytest.mark.parametrize('remapping', [
    'annotated_image:=image', 'image:=annotated_image', 'detections:=image', 'image:=status'])
def test_a_node_does_not_take_its_own_topics_for_images(tmp_path: Path, remapping: str) -> None:
    """It would never end: such a remapping is refused, and the node lives on."""
    log = tmp_path / 'log'
    with process('node', '--ros-args', '-p', 'model:=ball_detector:make', '-p', 'device:=cpu',
                 '-r', remapping, log=log) as running:
        await_text(log, 'stays unconfigured', running)
        client = Client()
        assert client.state() == 'unconfigured'
        client.close()
    assert running.returncode == 0
    assert 'it would answer its own' in log.read_text()
