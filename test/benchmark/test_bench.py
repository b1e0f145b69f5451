# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Figures of the benchmark, worked out by hand on a network whose times are known."""
import json

import cv2
from fake_clock import FakeClock, SlowNetwork
from impnet_ros.benchmark import scaling
from impnet_ros.benchmark.clip import endless, load_images
from impnet_ros.benchmark.command import compare, image_size
from impnet_ros.benchmark.measure import interleave, Stream, whole_segments
from impnet_ros.benchmark.parts import bound_ms, Parts
from impnet_ros.benchmark.report import plot, print_modes, print_rows
from impnet_ros.benchmark.rows import make_row, spread
from impnet_ros.benchmark.variants import PER_FRAME, side_by_side, Variant
from impnet_ros.cli import main
import numpy as np
import pytest

PART_MS = {'prepare': 1.0, 'features': 100.0, 'flow': 4.0, 'propagate': 2.0, 'weights': 3.0,
           'fuse': 0.0, 'task': 5.0, 'task_along': 7.0, 'carry': 0.0, 'merge': 0.0}
IMAGES = [np.full((8, 8, 3), number, np.uint8) for number in range(6)]


@pytest.fixture
def network():
    return SlowNetwork(FakeClock())


def measured(network, variants, rounds=2, frames=10):
    return compare(network, IMAGES, variants, frames, rounds, 30.0, clock=network.clock)


@pytest.mark.parametrize(('variant', 'milliseconds'), [
    # prepare 1 + features 100 + task 5
    (PER_FRAME, 106.0),
    # each frame 1 + 5; 100 on one of five; 4 + 2 on the four others
    (Variant('sparse', l=5), (5 * 6 + 100 + 4 * 6) / 5),
    # the key frame also aligns the impression: 4 + 2; averaging itself is free here
    (Variant('average', l=5), (5 * 6 + 100 + 5 * 6) / 5),
    (Variant('impression', l=5), (5 * 6 + 100 + 5 * 6 + 3) / 5),
    (Variant('impression', l=10), (10 * 6 + 100 + 10 * 6 + 3) / 10),
    (Variant('impression', l=1), 6 + 100 + 6 + 3),
    # no frame waits for features
    (Variant('impression', 'async', 10), 12.0),
    # boxes are carried by a flow, nothing is propagated or detected between key frames
    (Variant('impression', 'sync', 10, True), (10 * (1 + 4) + 100 + 6 + 3 + 5) / 10),
])
def test_bound(variant, milliseconds):
    assert bound_ms(variant, PART_MS) == pytest.approx(milliseconds)


def test_bound_of_box_memory_counts_its_own_parts():
    part_ms = {**PART_MS, 'carry': 0.5, 'merge': 0.25}
    expected = (10 * (1 + 4 + 0.5) + 100 + 6 + 3 + 5 + 0.25) / 10
    assert bound_ms(Variant('impression', 'sync', 10, True), part_ms) == pytest.approx(expected)
    expected = 1 + 4 + 0.5 + (2 + 4 + 5 + 0.25) / 10
    assert bound_ms(Variant('impression', 'async', 10, True), part_ms) == pytest.approx(expected)


@pytest.mark.parametrize(('features', 'key'), [
    # the features hide the flow and propagation of the impression, and the flow of the boxes
    (100.0, 1 + 100 + 3 + 5),
    # or are hidden by them
    (8.0, 1 + (4 + 2) + 4 + 3 + 5)])
def test_bound_of_a_network_that_carries_beside_its_features(features, key):
    part_ms = {**PART_MS, 'features': features}
    variant = Variant('impression', l=10, box_memory=True)
    assert bound_ms(variant, part_ms, overlaps=True) == pytest.approx((key + 9 * (1 + 4)) / 10)
    assert bound_ms(PER_FRAME, part_ms, overlaps=True) == pytest.approx(1 + features + 5)


