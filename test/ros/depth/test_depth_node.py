# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The depth node over DDS: what it publishes, what it refuses and says, how it survives."""
from collections.abc import Iterator
from pathlib import Path
import signal

from depth_client import (BOX, camera_info, depth_message, depth_node, DepthClient,
                          detections_message, FOCAL, FRAME, HEIGHT, NEAR, PERIOD_NS,
                          scene, START_NS, WIDTH)
from impnet_ros.msg import ObjectVelocities
from lifecycle_msgs.srv import ChangeState
import numpy as np
import pytest
from ros_harness import stamp_of
from sensor_msgs.msg import CameraInfo, Image
from vision_msgs.msg import Detection2DArray
from visualization_msgs.msg import Marker, MarkerArray

pytestmark = pytest.mark.ros


@pytest.fixture(scope='module')
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DepthClient, Path]]:
    """Run a node as it comes, for many tests, and speak to it; Ctrl-C ends it without a word."""
    log = tmp_path_factory.mktemp('depth') / 'node.log'
    with depth_node(log) as running:
        made = DepthClient()
        yield made, log
        made.close()
        running.send_signal(signal.SIGINT)
        assert running.wait(20) == 0
    assert 'Traceback' not in log.read_text()


@pytest.fixture
def client(shared: tuple[DepthClient, Path]) -> DepthClient:
    """Give the client of a node that has forgotten everything."""
    made = shared[0]
    if made.state() == 'active':
        assert made.change_state('deactivate')
    assert made.change_state('activate')
    made.results.clear()
    return made


@pytest.mark.parametrize('encoding', ['16UC1', '32FC1'])
def test_a_square_before_a_wall(client: DepthClient, encoding: str) -> None:
    """Stamp, frame, id, class and score are copied; place and size are those of the square."""
    client.ready(camera_info())
    client.frame(0, encoding=encoding)
    message = client.answer(1)
    assert stamp_of(message) == START_NS
    assert message.header.frame_id == FRAME
    [thing] = message.detections
    assert thing.id == '7' and thing.header == message.header
    result = thing.results[0]
    assert (result.hypothesis.class_id, result.hypothesis.score) == ('person', 0.75)
    width = (BOX[2] - BOX[0]) / FOCAL * NEAR
    position = thing.bbox.center.position
    assert position.z == pytest.approx(NEAR + 0.25 * width, abs=0.05)
    assert (position.x, position.y) == pytest.approx((0, 0), abs=0.02)
    assert thing.bbox.size.x == pytest.approx(width, rel=0.15)
    assert 0.05 <= thing.bbox.size.z < 1
    assert result.pose.pose == thing.bbox.center
    covariance = result.pose.covariance.reshape(6, 6)
    assert (np.linalg.eigvalsh(covariance) > 0).all()


def test_one_message_for_each(client: DepthClient) -> None:
    """Empty ones are answered too, and boxes without depth are left out and counted."""
    client.ready(camera_info())
    client.frame(0, boxes=(), ids=())
    assert client.answer(1).detections == []
    hole = scene()
    hole[:, :60] = 0
    client.frame(1, hole, boxes=(BOX, (5, 5, 50, 100), (np.nan, 0, 5, 5)), ids=('1', '2', '3'))
    assert [each.id for each in client.answer(2).detections] == ['1']
    client.frame(2, np.zeros((HEIGHT, WIDTH)))
    assert client.answer(3).detections == []
    client.frame(3, np.full((HEIGHT, WIDTH), np.nan), encoding='32FC1', ids=('9',))
    assert client.answer(4).detections == []
    client.why('nothing but holes')


def test_another_size(client: DepthClient) -> None:
    """A smaller depth image of the same camera is scaled to, by both CameraInfos."""
    client.ready(camera_info())
    double = tuple(2 * value for value in BOX)
    client.frame(0, boxes=(tuple(2 * value for value in (100, 70, 150, 110)),))
    client.why('send the CameraInfo')
    client.publisher('camera_info', CameraInfo).publish(
        camera_info(2 * FOCAL, (2 * WIDTH, 2 * HEIGHT)))
    client.spin(0.3)
    client.frame(1, boxes=(double,))
    position = client.answer(1).detections[0].bbox.center.position
    assert (position.x, position.y) == pytest.approx((0, 0), abs=0.03)
    assert position.z == pytest.approx(NEAR + 0.2, abs=0.05)


@pytest.mark.parametrize(('case', 'text'), [
    ('encoding', "16UC1 (mm) or 32FC1 (m), got 'rgb8'"),
    ('millimetres', 'beyond max_range'),
    ('frames', 'register'),
    ('focal', 'focal lengths above 0'),
    ('distortion', 'rectified:=true'),
    ('information size', 'is for 320 x 240'),
    ('no information', 'no camera_info of the depth image has come'),
    ('late', 'ms older than the detections'),
])
def test_what_is_wrong_is_said(client: DepthClient, shared: tuple[DepthClient, Path], case: str,
                               text: str) -> None:
    """One sentence in the diagnostics and in the log, no guess in the results; then it goes on."""
    wrong_info = {'focal': camera_info(0.0), 'distortion': camera_info(distortion=(0.1, 0.0)),
                  'information size': camera_info(size=(320, 240)), 'no information': None}
    client.ready(wrong_info.get(case, camera_info()))
    image, boxes = client.publisher('depth/image', Image), client.publisher(
        'detections', Detection2DArray)
    for index in range(3):
        stamp_ns = START_NS + index * PERIOD_NS
        depth, seen = depth_message(scene(), stamp_ns), detections_message(stamp_ns)
        if case == 'encoding':
            depth.encoding = 'rgb8'
        elif case == 'millimetres':
            depth = depth_message(scene() * 1000, stamp_ns, '32FC1')
        elif case == 'frames':
            depth.header.frame_id = 'elsewhere'
        elif case == 'late':
            depth = depth_message(scene(), stamp_ns - 140_000_000 - 2 * PERIOD_NS)
        image.publish(depth)
        boxes.publish(seen)
    client.why(text)
    client.until(lambda: text in shared[1].read_text(), 5)
    assert all(each.detections == [] for each in client.results)
    count = len(client.results)
    client.publisher('depth/camera_info', CameraInfo).publish(camera_info())
    client.spin(0.3)
    client.frame(40)
    assert len(client.answer(count + 1).detections) == 1


