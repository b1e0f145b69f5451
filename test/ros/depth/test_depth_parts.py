# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parts of the depth node without a node: stamps, reports, tf2 behind few words, markers."""
import sys
from types import SimpleNamespace
from typing import Any

from depth_client import BOX, camera_info, depth_message, detections_message, scene, transform
from diagnostic_msgs.msg import DiagnosticStatus
from impnet_ros.depth.frames import FrameError, Rigid
from impnet_ros.ros.depth.lifting import lift, Refused
from impnet_ros.ros.depth.messages import markers, Thing
from impnet_ros.ros.depth.report import judge, Window
from impnet_ros.ros.depth.settings import DepthSettings
from impnet_ros.ros.depth.stamps import StampLine
from impnet_ros.ros.depth.transforms import listen
import numpy as np
import pytest
from std_msgs.msg import Header

pytestmark = pytest.mark.ros


def test_stamps_and_what_is_none() -> None:
    """Zero at once, standing still after a few, absurd ones; good ones are taken again."""
    line = StampLine()
    assert line.time_of(5, 500_000_000, 99.0) == 5.5 and line.problem == ''
    assert line.time_of(0, 0, 99.0) == 99.0 and 'are 0' in line.problem
    assert line.time_of(-1, 0, 98.0) == 98.0 and 'absurd' in line.problem
    for _ in range(3):
        assert line.time_of(7, 0, 97.0) == 7.0
    assert line.time_of(7, 0, 97.0) == 97.0 and 'stand still' in line.problem
    assert line.time_of(8, 0, 97.0) == 8.0 and line.problem == ''


def test_levels() -> None:
    """Nothing placed is an error, a part of it or silence a warning."""
    window = Window(answered=5)
    assert judge(window, [], {}) == (DiagnosticStatus.OK, 'running')
    assert judge(window, [], {'a': 'stamps are 0'})[0] == DiagnosticStatus.WARN
    assert judge(window, ['nobody publishes /x'], {})[1] == 'nobody publishes /x'
    window.refused['match'] += 5
    window.reason = 'too late'
    assert judge(window, [], {})[1] == (
        '5 of 10 detections messages could not be placed: too late')
    window.answered = 0
    assert judge(window, [], {}) == (DiagnosticStatus.ERROR, 'nothing was placed: too late')


def test_tf2_ros_is_used_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its transforms are taken over, its errors become ours, with their words."""
    asked: list[Any] = []

    class Missing(Exception):

        pass

    class Buffer:

        def lookup_transform(self, target: str, source: str, time: Any) -> Any:
            asked.append((target, source, time.nanoseconds))
            if target == 'nowhere':
                raise Missing('extrapolation into the future')
            return transform(0, 2.0).transforms[0]

        def clear(self) -> None:
            asked.append('clear')

    class Listener:

        def __init__(self, buffer: Buffer, node: Any, spin_thread: bool) -> None:
            assert not spin_thread

        def unregister(self) -> None:
            asked.append('gone')
    monkeypatch.setitem(sys.modules, 'tf2_ros', SimpleNamespace(
        Buffer=Buffer, TransformListener=Listener, TransformException=Missing))
    transforms = listen(None)  # type: ignore[arg-type]
    assert transforms.source == 'tf2_ros'
    assert transforms.lookup('map', 'camera', 1.5).translation.tolist() == [2, 0, 1]
    assert asked == [('map', 'camera', 1_500_000_000)]
    with pytest.raises(FrameError, match='extrapolation into the future'):
        transforms.lookup('nowhere', 'camera', 1.5)
    transforms.clear()
    transforms.close()
    assert asked[-2:] == ['clear', 'gone']


def test_without_tf_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says what to install."""
    for name in ('tf2_ros', 'tf2_msgs', 'tf2_msgs.msg'):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ValueError, match='target_frame: expected tf2_ros'):
        listen(None)  # type: ignore[arg-type]


def test_lifting_refuses_too_many_boxes() -> None:
    """Thousands of boxes in one message are no detections."""
    many = detections_message(0, [BOX] * 3000, [''] * 3000)
    with pytest.raises(Refused, match='at most 2000 boxes, got 3000'):
        lift(many, depth_message(scene(), 0), camera_info(), None, DepthSettings())


def test_an_uncalibrated_camera_info_of_the_image_is_left_alone() -> None:
    """Where it says nothing, sizes are taken to be the same."""
    placed, _ = lift(detections_message(0), depth_message(scene(), 0), camera_info(),
                     camera_info(0.0, (0, 0)), DepthSettings())
    assert placed.found.all()


def test_markers_have_numbers_of_their_own() -> None:
    """Numbered, named and unnumbered objects; what is not drawn again is removed."""
    things = [Thing(detections_message(0, ids=(name,)).detections[0], np.array([0, 0, 2.0]),
                    np.ones(3), np.eye(3)) for name in ('5', 'cup-3', '', '')]
    drawn, shown = markers(things, Header(), Rigid(), set())
    assert len(shown) == 4 and len(drawn.markers) == 8
    drawn, still = markers(things[:1], Header(), Rigid(), shown)
    assert still < shown and len(drawn.markers) == 2 + 2 * 3