def test_bound_counts_the_task_along_a_flow_as_measured():
    part_ms = {**PART_MS, 'task_along': 1.5}
    assert bound_ms(Variant('sparse', l=10), part_ms) == pytest.approx(
        (10 * 1 + 100 + 5 + 9 * (4 + 1.5)) / 10)
    assert bound_ms(Variant('impression', 'async', 10), part_ms) == pytest.approx(1 + 4 + 1.5)


def test_rows_by_hand(network):
    rows, part_ms = measured(network, [PER_FRAME, Variant('sparse', l=5),
                                       Variant('impression', l=10)])
    assert part_ms == pytest.approx(PART_MS)
    per_frame, sparse, impression = rows
    assert per_frame['mean_ms'] == pytest.approx(106)
    assert per_frame['ratio'] == pytest.approx(1) and per_frame['other_ms'] is None
    assert sparse['mean_ms'] == pytest.approx(30.8) and sparse['l'] == 5
    assert impression['mean_ms'] == pytest.approx(22.3)
    assert impression['ratio'] == pytest.approx(106 / 22.3)
    assert impression['ratio_range'] == pytest.approx([106 / 22.3] * 2)
    assert impression['median_ms'] == pytest.approx(12) == impression['other_ms']
    assert impression['max_ms'] == pytest.approx(1 + 100 + 6 + 3 + 5) == impression['key_ms']
    assert impression['cpu_ms'] == pytest.approx(2 * 22.3)
    assert [row['bound_share'] for row in rows] == pytest.approx([1, 1, 1])
    assert [row['frames'] for row in rows] == [20, 20, 20]
    assert {'model', 'mode', 'key_mode', 'l', 'mean_ms', 'median_ms', 'p95_ms', 'p99_ms',
            'max_ms', 'ratio', 'bound_share'} <= set(impression)
    assert impression['model'] == 'slow' and impression['mode'] == 'impression'


def test_time_between_the_parts_lowers_the_share_of_the_bound():
    from impnet_ros.benchmark.measure import Times
    times = Times([20.0, 20.0], [True, False], {'flow': 8.0}, 60.0, [20.0])
    base = Times([106.0] * 2, [True] * 2, {}, 0.0, [106.0])
    row = make_row('m', Variant('impression', 'async', 10), times, base, PART_MS)
    assert row['bound_ms'] == 12 and row['bound_share'] == pytest.approx(0.6)
    assert row['ratio'] == pytest.approx(5.3)
    assert row['stage_ms'] == {'flow': 4.0} and row['cpu_ms'] == 30


def test_spread():
    result = spread([*range(1, 100), 1000.0])
    assert result['median_ms'] == 50.5 and result['max_ms'] == 1000
    assert result['mean_ms'] == pytest.approx((99 * 50 + 1000) / 100)
    assert result['p95_ms'] == pytest.approx(95.05) and 99 < result['p99_ms'] < 110


def test_turns_are_interleaved():
    turns = []

    class Player:

        def __init__(self, name):
            self.name = name

        def warm_up(self):
            turns.append(f'warm {self.name}')

        def play(self, frames):
            turns.append((self.name, frames))

    assert list(interleave([(Player('a'), 5), (Player('b'), 6)], 2)) == [1, 2, 3, 4]
    assert turns == ['warm a', 'warm b', ('a', 5), ('b', 6), ('a', 5), ('b', 6)]


def test_a_drift_of_the_machine_cancels_in_the_ratio(network):
    streams = [Stream(network, variant, IMAGES, clock=network.clock)
               for variant in (PER_FRAME, Variant('sparse', l=5))]
    for done in interleave([(stream, 5) for stream in streams], 4):
        network.factor = 3.0 if done >= 4 else 1.0  # the second half is three times as slow
    base, sparse = (stream.times for stream in streams)
    assert base.round_ms == pytest.approx([106, 106, 318, 318])
    assert np.mean(base.frame_ms) / np.mean(sparse.frame_ms) == pytest.approx(106 / 30.8)


