# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The topic detections_now: a street that passes by at a known speed, under a clock of our own."""
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from impnet_ros.video import open_video
import numpy as np
import pytest
from ros_harness import Client, image_message, node_process, stamp_of
from rosgraph_msgs.msg import Clock
from vision_msgs.msg import Detection2DArray

pytestmark = [pytest.mark.ros, pytest.mark.timeout(300)]

SECOND_NS = 1_000_000_000
PERIOD_NS = SECOND_NS // 25
STEP = 4
"""Pixels between two pictures: 100 a second."""
DELAY_NS = SECOND_NS // 5
"""Age of each picture when it is answered: its objects are 20 pixels further left by then."""
COUNT = 9


@pytest.fixture(scope='module')
def pictures(bikes: Path) -> list[np.ndarray]:
    """Give a camera's view that turns to the right over one picture of a street."""
    for index, frame in enumerate(open_video(bikes).frames):
        if index == 110:
            street = np.asarray(frame.image)
            width = street.shape[1] - COUNT * STEP
            return [np.ascontiguousarray(street[:, STEP * number:][:, :width])
                    for number in range(COUNT)]
    raise AssertionError('the clip is shorter')


@pytest.fixture
def client() -> Iterator[Client]:
    """Give a client of the node."""
    made = Client()
    yield made
    made.close()


class Street:
    """Show pictures to a node whose time we tell."""

    def __init__(self, client: Client) -> None:
        """Listen to the detections and tell the time on /clock."""
        self.client, self.stamp_ns = client, 1000 * SECOND_NS
        self.detections = client.listen('detections')
        self._clock = client.node.create_publisher(Clock, '/clock', 10)
        client.until(lambda: self._clock.get_subscription_count() > 0)
        client.spin(0.3)

    def show(self, pictures: list[np.ndarray], delay_ns: int = DELAY_NS) -> None:
        """Send pictures; the node believes each to be so old."""
        for picture in pictures:
            self.stamp_ns += PERIOD_NS
            now = Clock()
            now.clock.sec, now.clock.nanosec = divmod(self.stamp_ns + delay_ns, SECOND_NS)
            self._clock.publish(now)
            self.client.parameter('l')
            count = len(self.detections)
            self.client.send(image_message(picture, self.stamp_ns))
            self.client.until(lambda: len(self.detections) > count)  # noqa: B023
            self.client.spin(0.1)  # the other topic follows, at the time that is told now


def boxes_of(message: Detection2DArray) -> np.ndarray:
    """Give centres and sizes, (N, 4)."""
    return np.array([[each.bbox.center.position.x, each.bbox.center.position.y, each.bbox.size_x,
                      each.bbox.size_y] for each in message.detections]).reshape(-1, 4)


@pytest.mark.parametrize('changes', [{}, {'box_memory': True}, {'mode': 'per_frame'}])
def test_boxes_are_where_their_objects_are_by_then(
        tmp_path: Path, client: Client, pictures: list[np.ndarray],
        changes: dict[str, Any]) -> None:
    """Moved by nearly the 20 pixels; stamped with that instant; all else as in `detections`."""
    with node_process(tmp_path / 'log', use_sim_time=True, detections_now=True, l=4,
                      key_mode='sync', **changes):
        street = Street(client)
        now = client.listen('detections_now')
        client.spin(0.3)
        street.show(pictures)
        client.until(lambda: len(now) == COUNT - 1)
    width = pictures[0].shape[1]
    moved = []
    for seen, later in zip(street.detections[1:], now, strict=True):
        assert stamp_of(later) == stamp_of(seen) + DELAY_NS
        assert later.header.frame_id == 'camera'
        assert all(each.header == later.header for each in later.detections)
        names = [each.results[0].hypothesis.class_id for each in seen.detections]
        assert [each.results[0] for each in later.detections] == [
            each.results[0] for each in seen.detections]
        assert [each.id for each in later.detections] == [each.id for each in seen.detections]
        before, after = boxes_of(seen), boxes_of(later)
        assert 'person' in names
        # Boxes at the picture's edge are cut by it.
        free = (before[:, 0] - before[:, 2] / 2 > 30) & (
            before[:, 0] + before[:, 2] / 2 < width - 10)
        assert free.any()
        moved.append((after - before)[free])
    way = np.concatenate(moved)
    error_before, error_after = 20.0, np.abs(way[:, 0] + 20)
    assert np.median(error_after) < 0.2 * error_before
    assert error_after.mean() < 0.4 * error_before
    assert np.abs(way[:, 1]).mean() < 2


def test_detections_stay_as_they_are(tmp_path: Path, pictures: list[np.ndarray]) -> None:
    """Bit for bit, whether the other topic is offered and heard or not; by default it is not."""
    rounds = []
    for offered in (False, True):
        client = Client()
        options = {'detections_now': True} if offered else {}
        with node_process(tmp_path / f'{offered}', use_sim_time=True, l=4,
                          key_mode='sync', **options):
            street = Street(client)
            if offered:
                now = client.listen('detections_now')
                client.spin(0.3)
            else:
                assert client.node.count_publishers('detections_now') == 0
                assert 'read-only' in client.set(detections_now=True)
            street.show(pictures)
            client.until(lambda: not offered or len(now) == COUNT - 1)  # noqa: B023
        client.close()
        rounds.append(street.detections)
    assert rounds[0] == rounds[1]
    assert sum(len(each.detections) for each in rounds[0]) > COUNT


def test_nothing_is_guessed(tmp_path: Path, client: Client, pictures: list[np.ndarray]) -> None:
    """Without a picture before, without a common clock, or when an image is over a second old."""
    log = tmp_path / 'log'
    with node_process(log, use_sim_time=True, detections_now=True, key_offset=2, l=4):
        street = Street(client)
        now = client.listen('detections_now')
        client.spin(0.3)
        assert client.set(key_offset=0) == ''
        street.show(pictures[:1])
        assert now == []
        street.show(pictures[1:3], delay_ns=1_100_000_000)
        street.show(pictures[3:4], delay_ns=-SECOND_NS)
        client.spin(0.3)
        assert now == []
        assert log.read_text().count('nothing for images that are over 1 s') == 1
        street.show(pictures[4:5], delay_ns=-SECOND_NS // 50)
        client.until(lambda: len(now) == 1)
        assert now[0] == street.detections[-1]
