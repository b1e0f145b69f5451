# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The node as a process of its own, spoken to over DDS."""
from collections.abc import Iterator
import math
from pathlib import Path

import cv2
from diagnostic_msgs.msg import DiagnosticStatus
from impnet_ros.images import decode_compressed
from impnet_ros.ros import qos
from impnet_ros.video import open_video
import numpy as np
import pytest
from ros_harness import Client, image_message, node_process, stamp_of
from sensor_msgs.msg import CompressedImage, Image

pytestmark = [pytest.mark.ros, pytest.mark.timeout(300)]

SECOND_NS = 1_000_000_000
PERIOD_NS = SECOND_NS // 25


class Session:
    """A running node, its client, and a clock for stamps that never goes back by accident."""

    def __init__(self, client: Client) -> None:
        """Listen to the node's results."""
        self.client = client
        self.detections, self.status = client.listen_to()
        self.now_ns = 1_700_000_000 * SECOND_NS

    def send(self, image: np.ndarray, step_ns: int = PERIOD_NS, **options: object
             ) -> tuple[object, object]:
        """Send an image; give its detections and status."""
        self.now_ns += step_ns
        counts = len(self.detections), len(self.status)
        self.client.send(image_message(image, self.now_ns, **options))
        self.client.until(lambda: len(self.detections) > counts[0]
                          and len(self.status) > counts[1])
        answer = self.detections[-1], self.status[-1]
        assert stamp_of(answer[0]) == stamp_of(answer[1]) == self.now_ns
        return answer

    def send_waiting(self, image: np.ndarray) -> None:
        """Send an image that is not answered yet."""
        self.now_ns += PERIOD_NS
        counts = len(self.detections), len(self.status)
        self.client.send(image_message(image, self.now_ns))
        self.client.spin(0.1)
        assert counts == (len(self.detections), len(self.status))


@pytest.fixture(scope='module')
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """Run one node for all tests here."""
    log = tmp_path_factory.mktemp('node') / 'log'
    with node_process(log, l=4, key_mode='sync', score_threshold=0.3,
                      max_image_pixels=2_000_000) as running:
        client = Client()
        yield Session(client)
        client.close()
    assert running.returncode == 0
    assert 'Traceback' not in log.read_text()


@pytest.fixture(autouse=True)
def afresh(session: Session) -> None:
    """Begin each test without memory."""
    session.client.reset()
    session.now_ns += 100 * SECOND_NS


@pytest.fixture(scope='module')
def street(bikes: Path) -> np.ndarray:
    """Give a picture with people and a bicycle."""
    for index, frame in enumerate(open_video(bikes).frames):
        if index == 110:
            return np.asarray(frame.image)
    raise AssertionError('the clip is shorter')


BLACK = np.zeros((48, 64, 3), np.uint8)


def test_a_black_image_gives_an_empty_message(session: Session) -> None:
    """Header copied, nothing in it; the status says how it was processed."""
    answer = session.send(BLACK, frame_id='left')
    detections, status = answer
    assert len(detections.detections) == 0
    assert detections.header == status.header
    assert detections.header.frame_id == 'left'
    assert status.is_key
    assert status.age == 0
    assert status.reset_reason == 'request'
    assert (status.model, status.mode, status.device, status.l, status.g) == (
        'nanodet_g', 'sparse', 'cpu', 4, 1.0)
    assert status.camera == '/image'
    assert status.features_ms > 0
    assert status.flow_ms == 0
    assert status.total_ms >= status.features_ms
    assert math.isnan(status.latency_ms)


def test_segments_and_ages(session: Session) -> None:
    """One key frame in every four."""
    statuses = [session.send(BLACK)[1] for _ in range(9)]
    assert [status.is_key for status in statuses] == [True, False, False, False] * 2 + [True]
    assert [status.age for status in statuses] == [0, 1, 2, 3] * 2 + [0]
    assert [status.reset_reason for status in statuses] == ['request'] + [''] * 8
    counts = [status.frames_processed for status in statuses]
    assert counts == list(range(counts[0], counts[0] + 9))


def test_real_objects_in_pixels_of_the_image(session: Session, street: np.ndarray) -> None:
    """A person, by name, inside the picture; twice as large a picture, boxes twice as large."""
    small = session.send(street)
    session.client.reset()
    large = session.send(cv2.resize(street, None, fx=2, fy=2))
    people = [[each for each in answer[0].detections
               if each.results[0].hypothesis.class_id == 'person'] for answer in (small, large)]
    assert people[0] and people[1]
    height, width = street.shape[:2]
    one, other = people[0][0].bbox, people[1][0].bbox
    assert 0 <= one.center.position.x <= width
    assert 0 <= one.center.position.y <= height
    assert one.size_x > 10
    assert other.center.position.x == pytest.approx(2 * one.center.position.x, rel=0.1)
    assert other.size_y == pytest.approx(2 * one.size_y, rel=0.15)