def test_rounds_hold_whole_segments():
    assert [whole_segments(30, length) for length in (1, 7, 10, 30, 40)] == [30, 35, 30, 30, 40]


def test_each_round_has_its_share_of_key_frames(network):
    stream = Stream(network, Variant('impression', l=5), IMAGES, clock=network.clock)
    stream.warm_up()
    for _ in range(3):
        stream.play(10)
        assert sum(stream.times.is_key[-10:]) == 2
    assert stream.times.round_ms == pytest.approx([stream.times.round_ms[0]] * 3)


def test_camera_rate_is_kept(network):
    stream = Stream(network, Variant('sparse', l=10), IMAGES, period_s=0.2, clock=network.clock)
    begin_s = network.clock.time_s
    stream.play(5)
    # The frames are handed out at 0, 0.2, ...: what a frame takes is waited less.
    assert network.clock.waits_s == pytest.approx([0, 0.2 - 0.106, 0.188, 0.188, 0.188])
    assert network.clock.time_s == pytest.approx(begin_s + 0.8 + 0.012)


def test_async_without_a_wait_for_features(network):
    rows, _ = measured(network, [PER_FRAME, Variant('impression', 'async', 10)], rounds=1)
    assert rows[1]['key_ms'] is None or rows[1]['key_mode'] == 'async'
    assert rows[1]['frames'] == 10 and 'features' not in rows[1]['stage_ms']


def test_cameras_have_states_of_their_own(network):
    stream = Stream(network, Variant('sparse', l=5), IMAGES, cameras=3, clock=network.clock)
    stream.play(15)
    assert network.calls.count('features') == 3  # each camera's first frame
    assert stream.times.is_key == [True] * 3 + [False] * 12


def test_scaling(network, monkeypatch):
    monkeypatch.setattr('impnet_ros.benchmark.measure.RealClock', lambda: network.clock)
    cameras = scaling.by_cameras(network, IMAGES, (1, 2), 10, 10, 1)
    assert [row['mean_ms'] for row in cameras] == pytest.approx([22.3, 22.3])
    assert cameras[1]['frames_per_s'] == pytest.approx(1000 / 22.3)
    [size] = scaling.by_size(network, IMAGES, [(4, 6)], 10, 10, 1)
    assert (size['height'], size['width']) == (4, 6)
    assert size['ratio'] == pytest.approx(106 / 22.3)
    length = scaling.by_length(network, IMAGES, 10, 30, 10)
    assert [row['frames'] for row in length] == [10, 20, 30]
    # The very first key frame has no impression to align.
    assert [row['mean_ms'] for row in length] == pytest.approx([21.4, 22.3, 22.3])


def test_endless_video_has_no_jump():
    frames = endless(IMAGES[:4], fps=10)
    played = [next(frames) for _ in range(9)]
    assert [int(frame.image[0, 0, 0]) for frame in played] == [0, 1, 2, 3, 2, 1, 0, 1, 2]
    assert [frame.stamp_s for frame in played] == pytest.approx([n / 10 for n in range(9)])


def test_sprites_stand_in_for_a_missing_clip():
    images = load_images(None, 3, (32, 48))
    assert [image.shape for image in images] == [(32, 48, 3)] * 3
    assert images[0].dtype == np.uint8 and (images[0] != images[2]).any()


def test_a_picture_that_cannot_be_read_is_left_out(tmp_path, capsys):
    for number in range(3):
        cv2.imwrite(str(tmp_path / f'{number}.png'), np.full((8, 8, 3), number, np.uint8))
    (tmp_path / '1.png').write_bytes(b'no picture')
    assert len(load_images(tmp_path, 3, None)) == 2
    assert f'{tmp_path}/1.png: expected a whole JPEG' in capsys.readouterr().err


