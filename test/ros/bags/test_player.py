# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What cannot be played ends with a line and 1, at once; what can be is played."""
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
from impnet_ros.msg import FrameStatus
from impnet_ros.ros.bags.play import main
from impnet_ros.ros.bags.write import write_bag
import numpy as np
import pytest
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import SetParameters
from ros_harness import await_text, Client, process
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import get_typestore, Stores
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray

pytestmark = pytest.mark.ros
STORE = get_typestore(Stores.ROS2_JAZZY)


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    """Give a bag of six images at 20 Hz."""
    (tmp_path / 'pictures').mkdir()
    for index in range(6):
        cv2.imwrite(str(tmp_path / 'pictures' / f'{index}.png'),
                    np.full((8, 12, 3), 10 * index, np.uint8))
    write_bag(tmp_path / 'pictures', tmp_path / 'bag', fps=20, quiet=True)
    return tmp_path / 'bag'


def failure(tmp_path: Path, *arguments: object, environment: dict[str, str] | None = None) -> str:
    """Play, which fails, and give what was said without lines of the middleware itself."""
    log = tmp_path / 'log'
    with process('bags.play', *map(str, arguments), '--quiet', '--wait', '0', log=log) as player:
        assert player.wait(60) == 1
    said = log.read_text()
    assert 'Traceback' not in said
    return [line for line in said.splitlines() if line.startswith('impnet_bag_play: ')][-1]


def test_a_start_behind_the_end(bag: Path, tmp_path: Path) -> None:
    """Also with --loop, which would look for ever."""
    for more in ((), ('--loop',), ('--loop', '--clock', '100')):
        assert 'expected less than the 0.250 s of the bag, got 5.0' in failure(
            tmp_path, bag, '--start-offset', 5, *more)
    assert 'got 1e+300' in failure(tmp_path, bag, '--start-offset', '1e300')


def test_an_earlier_log_of_a_bag_that_cannot_be_played(bag: Path, tmp_path: Path) -> None:
    """It stays until something is played."""
    earlier = tmp_path / 'published'
    earlier.write_text('/image 1 2\n')
    failure(tmp_path, bag, '--log', earlier, '--topics', 'typo')
    failure(tmp_path, bag, '--log', earlier, '--wait-for', 'image')
    assert earlier.read_text() == '/image 1 2\n'


def test_waiting_is_told(bag: Path, tmp_path: Path) -> None:
    """For whom, soon; then how a paused playback goes on."""
    log = tmp_path / 'log'
    with process('bags.play', str(bag), '--quiet', '--wait', '60', '--start-paused', log=log
                 ) as player:
        await_text(log, 'waiting for subscribers of /image, 60 s at most', player)
        client = Client('impnet_bag_play')
        client.node.create_subscription(Image, '/image', lambda image: None, 10)
        await_text(log, 'paused; the service /impnet_bag_play/pause', player)
        client.close()


def test_a_request_that_makes_no_sense(bag: Path, tmp_path: Path) -> None:
    """It is refused, and the playback goes on."""
    client, log = Client('impnet_bag_play'), tmp_path / 'log'
    odd = Parameter(name='x', value=ParameterValue(type=99))
    with process('bags.play', str(bag), '--quiet', '--wait', '0', '--loop', '--clock', '50',
                 log=log) as player:
        await_text(log, 'playing, though nobody subscribes to /image', player)
        [result] = client.call('set_parameters', SetParameters,
                               SetParameters.Request(parameters=[odd])).results
        assert not result.successful and '99' in result.reason
        images: list[Image] = client.received['/image']
        client.node.create_subscription(Image, '/image', images.append, 10)
        client.until(lambda: len(images) > 2)
    client.close()


def test_nobody_listens_to_the_topic_to_wait_for(bag: Path, tmp_path: Path) -> None:
    """The node of a replay did not come up, say."""
    assert 'expected a subscriber of image within 0.0 s' in failure(
        tmp_path, bag, '--wait-for', 'image')


@pytest.mark.parametrize('option', ['--topics', '--remap'])
def test_a_topic_that_the_bag_lacks(bag: Path, tmp_path: Path, option: str) -> None:
    """A spelling mistake is no silence."""
    said = failure(tmp_path, bag, option, 'imgae:=other' if option == '--remap' else 'imgae')
    assert f'{option}: expected topics of the bag, got /imgae' in said


