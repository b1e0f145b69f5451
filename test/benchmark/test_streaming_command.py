# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What `impnet streaming` puts together."""
import json

from impnet_ros.benchmark.streaming import Clip, costs_of, frequent, variants
from impnet_ros.benchmark.variants import PER_FRAME, Variant
from impnet_ros.cli import main
from impnet_ros.data.samples import make_truth
import pytest

PART_MS = {'prepare': 1.0, 'features': 100.0, 'flow': 4.0, 'propagate': 2.0, 'weights': 3.0,
           'fuse': 0.0, 'task': 5.0, 'task_along': 7.0, 'carry': 0.5, 'merge': 0.25}


@pytest.mark.parametrize(('variant', 'compensated', 'key_ms', 'other_ms'), [
    (PER_FRAME, False, 106, None),
    (PER_FRAME, True, 106 + 4.5, None),
    (Variant('sparse', l=5), False, 106, 12),
    (Variant('impression', l=5), False, 106 + 9, 12),
    (Variant('impression', 'async', 5), True, 106 + 9 + 4.5, 12 + 4.5),
    # Box memory carries boxes by a flow anyway: only reading it once more is paid for.
    (Variant('impression', 'async', 5, True), True, 106 + 9 + 4.75 + 0.5, 5.5 + 0.5),
])
def test_costs(variant, compensated, key_ms, other_ms):
    costs = costs_of(variant, PART_MS, compensated)
    assert costs.key_s == pytest.approx(key_ms / 1e3)
    if other_ms is not None:
        assert costs.other_s == pytest.approx(other_ms / 1e3)
    # Beside the stream: features and fusion.
    assert costs.background_s == pytest.approx((100 + 4 + 2 + 3) / 1e3)


def test_camera_rates():
    clip = Clip(list(range(12)), list(range(12)), 30.0)
    assert clip.at(30).images == list(range(12))
    assert clip.at(10).images == [0, 3, 6, 9] and clip.at(10).fps == 10
    assert clip.at(60).images == list(range(12)) and clip.at(60).fps == 60  # hurried


def test_rare_classes_do_not_count():
    truths = [make_truth([[0, 0, 4, 4]], [7]) for _ in range(8)]
    truths[3] = make_truth([[0, 0, 4, 4], [1, 1, 9, 9]], [7, 5])
    kept = frequent(truths)
    assert [truth.labels.tolist() for truth in kept] == [[7]] * 8
    assert kept[3].boxes.tolist() == [[0, 0, 4, 4]]


def test_what_is_compared():
    assert len(variants([3, 10])) == len(set(variants([3, 10]))) == 11


def test_command(tmp_path, bikes):
    bench, file = tmp_path / 'bench.json', tmp_path / 'streaming.json'
    bench.write_text(json.dumps({'parts_ms': {'nanodet_g': PART_MS}}))
    arguments = ['--frames', '6', '--rates', '10', '30', '--l', '2', '--threads', '1', '--device',
                 'cpu', '--bench', str(bench), '--slower', '0.1', '--json', str(file)]
    assert main(['streaming', '--input', str(bikes), *arguments]) == 0
    rows = json.loads(file.read_text())['rows']
    assert len(rows) == 2 * 6 * 2
    assert rows[0]['rate_hz'] == 10 and rows[0]['mode'] == 'per_frame'
    assert rows[0]['latency_ms'] == pytest.approx(10.6)
    assert rows[0]['processed_percent'] == 100


@pytest.mark.parametrize(('wrong', 'said'), [
    (['--sprites', '1'], 'expected a model of the'),
    (['--input', 'no/such/clip.mp4'], 'no such video')])
def test_wrong_arguments_are_told(wrong, said, capsys):
    assert main(['streaming', '--device', 'cpu', *wrong]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(('content', 'words'), [
    (b'[]', 'expected a file of impnet bench --json'), (b'\xff\xfe', 'expected a file of impnet'),
    (b'{"parts_ms": {}}', 'expected parts of nanodet_g, found none'),
    (b'{"parts_ms": {"nanodet_g": {"task": 1}}}', 'expected a file of impnet bench --json'),
    (b'{"parts_ms": {"nanodet_g": 3}}', 'expected a file of impnet bench --json')])
def test_a_file_that_is_no_bench(tmp_path, capsys, content, words):
    file = tmp_path / 'bench.json'
    file.write_bytes(content)
    assert main(['streaming', '--device', 'cpu', '--frames', '1', '--bench', str(file)]) == 2
    assert f'{file}: {words}' in capsys.readouterr().err


def test_a_folder_without_a_picture_that_can_be_read(tmp_path, capsys):
    (tmp_path / '0.png').write_bytes(b'none')
    assert main(['streaming', '--device', 'cpu', '--input', str(tmp_path)]) == 2
    told, said = capsys.readouterr().err.splitlines()
    assert told.startswith(f'{tmp_path}/0.png: expected a whole JPEG')
    assert said == f'impnet streaming: {tmp_path}: expected a video with frames that can be ' \
                   'read, got none'
