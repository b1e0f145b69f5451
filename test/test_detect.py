# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet detect` on a few frames of a real clip, with the shipped weights."""
from itertools import islice
import json
import re

from ball_detector import ball, BallDetector
import cv2
from impnet_ros.cli import main
from impnet_ros.video import open_video
import pytest


@pytest.fixture(scope='module')
def pictures(bikes, tmp_path_factory):
    """Give a folder of eight pictures with a cyclist, 25 a second."""
    folder = tmp_path_factory.mktemp('pictures')
    frames = islice(open_video(bikes).frames, 118, 126)
    for number, frame in enumerate(frames):
        cv2.imwrite(str(folder / f'{number}.png'), frame.image[..., ::-1])
    return folder


def detect(tmp_path, folder, *options):
    file = tmp_path / 'out' / 'detections.json'
    assert main(['detect', str(folder), '--quiet', '--device', 'cpu', '--runtime', 'torch',
                 '--fps', '25', '--json', str(file), *options]) == 0
    return json.loads(file.read_text())


def test_a_cyclist_is_seen_and_every_frame_has_its_entry(tmp_path, pictures, capsys):
    entries = detect(tmp_path, pictures, '--l', '4')
    assert [entry['frame'] for entry in entries] == list(range(8))
    assert [entry['stamp_s'] for entry in entries] == pytest.approx([i / 25 for i in range(8)])
    assert [entry['is_key'] for entry in entries] == [True, False, False, False] * 2
    for entry in entries:
        assert 'person' in entry['labels']
        assert len(entry['boxes']) == len(entry['scores']) == len(entry['labels'])
        assert all(0 <= x1 < x2 <= 640 and 0 <= y1 < y2 <= 272
                   for x1, y1, x2, y2 in entry['boxes'])
    assert 'frames a second' in capsys.readouterr().out


def test_segments_of_one_frame_are_per_frame_detection(tmp_path, pictures):
    sparse = detect(tmp_path, pictures, '--mode', 'sparse', '--l', '1')
    assert sparse == detect(tmp_path, pictures, '--mode', 'per_frame', '--l', '10')


@pytest.mark.parametrize('mode', ['impression', 'average', 'sparse', 'per_frame'])
def test_delayed_frames_come_out_in_order(tmp_path, pictures, mode):
    entries = detect(tmp_path, pictures, '--mode', mode, '--l', '5', '--key-offset', '2')
    assert [entry['frame'] for entry in entries] == list(range(8))
    keys = [entry['frame'] for entry in entries if entry['is_key']]
    assert keys == (list(range(8)) if mode == 'per_frame' else [2, 7])


def test_in_real_time_it_says_what_it_chose_and_that_gives_the_same(tmp_path, pictures, capsys):
    """Key frames and glances as this machine has time for; without, each frame is a key frame."""
    found = detect(tmp_path, pictures, '--realtime', '--fps', '100', '--cpu-share', '0.2',
                   '--l-max', '6')
    told = re.search(r'real time at 100 Hz: (.*) \(key frame', capsys.readouterr().err)[1]
    chosen = dict(item.split(' = ') for item in told.split(', '))
    assert 2 <= int(chosen['l']) <= 6
    words = [word for name, value in chosen.items()
             for word in (f"--{name.replace('_', '-')}", value)]
    again = detect(tmp_path, pictures, '--fps', '100', *words)
    assert again == found
    assert all(entry['is_key'] for entry in detect(tmp_path, pictures))


def test_memory_changes_what_is_seen(tmp_path, pictures):
    short = detect(tmp_path, pictures, '--l', '1', '--g', '0', '--mode', 'impression')
    long = detect(tmp_path, pictures, '--l', '1', '--g', '1', '--mode', 'impression')
    assert short[:2] == long[:2] and short[5]['scores'] != long[5]['scores']