@pytest.mark.parametrize(('encoding', 'convert'), [
    ('bgr8', lambda image: image[..., ::-1]),
    ('rgba8', lambda image: np.dstack([image, image[..., :1]])),
    ('mono8', lambda image: cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)),
])
def test_encodings_and_padding(session: Session, street: np.ndarray, encoding: str,
                               convert: object) -> None:
    """Colours in any order give the boxes of rgb8; gray is answered too."""
    expected = session.send(street)
    session.client.reset()
    answer = session.send(convert(street), encoding=encoding, padding=7)  # type: ignore[operator]
    if encoding != 'mono8':
        assert answer[0].detections == _with_header(expected, answer)


def _with_header(expected: tuple[object, object], answer: tuple[object, object]) -> list[object]:
    for each in expected[0].detections:
        each.header = answer[0].header
    return list(expected[0].detections)


def test_bad_images_among_good_ones(session: Session) -> None:
    """Every good image is answered, none of the bad ones; the diagnostics count them."""
    random = np.random.default_rng(1)
    before = _refused(session)
    bad = 0
    session.client.publisher()
    for index in range(200):
        if index % 5 == 0:
            session.send(BLACK)
            continue
        session.now_ns += 1
        message = image_message(BLACK, session.now_ns)
        kind = index % 5
        if kind == 1:
            message.data = message.data[:int(random.integers(len(message.data)))]
        elif kind == 2:
            message.encoding = str(random.choice(['', 'rgb9', '32FC1', 'x' * 1000]))
        elif kind == 3:
            message.height, message.width = (int(size) for size in random.integers(1, 2**32, 2))
        else:
            message.step = int(random.integers(0, 191))
        session.client.send(message)
        bad += 1
    session.client.until(lambda: _refused(session) == before + bad)


def _refused(session: Session) -> int:
    """Count the images refused, and those that newer ones replaced while the node was busy."""
    counted = _camera(session)
    return int(counted['images refused']) + int(counted['images lost'])


def _camera(session: Session) -> dict[str, str]:
    status = session.client.diagnostics()['/image']
    return {each.key: each.value for each in status.values}


def test_reasons_for_a_new_video(session: Session) -> None:
    """Told with the first frame of the new video, and counted."""
    session.send(BLACK)
    reasons = []
    for step_ns, options in ((-SECOND_NS, {}), (10 * SECOND_NS, {}),
                             (PERIOD_NS, {'encoding': 'bgr8'}),
                             (PERIOD_NS, {'encoding': 'bgr8', 'frame_id': 'other'})):
        answer = session.send(BLACK, step_ns, **options)
        reasons.append(answer[1].reset_reason)
        assert answer[1].is_key
        session.send(BLACK, **options)  # odd steps in a row would make the stamps absurd
    answer = session.send(BLACK[:40], encoding='bgr8', frame_id='other')
    reasons.append(answer[1].reset_reason)
    assert reasons == ['backward_stamp', 'gap', 'encoding', 'frame_id', 'size']
    counted = _camera(session)
    for reason in (*reasons, 'request'):
        assert int(counted[f'resets: {reason}']) >= 1


def test_parameters_change_at_the_next_segment(session: Session) -> None:
    """Set while images flow; what does not fit is rejected with a reason."""
    client = session.client
    session.send(BLACK)
    assert client.set(l=2, g=0.5) == ''
    statuses = [session.send(BLACK)[1] for _ in range(6)]
    assert [status.l for status in statuses] == [4, 4, 4, 2, 2, 2]
    assert [status.is_key for status in statuses] == [False, False, False, True, False, True]
    assert statuses[-1].g == 0.5
    assert 'key_offset' in client.set(key_offset=5)
    assert 'read-only' in client.set(device='cuda')
    assert 'unicorn' in client.set(classes=['unicorn'])
    assert client.set(l=4, g=1) == ''


def test_a_storm_of_parameters(session: Session) -> None:
    """Sixty changes while images flow: every image is answered, the last change holds."""
    for index in range(60):
        said = session.client.set(l=1 + index % 7, key_offset=0, g=(index % 3) / 2,
                                  mode=('impression', 'average', 'sparse', 'per_frame')[index % 4])
        assert said == ''
        if index % 3 == 0:
            session.send(BLACK)
    assert session.client.set(l=4, g=1.0, mode='impression') == ''
    assert session.client.parameter('l') == 4