def test_depth_that_comes_late(client: DepthClient) -> None:
    """Detections wait for a depth image that arrives 140 ms after them."""
    client.ready(camera_info())
    client.publisher('detections', Detection2DArray).publish(detections_message(START_NS))
    client.spin(0.14)
    assert client.results == []
    client.publisher('depth/image', Image).publish(depth_message(scene(), START_NS + 4_000_000))
    assert stamp_of(client.answer(1)) == START_NS


def test_stamps_of_zero(client: DepthClient) -> None:
    """Arrival takes the place of stamps that are all 0, and it is told."""
    client.ready(camera_info())
    for count in range(3):
        client.publisher('depth/image', Image).publish(depth_message(scene(), 0))
        client.publisher('detections', Detection2DArray).publish(detections_message(0))
        message = client.answer(count + 1)
        assert stamp_of(message) == 0 and len(message.detections) == 1
    client.why('stamps are 0')


def test_motion_and_a_frame_without_depth(client: DepthClient) -> None:
    """An object that comes nearer at 1 m/s gets that velocity, and is carried through a hole."""
    client.ready(camera_info())
    velocities = client.listen('velocities', ObjectVelocities)
    for index in range(25):
        client.frame(index, scene(4.0 - index * PERIOD_NS * 1e-9, 8.0))
        client.answer(index + 1)
    client.frame(25, np.zeros((HEIGHT, WIDTH)))
    carried = client.answer(26).detections[0]
    client.until(lambda: len(velocities) >= 26)
    told = velocities[-1]
    assert told.ids == ['7']
    assert told.velocities[0].z == pytest.approx(-1.0, abs=0.25)
    assert told.unseen_s[0] == pytest.approx(PERIOD_NS * 1e-9, abs=1e-3)
    before = client.results[-2].detections[0]
    assert carried.bbox.center.position.z < before.bbox.center.position.z + 0.02
    client.publisher('detections', Detection2DArray).publish(
        detections_message(START_NS + 40 * PERIOD_NS))
    client.why('no depth image matches')
    assert carried.results[0].hypothesis.class_id == 'person'


def test_markers(client: DepthClient) -> None:
    """Boxes and labels come while somebody watches, and go when the object does."""
    client.ready(camera_info())
    client.frame(0)
    client.answer(1)
    shown = client.listen('markers', MarkerArray)
    client.spin(0.5)
    assert shown == []
    client.frame(1)
    client.until(lambda: len(shown) >= 2)
    assert shown[0].markers[0].action == Marker.DELETEALL
    box, label = shown[1].markers
    assert (box.type, box.action) == (Marker.CUBE, Marker.ADD)
    assert label.text.startswith('person 7 2.')
    client.frame(2, boxes=(), ids=())
    client.until(lambda: len(shown) >= 3)
    assert {(each.ns, each.id, each.action) for each in shown[2].markers} == {
        (box.ns, box.id, Marker.DELETE), (label.ns, label.id, Marker.DELETE)}
    client.frame(3)
    client.until(lambda: len(shown) >= 4)
    assert client.change_state('deactivate')
    client.until(lambda: shown[-1].markers[0].action == Marker.DELETEALL, 5)


def test_states_parameters_and_strangers(client: DepthClient, shared: tuple[DepthClient, Path]
                                         ) -> None:
    """Nothing that is sent ends the node; what cannot be is refused with a reason."""
    assert 'keep' in client.set(keep=-1.0)
    assert 'expected a number' in client.set(slop='much')
    assert 'read-only' in client.set(depth_topic='other')
    assert client.set(keep=1, thickness=0) == ''
    assert client.set(keep=0.5, thickness=0.5) == ''
    request = ChangeState.Request()
    request.transition.id = 99
    client.call('change_state', ChangeState, request)
    assert client.state() == 'active'
    client.ready(camera_info())
    assert client.change_state('deactivate')
    client.frame(0)
    client.spin(0.3)
    assert client.results == []
    assert client.change_state('cleanup')
    assert client.change_state('configure')
    assert client.change_state('activate')
    client.until(lambda: client.node.count_publishers('detections_3d') == 1)
    client.spin(0.5)
    client.ready(camera_info())
    broken = depth_message(scene(), START_NS)
    broken.step, broken.height = 3, 4_000_000_000
    client.publisher('depth/image', Image).publish(broken)
    client.spin(0.3)
    client.frame(5)
    assert len(client.answer(1).detections) == 1
    assert 'max_image_pixels' in shared[1].read_text()


def test_a_bag_that_loops(client: DepthClient) -> None:
    """Time that goes back is no reason to stop."""
    client.ready(camera_info())
    for index in (*range(100, 106), *range(6)):
        client.frame(index)
        client.spin(0.03)
    client.answer(12)
    assert [round((stamp_of(message) - START_NS) / PERIOD_NS) for message in client.results] == [
        *range(100, 106), *range(6)]