def test_box_memory_follows_objects_by_number(tmp_path, pictures):
    entries = detect(tmp_path, pictures, '--l', '4')
    people = [{number for number, label in zip(entry['track_ids'], entry['labels'])
               if label == 'person'} for entry in entries]
    assert all(len(entry['track_ids']) == len(entry['boxes']) for entry in entries)
    assert set.intersection(*people[:4])
    assert detect(tmp_path, pictures, '--l', '4', '--box-memory') == entries
    for without in (['--no-box-memory'], ['--key-offset', '1'], ['--mode', 'sparse']):
        assert 'track_ids' not in detect(tmp_path, pictures, '--l', '4', *without)[0]


def test_annotated_video_has_every_frame(tmp_path, pictures):
    file = tmp_path / 'annotated.mp4'
    detect(tmp_path, pictures, '--video', str(file))
    video = open_video(file)
    frames = list(video.frames)
    assert len(frames) == 8 and video.fps == pytest.approx(25)
    assert frames[0].origin.image_size == (272, 640)


@pytest.mark.parametrize('options, message', [
    (['--l', '0'], 'l (segment_length): expected auto or an int in 1..1000000, got 0'),
    (['--l', '3', '--key-offset', '3'], 'key_offset: expected an int in 0..2'),
    (['--realtime', '--resume'], '--resume: expected the settings that --realtime chose'),
    (['--g', '1.5'], 'g (memory_gate): expected a number in 0..1, got 1.5'),
    (['--model', 'yolo'], 'model: expected one of'),
    (['--topic', '/image'], '--topic: expected a bag, got'),
    (['--fps', '90000', '--video', 'v.mp4', '--model', 'none'],
     'v.mp4: expected 0.01 to 1000 frames a second for the video, got 90000'),
    (['--device', 'tpu'], "device: expected auto, cpu, cuda or cuda:n, got 'tpu'")])
def test_bad_settings_end_with_what_was_expected(pictures, capsys, options, message):
    assert main(['detect', str(pictures), *options]) == 2
    assert message in capsys.readouterr().err


def test_absent_input_ends_with_its_name(capsys):
    assert main(['detect', 'absent.mp4']) == 2
    assert 'no such video, folder or bag: absent.mp4' in capsys.readouterr().err


@pytest.mark.parametrize(('settings', 'lost'), [
    (['--l', '1'], [5]), (['--l', '3', '--key-offset', '2'], [3, 4, 5])])
def test_an_error_in_the_network_costs_its_frames_and_the_memory(tmp_path, capsys, settings,
                                                                 lost):
    """As in the node: what waits for that key frame is lost with it, and the run goes on."""
    for number in range(9):
        mark = 1 if number == 5 else 100
        cv2.imwrite(str(tmp_path / f'{number}.png'), ball((80, 80, 0), mark=mark)[..., ::-1])
    entries = detect(tmp_path, tmp_path, '--model', 'ball_detector:make_failing', *settings,
                     '--no-box-memory')
    assert [entry['frame'] for entry in entries] == list(range(9))
    assert [entry['frame'] for entry in entries if not entry['boxes']] == lost
    assert {entry['frame']: entry['reset_reason'] for entry in entries
            if entry['reset_reason']} == {0: 'start', 6: 'error'}
    said = capsys.readouterr()
    for number in lost:
        assert f'frame {number}: the network failed: RuntimeError: device lost\n' in said.err
    assert said.err.count('\n') == len(lost) and f'9 frames ({len(lost)} lost by' in said.out


def test_a_network_that_fails_at_every_frame_is_an_error(tmp_path, capsys, monkeypatch):
    """Labels without a name are a failure too; few of many are told."""
    monkeypatch.setattr(BallDetector, 'class_names', ('red ball',))
    for number in range(30):
        cv2.imwrite(str(tmp_path / f'{number}.png'), ball((80, 80, 1))[..., ::-1])
    assert main(['detect', str(tmp_path), '--quiet', '--model', 'ball_detector:make']) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == ('impnet detect: frame 0: the network failed: ValueError: labels: expected '
                       '0..0, the class_names, got 1')
    assert said[-1] == 'impnet detect: model: ball_detector:make failed at every frame'
    assert len(said) < 25