def test_frames_wait_for_a_central_key_frame(session: Session) -> None:
    """With key_offset 2 the third image brings three answers, in order; a reset the others."""
    client = session.client
    assert client.set(key_offset=2) == ''
    count = len(session.detections)
    session.send_waiting(BLACK)
    session.send_waiting(BLACK)
    session.now_ns += PERIOD_NS
    client.send(image_message(BLACK, session.now_ns))
    client.until(lambda: len(session.detections) == count + 3
                 and stamp_of(session.status[-1]) == session.now_ns)
    new = session.detections[count:]
    assert [stamp_of(each) for each in new] == sorted(stamp_of(each) for each in new)
    assert [status.age for status in session.status[-3:]] == [-2, -1, 0]
    session.send(BLACK)
    session.send_waiting(BLACK)
    client.reset()
    client.until(lambda: len(session.detections) == count + 5)
    assert client.set(key_offset=0) == ''


def test_key_frames_beside_the_stream(session: Session) -> None:
    """With key_mode async every image is answered at once, from earlier features."""
    client = session.client
    assert client.set(key_mode='async') == ''
    statuses = []
    for _ in range(12):
        statuses.append(session.send(BLACK)[1])
        client.spin(0.3)
    assert [status.is_key for status in statuses] == [True] + [False] * 11
    assert all(status.age > 0 for status in statuses[1:])
    assert max(status.age for status in statuses) < 11
    assert 'key_offset' in client.set(key_offset=1)
    assert client.set(key_mode='sync') == ''


def test_classes_and_class_ids(session: Session, street: np.ndarray) -> None:
    """Only some classes; numbers in place of names, as label_info explains them."""
    client = session.client
    assert client.set(classes=['person'], class_id='index') == ''
    answer = session.send(street)
    labels, facts = client.latched()
    names = {each.class_id: each.class_name for each in labels.class_map}
    assert len(names) == 80
    found = {names[int(each.results[0].hypothesis.class_id)] for each in answer[0].detections}
    assert found == {'person'}
    assert facts.method == 'nanodet_g'
    assert facts.database_location == '/label_info'
    assert client.set(classes=[''], class_id='name') == ''


def test_annotated_images_for_whoever_looks(session: Session, street: np.ndarray) -> None:
    """Drawn on the frame itself, with its header; raw and compressed."""
    client = session.client
    raw = client.listen('annotated_image', Image, qos.PICTURES)
    packed = client.listen('annotated_image/compressed', CompressedImage, qos.PICTURES)
    client.spin(0.5)
    answer = session.send(street)
    client.until(lambda: bool(raw and packed))
    assert raw[-1].header == packed[-1].header == answer[0].header
    drawn = np.frombuffer(raw[-1].data, np.uint8).reshape(street.shape)
    assert raw[-1].encoding == 'rgb8'
    assert 0.5 < (drawn == street).all(-1).mean() < 1
    assert np.abs(decode_compressed(packed[-1].data).astype(int) - drawn).mean() < 6


def test_diagnostics(session: Session) -> None:
    """Rates, times, device; OK while images flow."""
    for _ in range(10):
        session.send(BLACK)
    reports = session.client.diagnostics()
    facts = {each.key: each.value for each in reports['node'].values}
    assert facts['device used'] == 'cpu'
    assert facts['state'] == 'active'
    camera = _camera(session)
    assert camera['publishers'] == '1'
    assert camera['reliability'] == 'reliable'
    assert int(camera['images processed']) >= 10
    assert reports['/image'].level in (DiagnosticStatus.OK, DiagnosticStatus.WARN)


def test_enabled(session: Session) -> None:
    """Without its subscription the node gets no image; then it begins anew."""
    client = session.client
    assert client.set(enabled=False) == ''
    client.until(lambda: client.node.count_subscribers('image') == 0)
    assert client.set(enabled=True) == ''
    client.until(lambda: client.publisher().get_subscription_count() == 1)
    client.spin(0.5)
    answer = session.send(BLACK)
    assert answer[1].reset_reason == 'disabled'


def test_lifecycle(session: Session) -> None:
    """Down and up again: no image is taken while inactive, nothing is remembered after."""
    client = session.client
    session.send(BLACK)
    assert client.state() == 'active'
    assert client.change_state('deactivate')
    assert client.state() == 'inactive'
    assert not client.reset().success
    client.until(lambda: client.node.count_subscribers('image') == 0)
    assert 'read-only' in client.set(device='cuda:7')
    assert client.change_state('cleanup')
    assert client.state() == 'unconfigured'
    assert client.set(device='cuda:7') == ''
    assert not client.change_state('configure')
    assert client.state() == 'unconfigured'
    report = client.diagnostics()['node']
    assert report.level == DiagnosticStatus.ERROR
    assert 'cuda:7' in report.message
    assert client.set(device='cpu') == ''
    assert client.change_state('configure')
    assert client.change_state('activate')
    client.until(lambda: client.publisher().get_subscription_count() == 1)
    client.until(lambda: client.node.count_publishers('detections') == 1)
    client.spin(0.5)
    answer = session.send(BLACK)
    assert answer[1].reset_reason == 'start'
    assert client.diagnostics()['node'].level == DiagnosticStatus.OK