def test_what_is_compared():
    variants = side_by_side([3, 10], ['sparse', 'average', 'impression'], ['sync', 'async'])
    carried = [Variant(mode, key_mode, length, boxes) for mode in ('sparse', 'impression')
               for key_mode in ('sync', 'async') for length in (3, 10) for boxes in (False, True)]
    averaged = [Variant('average', 'sync', length) for length in (3, 10)]
    assert variants[0] == PER_FRAME and len(variants) == 1 + len(carried) + len(averaged)
    assert set(variants[1:]) == {*carried, *averaged}
    assert side_by_side([3], ['per_frame', 'sparse'], ['sync']) == [
        PER_FRAME, Variant('sparse', 'sync', 3), Variant('sparse', 'sync', 3, True)]


def test_parts_are_called_as_in_the_engine(network):
    parts = Parts(network, IMAGES, distance=2, clock=network.clock)
    parts.play(3)
    assert network.calls == (
        ['prepare'] * 5 + ['features']
        + ['features', 'flow', 'propagate', 'weights', 'task'] * 3
        + ['prepare', 'flow', 'propagate', 'task'] * 3)
    assert parts.mean_ms == pytest.approx(PART_MS)


def test_size_is_read():
    assert image_size('640x480') == (480, 640)
    for wrong in ('640', '0x480', 'x', '640x480x3', '-1x5'):
        with pytest.raises(Exception, match='expected WxH'):
            image_size(wrong)


def test_report(network, tmp_path, capsys):
    rows, part_ms = measured(network, side_by_side([5, 10], ['sparse', 'impression'], ['sync']))
    print_modes(rows, part_ms, 'a title')
    print_rows([{'cameras': 2, 'mean_ms': 1.25}], 'cameras')
    said = capsys.readouterr().out
    assert 'a title' in said and 'impression + boxes' in said and '106.00' in said
    results = {'rows': rows, 'by_cameras': [{'cameras': 1, 'l': 5, 'mean_ms': 1.0}],
               'by_size': [{'height': 8, 'width': 8, 'l': 5, 'per_frame_ms': 2, 'mean_ms': 1.0}],
               'by_length': [{'frames': 5, 'l': 5, 'mean_ms': 1.0, 'memory_mb': 3.0}]}
    plot(results, tmp_path / 'plot.png')
    assert (tmp_path / 'plot.png').stat().st_size > 10_000


def test_command(tmp_path):
    """The real network, seconds long: rows as the file promises them."""
    file = tmp_path / 'deep' / 'bench.json'
    status = main(['bench', '--size', '96x64', '--rounds', '2', '--frames', '4', '--l', '4',
                   '--modes', 'impression', '--threads', '1', '--device', 'cpu', '--quiet',
                   '--what', 'modes', 'cameras', 'length', '--long', '8', '--json', str(file)])
    assert status == 0
    results = json.loads(file.read_text())
    assert [(row['mode'], row['key_mode'], row['l']) for row in results['rows']] == [
        ('per_frame', 'sync', 1), ('impression', 'sync', 4), ('impression', 'sync', 4),
        ('impression', 'async', 4), ('impression', 'async', 4)]
    base = results['rows'][0]['mean_ms']
    for row in results['rows']:
        assert row['model'] == 'nanodet_g' and row['frames'] == 8
        assert row['ratio'] == pytest.approx(base / row['mean_ms'])
        assert 0 < row['median_ms'] <= row['p95_ms'] <= row['p99_ms'] <= row['max_ms']
        assert row['bound_share'] > 0.05
    assert results['conditions']['torch_threads'] == 1
    assert [row['cameras'] for row in results['by_cameras']] == [1, 2, 4, 8]
    assert results['by_length'][-1]['memory_mb'] > 50


@pytest.mark.parametrize('wrong', [['--l', '0'], ['--model', 'unknown'],
                                   ['--input', 'no/such/file']])
def test_wrong_arguments_are_told(wrong, capsys):
    assert main(['bench', '--quiet', *wrong]) == 2
    assert 'impnet bench:' in capsys.readouterr().err
