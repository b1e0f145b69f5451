# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Bags written from pictures, played over DDS, recorded again."""
from pathlib import Path
from time import monotonic

import cv2
from impnet_ros.ros.bags.write import main as bag_write
from impnet_ros.ros.bags.write import write_bag
from impnet_ros.video import open_bag, open_video
import numpy as np
import pytest

COUNT = 6
START_NS = 1_700_000_000_000_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder of small pictures, each of one gray value."""
    made = tmp_path / 'pictures'
    made.mkdir()
    for index in range(COUNT):
        cv2.imwrite(str(made / f'{index}.png'), np.full((8, 12, 3), 10 * index, np.uint8))
    return made


def stored(bag: Path) -> list[tuple[str, str, int, bytes]]:
    """Read topic, type, time and bytes of all messages."""
    with open_bag(bag) as reader:
        return [(connection.topic, connection.msgtype, time_ns, bytes(data))
                for connection, time_ns, data in reader.messages()]


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
@pytest.mark.parametrize('encoding', ['rgb8', 'bgr8', 'mono8', 'bgra8', 'png'])
def test_written_and_read_back(folder: Path, tmp_path: Path, storage: str, encoding: str) -> None:
    """The same pictures at the same times come out of either storage."""
    bag = tmp_path / 'bag'
    assert write_bag(folder, bag, storage=storage, encoding=encoding, fps=20, topic='cam/image',
                     start_ns=START_NS, quiet=True) == COUNT
    topic, kind, time_ns, _ = stored(bag)[1]
    assert time_ns == START_NS + 50_000_000
    if encoding == 'png':
        assert (topic, kind) == ('/cam/image/compressed', 'sensor_msgs/msg/CompressedImage')
    else:
        assert (topic, kind) == ('/cam/image', 'sensor_msgs/msg/Image')
    frames = list(open_video(bag).frames)
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [0, 10, 20, 30, 40, 50]
    assert frames[-1].stamp_s == pytest.approx(START_NS * 1e-9 + 5 / 20)


def test_the_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what it did, and in one line what it cannot do."""
    bag = tmp_path / 'bag'
    assert bag_write([str(folder), str(bag), '--limit', '2', '--quiet']) == 0
    assert '2 frames' in capsys.readouterr().out
    assert bag_write([str(folder), str(bag), '--quiet']) == 1
    assert 'exists already' in capsys.readouterr().err
    assert bag_write([str(folder), str(bag), '--quiet', '--overwrite']) == 0
    assert len(stored(bag)) == COUNT
    assert bag_write([str(tmp_path / 'none'), str(tmp_path / 'b')]) == 1
    assert 'no such' in capsys.readouterr().err


@pytest.mark.ros
class TestOverDds:
    """The player and the recorder, each a process of its own."""

    @pytest.fixture(autouse=True)
    def ros(self) -> None:
        """Leave these out on a machine without ROS."""
        pytest.importorskip('rclpy')

    def test_played_is_recorded(self, folder: Path, tmp_path: Path) -> None:
        """The bytes of every message arrive unchanged; --log tells when each was published."""
        from ros_harness import await_text, process
        bag, copy, log = tmp_path / 'bag', tmp_path / 'copy', tmp_path / 'record.log'
        write_bag(folder, bag, fps=20, start_ns=START_NS, quiet=True)
        with process('bags.record', str(copy), 'image', log=log) as recorder:
            with process('bags.play', str(bag), '--quiet', '--wait', '60', '--rate', '2', '--log',
                         str(tmp_path / 'published')) as player:
                assert player.wait(60) == 0
            await_text(log, 'recording /image', recorder)
        assert recorder.returncode == 0
        assert [entry[3] for entry in stored(copy)] == [entry[3] for entry in stored(bag)]
        lines = (tmp_path / 'published').read_text().split('\n')[:-1]
        assert [int(line.split()[1]) for line in lines] == [entry[2] for entry in stored(bag)]
        times = [int(line.split()[2]) for line in lines]
        assert times[-1] - times[0] == pytest.approx(5 / 20 / 2 * 1e9, rel=0.5)

    def test_loop_clock_and_pause(self, folder: Path, tmp_path: Path) -> None:
        """The clock runs in bag time and jumps back with each round; nothing comes in a pause."""
        from ros_harness import Client, process
        from rosgraph_msgs.msg import Clock
        from sensor_msgs.msg import Image
        from std_srvs.srv import SetBool
        bag = tmp_path / 'bag'
        write_bag(folder, bag, fps=20, start_ns=START_NS, quiet=True)
        client = Client('impnet_bag_play')
        images: list[Image] = client.received['image']
        clocks: list[Clock] = client.received['/clock']
        client.node.create_subscription(Image, 'image', images.append, 10)
        client.node.create_subscription(Clock, '/clock', clocks.append, 10)
        with process('bags.play', str(bag), '--quiet', '--wait', '60', '--wait-for', 'image',
                     '--loop', '--clock', '50', '--start-paused'):
            client.call('pause', SetBool, SetBool.Request(data=False))
            client.until(lambda: len(images) > 2 * COUNT)
            client.call('pause', SetBool, SetBool.Request(data=True))
            client.spin(0.5)
            count = len(images)
            client.spin(0.5)
            assert len(images) == count
        values = [int(image.data[0]) for image in images[:2 * COUNT]]
        assert values == [0, 10, 20, 30, 40, 50] * 2
        times = [each.clock.sec * 10**9 + each.clock.nanosec for each in clocks]
        assert min(times) >= START_NS
        assert any(later < earlier for earlier, later in zip(times, times[1:], strict=False))
        client.close()

    def test_what_cannot_be_played(self, tmp_path: Path) -> None:
        """One line and 1."""
        from ros_harness import process
        log = tmp_path / 'log'
        with process('bags.play', str(tmp_path / 'none'), log=log) as player:
            assert player.wait(60) == 1
        assert 'Traceback' not in log.read_text()
        assert 'none' in log.read_text()

    def test_a_topic_to_wait_for_that_is_not_there(self, folder: Path, tmp_path: Path) -> None:
        """One line that names what is there, and 1."""
        from ros_harness import process
        bag, log = tmp_path / 'bag', tmp_path / 'log'
        write_bag(folder, bag, fps=20, topic='cam/image', quiet=True)
        with process('bags.play', str(bag), '--wait-for', '/camera', log=log) as player:
            assert player.wait(60) == 1
        assert 'got /camera; there are /cam/image' in log.read_text()
        assert 'Traceback' not in log.read_text()


@pytest.mark.ros
def test_time_of_the_player() -> None:
    """Bag time runs at the rate, stands still while held, and goes on from there."""
    pytest.importorskip('rclpy')
    from impnet_ros.ros.bags.player import Timeline
    timeline = Timeline(rate=100.0, start_ns=START_NS)
    assert timeline.now_ns() == START_NS
    assert timeline.seconds_until(START_NS + 1) == float('inf')
    timeline.hold(False)
    assert timeline.seconds_until(START_NS + 10**11) == pytest.approx(1.0, abs=0.1)
    before = monotonic()
    while timeline.now_ns() < START_NS + 10**9:
        assert monotonic() < before + 5
    timeline.hold(True)
    held = timeline.now_ns()
    assert held >= START_NS + 10**9
    assert timeline.now_ns() == held
    timeline.restart(START_NS)
    assert timeline.now_ns() == START_NS
