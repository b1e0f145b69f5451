# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One camera's video: order, resets, settings at segment boundaries, no leak between cameras."""
from dataclasses import replace
from types import SimpleNamespace

from fake_network import OneHotNetwork
from impnet_ros.model.levels import Levels
from impnet_ros.model.sight.picture import Picture
from impnet_ros.ros import camera_stream
from impnet_ros.ros.camera_stream import Answer, Arrival, CameraStream
from impnet_ros.ros.key_pace import KeyPace
from impnet_ros.ros.settings import Settings
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.real_time import Costs
from impnet_ros.stream.types import Frame
from manual_executor import ManualExecutor
import numpy as np
import pytest
import torch

HZ = 10


def picture(number: int, size: int = 2) -> np.ndarray:
    """Make a picture that says its number."""
    return np.full((size, size, 3), number, np.uint8)


def arrival(number: int, **changes: object) -> Arrival:
    """Make what comes with picture `number`, at HZ."""
    sec, tenth = divmod(number, HZ)
    stamp = SimpleNamespace(sec=sec, nanosec=tenth * 100_000_000)
    header = SimpleNamespace(stamp=stamp, frame_id=changes.pop('frame_id', 'camera'))
    return Arrival(header, str(changes.pop('encoding', 'rgb8')), 0.0, 0.0,
                   **changes)  # type: ignore[arg-type]


def feed(stream: CameraStream, *numbers: int) -> list[Answer]:
    """Step through pictures."""
    return [answer for number in numbers
            for answer in stream.step(picture(number), arrival(number))]


def keys(answers: list[Answer]) -> list[float]:
    """Give the numbers of the key frames."""
    return [round(each.detections.stamp_s * HZ) for each in answers if each.detections.is_key]


@pytest.mark.parametrize('settings', [
    Settings(segment_length=4), Settings(segment_length=4, memory_gate=0.5),
    Settings(segment_length=4, mode='average'), Settings(segment_length=4, mode='sparse'),
    Settings(segment_length=4, mode='per_frame'), Settings(segment_length=4, key_offset=2),
])
def test_equals_the_engine(settings: Settings) -> None:
    """The same answers as the engine gives on the same frames, in the same order."""
    stream = CameraStream(OneHotNetwork(), settings)
    answers = feed(stream, *range(11)) + stream.reset('end')
    engine = Engine(OneHotNetwork(), settings.stream)
    state, results = engine.reset(), []
    for number in range(11):
        found, state = engine.step(Frame(picture(number), number / HZ), state)
        results += found
    results += engine.flush(state)
    assert [each.detections.stamp_s for each in answers] == pytest.approx(
        [each.stamp_s for each in results])
    for answer, result in zip(answers, results, strict=True):
        assert np.array_equal(answer.detections.scores, result.scores)
        assert answer.detections.is_key == result.is_key
        assert answer.arrival.stamp_s == pytest.approx(result.stamp_s)


def test_cameras_do_not_mix() -> None:
    """Two cameras interleaved on one network answer as each alone."""
    network = OneHotNetwork()
    left, right = (CameraStream(network, Settings(segment_length=3)) for _ in range(2))
    mixed = ([], [])
    for number in range(10):
        mixed[0].extend(feed(left, number))
        mixed[1].extend(feed(right, number + 20))
    for answers, start in zip(mixed, (0, 20), strict=True):
        alone = feed(CameraStream(OneHotNetwork(), Settings(segment_length=3)),
                     *range(start, start + 10))
        assert len(answers) == len(alone) == 10
        for one, other in zip(answers, alone, strict=True):
            assert np.array_equal(one.detections.scores, other.detections.scores)


def test_thresholds_are_those_of_the_camera() -> None:
    """Each frame meets the network with its own camera's thresholds."""
    network = OneHotNetwork()
    one = CameraStream(network, Settings(score_threshold=0.1))
    two = CameraStream(network, Settings(score_threshold=0.9))
    feed(one, 0)
    feed(two, 0)
    feed(one, 1)
    assert [each.score_threshold for each in network.thresholds] == [0.1, 0.9, 0.1]