def test_a_bag_and_what_was_found_in_it(bag: Path, tmp_path: Path) -> None:
    """`impnet label`'s file plays beside the bag: every image meets its detections and status."""
    from impnet_ros.cli import main as impnet
    assert impnet(['label', str(bag), '--out', str(tmp_path / 'labels'), '--format', 'mcap',
                   '--workers', '1', '--log', 'none']) == 0
    [labels] = (tmp_path / 'labels' / 'mcap').iterdir()
    client = Client('impnet_bag_play')
    heard: list[tuple[str, int]] = []

    def hear(kind: str) -> Callable[[Any], None]:
        return lambda message: heard.append(
            (kind, message.header.stamp.sec * 10**9 + message.header.stamp.nanosec))

    for topic, kind in (('/image', Image), ('/image/detections', Detection2DArray),
                        ('/image/status', FrameStatus)):
        client.node.create_subscription(kind, topic, hear(topic), 20)
    with process('bags.play', str(bag), str(labels), '--quiet', log=tmp_path / 'log') as player:
        client.until(lambda: len(heard) == 18)
        assert player.wait(60) == 0
    stamps = [stamp for _, stamp in heard]
    assert stamps == sorted(stamps) and len(set(stamps)) == 6
    assert len(set(heard)) == 18
    client.close()


@pytest.mark.parametrize('more', [(), ('--clock', 50), ('--loop',), ('--loop', '--clock', 50)])
def test_an_empty_bag(tmp_path: Path, more: tuple[object, ...]) -> None:
    """It holds nothing, says so, and no clock overflows."""
    with Writer(tmp_path / 'empty', version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        writer.add_connection('/image', 'sensor_msgs/msg/Image', typestore=STORE)
    assert 'expected messages, the bag holds none' in failure(tmp_path, tmp_path / 'empty', *more)


def test_a_bag_that_ends_before_its_end(bag: Path, tmp_path: Path) -> None:
    """What there is is played; the rest is an error."""
    file = bag / 'metadata.yaml'
    file.write_text(file.read_text().replace('message_count: 6', 'message_count: 8'))
    assert 'expected 8 messages, as the bag says, got 6' in failure(tmp_path, bag)


@pytest.mark.parametrize('arguments, said', [
    (['-r', 'bad'], "Couldn't parse remap rule: '-r bad'"), (['--frob'], '--frob'),
    (['-p', 'x:=['], "Couldn't parse parameter override rule"),
    (['--params-file', '/none.yaml'], "Couldn't parse params file")])
def test_arguments_that_ros_does_not_know(bag: Path, tmp_path: Path, arguments: list[str],
                                          said: str) -> None:
    """One line."""
    log = tmp_path / 'log'
    with process('bags.play', str(bag), '--ros-args', *arguments, log=log) as player:
        assert player.wait(60) == 1
    assert said in log.read_text() and 'Traceback' not in log.read_text()


def test_a_home_that_is_not_there(bag: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
                                  ) -> None:
    """Without HOME ROS has no place for its log: the line says which variable to set."""
    for name in ('HOME', 'ROS_HOME', 'ROS_LOG_DIR'):
        monkeypatch.delenv(name, raising=False)
    assert 'set HOME or ROS_LOG_DIR' in failure(tmp_path, bag)


@pytest.mark.parametrize('option', [
    ['--clock', '-1'], ['--clock', 'nan'], ['--start-offset', '-3'], ['--wait', 'inf'],
    ['--rate', '0'], ['--rate', 'inf'], ['--rate', '1e300'], ['--clock', '1e-310'],
    ['--remap', 'image'], ['--remap', 'a:=my topic']])
def test_values_that_mean_nothing(bag: Path, option: list[str],
                                  capsys: pytest.CaptureFixture[str]) -> None:
    """They are refused by their option."""
    with pytest.raises(SystemExit):
        main([str(bag), *option])
    assert f'argument {option[0]}: expected' in capsys.readouterr().err


def test_topics_that_cannot_be_published_cost_themselves(tmp_path: Path) -> None:
    """Of odd names and of types that are not installed; the image is played."""
    bag, log = tmp_path / 'bag', tmp_path / 'log'
    text = STORE.types['std_msgs/msg/String']
    with Writer(bag, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        for topic, kind in (('/1st topic', 'std_msgs/msg/String'), ('', 'std_msgs/msg/String'),
                            ('/odd', 'nobody_msgs/msg/Odd')):
            connection = writer.add_connection(
                topic, kind, msgdef='string data\n', rihs01='RIHS01_0')
            writer.write(connection, 10**9, STORE.serialize_cdr(text('a'), text.__msgtype__))
        connection = writer.add_connection('/image', 'sensor_msgs/msg/Image', typestore=STORE)
        writer.write(connection, 10**9, b'')  # no message at all
        from bag_files import image_bytes
        writer.write(connection, 10**9, image_bytes(7, 10**9))
    client = Client('impnet_bag_play')
    images: list[Image] = client.received['/image']
    client.node.create_subscription(Image, '/image', images.append, 10)
    with process('bags.play', str(bag), '--quiet', '--wait-for', 'image', log=log) as player:
        client.until(lambda: bool(images))
        assert player.wait(60) == 0
    said = log.read_text()
    for part in ("'/1st topic'", '/odd is left out', 'a message of 0 bytes is left out'):
        assert part in said
    assert images[0].data[0] == 7
    client.close()