def test_staggered_key_frames_never_coincide() -> None:
    """Three cameras that start together; after the first frames each has its own instants."""
    streams = [CameraStream(OneHotNetwork(), Settings(segment_length=6), share=index / 3)
               for index in range(3)]
    found = [keys(feed(stream, *range(24))) for stream in streams]
    assert found == [[0, 6, 12, 18], [0, 4, 10, 16, 22], [0, 2, 8, 14, 20]]


def test_l_auto_follows_what_images_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing fits: l_max. Everything does: each image a key frame, from the next segment on."""
    costs = [Costs.of_key(9.0, 1)]
    monkeypatch.setattr(camera_stream, '_PLAN_EVERY_S', 0.0)
    monkeypatch.setattr(KeyPace, 'costs', property(lambda pace: costs[0]))
    stream = CameraStream(OneHotNetwork(), Settings(l_max=4))
    answers = feed(stream, *range(6))
    assert keys(answers) == [0, 4]
    assert (answers[-1].settings.segment_length, stream.looks) == (4, 'l = 4')
    costs[0] = Costs.of_key(1e-3, 1)
    answers = feed(stream, *range(6, 11))
    assert keys(answers) == [8, 9, 10]
    assert (answers[-1].settings.segment_length, stream.looks) == (1, 'l = 1')


@pytest.mark.parametrize(('glance', 'cores', 'periods'), [
    (288, 2.0, 2), (288, 1.0, 2), ('off', 2.0, 1), (288, 8.0, 1)])
def test_how_long_a_key_frame_may_last(glance: int | str, cores: float, periods: int,
                                       monkeypatch: pytest.MonkeyPatch) -> None:
    """Two periods where glances use all cores, which it would take from them; else one."""
    asked: list[int] = []
    monkeypatch.setattr(KeyPace, 'decide',
                        lambda pace, periods: asked.append(periods) or 'sync')
    stream = CameraStream(OneHotNetwork(), Settings(segment_length=10), cores=cores)
    stream._stream = replace(stream._stream, glance=glance, glance_every=2)
    stream.pace.threads = 2
    assert stream._key_mode() == 'sync' and asked[-1] == periods


@pytest.mark.parametrize(('change', 'reason'), [
    ({'encoding': 'bgr8'}, 'encoding'), ({'frame_id': 'other'}, 'frame_id')])
def test_a_change_of_source_begins_a_new_video(change: dict[str, object], reason: str) -> None:
    """The frame is answered, as key frame, with the reason; nothing is remembered."""
    stream = CameraStream(OneHotNetwork(), Settings(segment_length=5))
    feed(stream, 0, 1)
    [answer] = stream.step(picture(2), arrival(2, **change))
    assert answer.detections.reset_reason == reason
    assert answer.detections.is_key
    assert answer.detections.scores[2] == 1.0
    assert stream.resets == {reason: 1}


@pytest.mark.parametrize(('number', 'size', 'reason'), [
    (0, 2, 'backward_stamp'), (60, 2, 'gap'), (6, 4, 'size')])
def test_the_engine_s_reasons(number: int, size: int, reason: str) -> None:
    """Backward stamp, gap and size are told and counted too."""
    stream = CameraStream(OneHotNetwork(), Settings(segment_length=10))
    feed(stream, 4, 5)
    [answer] = stream.step(picture(number, size), arrival(number))
    assert answer.detections.reset_reason == reason
    assert stream.resets == {reason: 1}


def test_a_reset_from_outside_is_told_with_the_next_frame() -> None:
    """The first frame says 'start', the first after a reset why."""
    stream = CameraStream(OneHotNetwork(), Settings(segment_length=10))
    reasons = [each.detections.reset_reason for each in feed(stream, 0, 1)]
    assert reasons == ['start', '']
    assert stream.reset('clock_jump') == []
    assert [each.detections.reset_reason for each in feed(stream, 2, 3)] == ['clock_jump', '']


def test_waiting_frames_are_answered_before_a_reset() -> None:
    """Frames 4 and 5 wait for key frame 6; the reset answers them with frame 5 as key frame."""
    stream = CameraStream(OneHotNetwork(), Settings(segment_length=4, key_offset=2))
    assert len(feed(stream, *range(4))) == 4
    assert feed(stream, 4, 5) == []
    assert stream.waiting == 2
    answers = stream.reset('request')
    assert [round(each.arrival.stamp_s * HZ) for each in answers] == [4, 5]
    assert keys(answers) == [5]
    assert stream.waiting == 0


def test_a_looped_bag_gives_the_same_in_each_round() -> None:
    """Every round begins anew at the backward stamp; frames that waited are not lost."""
    stream = CameraStream(OneHotNetwork(), Settings(segment_length=4, key_offset=1))
    rounds = [feed(stream, *range(10)) for _ in range(3)]
    rounds[-1] += stream.reset('end')
    every = [answer for each in rounds for answer in each]
    assert len(every) == 30
    scores = np.array([answer.detections.scores.numpy() for answer in every]).reshape(3, 10, -1)
    assert np.array_equal(scores[0], scores[1])
    assert np.array_equal(scores[0], scores[2])


def test_settings_change_at_a_segment_boundary() -> None:
    """Length 4 becomes 2 in mid-segment: key frame 4 is the first with the new length."""
    stream = CameraStream(OneHotNetwork(), Settings(segment_length=4))
    answers = feed(stream, 0, 1)
    stream.want(Settings(segment_length=2))
    answers += feed(stream, *range(2, 9))
    assert keys(answers) == [0, 4, 6, 8]
    assert [each.settings.segment_length for each in answers] == [4] * 4 + [2] * 5


def test_a_change_of_mode_keeps_the_impression() -> None:
    """From sparse to average: key frame 4 fuses with what key frame 2 left."""
    stream = CameraStream(OneHotNetwork(), Settings(segment_length=2, mode='sparse'))
    feed(stream, 0, 1, 2)
    stream.want(Settings(segment_length=2, mode='average'))
    [_, answer] = feed(stream, 3, 4)
    assert answer.detections.scores[[2, 4]].tolist() == [0.5, 0.5]


def test_key_period_counts_time() -> None:
    """A key frame every 0.5 s at 10 Hz; at 5 Hz, where 0.5 s has no frame, every 0.4 s."""
    stream = CameraStream(OneHotNetwork(), Settings(segment_length=50, key_period=0.5))
    assert keys(feed(stream, *range(11))) == [0, 5, 10]
    assert keys(feed(stream, *range(12, 24, 2))) == [14, 18, 22]


def test_lost_frames_keep_the_segment_in_time() -> None:
    """Two of three frames are lost: with l = 6 every second received frame is key."""
    stream = CameraStream(OneHotNetwork(), Settings(segment_length=6))
    answers = []
    for number in range(0, 24, 3):
        answers += stream.step(picture(number), arrival(number, unprocessed=2))
    assert keys(answers) == [0, 6, 12, 18]


def test_an_error_costs_the_memory_only() -> None:
    """After `drop` the next frame begins a new video."""
    stream = CameraStream(OneHotNetwork(), Settings(segment_length=4, key_offset=2))
    feed(stream, 0)
    stream.drop('error')
    assert stream.waiting == 0
    answers = feed(stream, 1, 2, 3)
    assert [each.detections.reset_reason for each in answers] == ['error', '', '']


def motions(answers: list[Answer]) -> list[tuple[int, int] | None]:
    """Give the numbers of the pictures between which each answer knows the motion."""
    number = OneHotNetwork.number
    return [each.motion and (number(each.motion.before), number(each.motion.after))
            for each in answers]


def test_the_newest_answer_knows_its_motion() -> None:
    """Not across the beginning of a video, and not between equal stamps."""
    stream = CameraStream(OneHotNetwork(), Settings(segment_length=4))
    answers = feed(stream, 0, 1, 2)
    stream.reset('request')
    answers += feed(stream, 3, 4, 4)
    assert motions(answers) == [None, (0, 1), (1, 2), None, (3, 4), None]
    assert answers[1].motion is not None
    assert answers[1].motion.elapsed_s == pytest.approx(1 / HZ)


def test_of_answers_that_come_together_the_newest_knows_its_motion() -> None:
    """Pictures 4 and 5 wait for key frame 6; a reset answers what still waits without motion."""
    stream = CameraStream(OneHotNetwork(), Settings(segment_length=4, key_offset=2))
    feed(stream, *range(4))
    assert motions(feed(stream, 4, 5, 6)) == [None, None, (5, 6)]
    feed(stream, 7, 8)
    assert motions(stream.reset('request')) == [None]


def test_a_reset_answers_with_the_thresholds_in_force() -> None:
    """Frames that wait are of the old settings; those after the reset of the new ones."""
    network = OneHotNetwork()
    old = Settings(segment_length=4, key_offset=2, score_threshold=0.1)
    one, two = CameraStream(network, old), CameraStream(network, Settings(score_threshold=0.5))
    feed(one, *range(6))
    feed(two, 0)
    one.want(Settings(segment_length=4, key_offset=2, score_threshold=0.9))
    network.thresholds.clear()
    assert [each.settings.score_threshold for each in one.reset('request')] == [0.1, 0.1]
    assert {each.score_threshold for each in network.thresholds} == {0.1}
    assert [each.settings.score_threshold for each in feed(one, 6, 7, 8)] == [0.9] * 3
    assert network.thresholds[-1].score_threshold == 0.9


def test_a_key_frame_in_flight_ends_with_its_settings() -> None:
    """Frame 2 is being computed when sparse becomes average at 4: 4 begins, and 2 is let go."""
    executor = ManualExecutor(3)
    stream = CameraStream(OneHotNetwork(), Settings(segment_length=2, key_mode='async',
                                                    mode='sparse'), executor=executor)
    feed(stream, 0, 1, 2, 3)
    stream.want(Settings(segment_length=2, key_mode='async', mode='average'))
    feed(stream, 4)
    assert len(executor.tasks) == 2
    for _ in range(3):
        executor.tick()
    [answer] = feed(stream, 5)
    assert answer.detections.age == 1
    assert answer.detections.scores[[0, 2, 4]].tolist() == [0.5, 0.0, 0.5]


class Spoilt(OneHotNetwork):
    """Gives NaN for picture 5."""

    def features(self, picture: Picture) -> Levels:
        """Spoil it."""
        levels = super().features(picture)
        return replace(levels, maps=(levels.maps[0] * (torch.nan if self.number(picture) == 5
                                                       else 1.0),))


@pytest.mark.parametrize(('settings', 'empty'), [
    (Settings(segment_length=1), [5]), (Settings(segment_length=5), [5]),
    (Settings(segment_length=4, key_offset=1), [4, 5])], ids=['1', '5', '4, offset 1'])
def test_what_is_not_finite_begins_a_new_video(settings: Settings, empty: list[int]) -> None:
    """Every frame is answered in order, empty where nothing can be said; and it is counted."""
    stream = CameraStream(Spoilt(), settings)
    answers = feed(stream, *range(9)) + stream.reset('end')
    assert [round(each.arrival.stamp_s * HZ) for each in answers] == list(range(9))
    assert [round(each.detections.stamp_s * HZ) for each in answers] == list(range(9))
    assert [number for number, each in enumerate(answers) if not len(each.detections)] == empty
    assert [each.detections.reset_reason for each in answers] == [
        'start', '', '', '', '', '', 'not_finite', '', '']
    assert not any(answers[number].detections.is_key for number in empty)
    assert stream.resets == {'not_finite': 1, 'end': 1}
    assert all(each.motion is None for each in answers[5:7])


def test_the_last_stamp_is_forgotten_with_the_video() -> None:
    """Minus infinity where nothing is remembered."""
    stream = CameraStream(OneHotNetwork(), Settings())
    assert stream.last_stamp_s == -np.inf
    feed(stream, 7)
    assert stream.last_stamp_s == pytest.approx(0.7)
    stream.drop('error')
    assert stream.last_stamp_s == -np.inf
