# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Scheduling with answers known by hand."""
import json

from impnet_ros.archive.simulation import drawn, longest_first, Shift, work_off
from impnet_ros.cli import main
import pytest

TIMES = {'frames': 100, 'seconds': 1.0, 'read_s': 0.1, 'decode_s': 0.2, 'engine_s': 0.6,
         'write_s': 0.1}


def test_two_workers():
    """3 goes to the first, 1 and 1 to the second, 4 to the second at 2: done at 6."""
    shift = work_off([3.0, 1.0, 1.0, 4.0], 2)
    assert shift == Shift(6.0, pytest.approx(1 - 9 / 12))
    assert work_off(longest_first([3.0, 1.0, 1.0, 4.0]), 2).seconds == 5.0


def test_one_worker_is_never_idle():
    assert work_off([3.0, 2.0], 1, start_s=1.0) == Shift(6.0, 0.0)
    assert work_off([], 3) == Shift(0.0, 0.0)


def test_times_are_drawn_from_measured_ones():
    times = drawn([0.5], 1000, 100, 0.5)
    assert times == drawn([0.5], 1000, 100, 0.5) and 25 <= min(times) < max(times) <= 75
    assert sum(times) / 1000 == pytest.approx(50, rel=0.05)


def test_command(tmp_path, capsys):
    file = tmp_path / 'summary.json'
    file.write_text(json.dumps({'times': [TIMES]}))
    assert main(['label-cost', str(file), '--bags', '10', '--spread', '0', '--workers', '1', '10',
                 '--start', '0']) == 0
    out = capsys.readouterr().out
    assert '10.00 ms an image and worker: reading 1.00, decoding 2.00' in out
    assert '3 hours of one worker' in out and out.splitlines()[-1].split()[1] == '0.3'


@pytest.mark.parametrize('content', [
    '{}', '[]', '{"times": 3}', '{"times": ["a"]}', '{"times": [{"frames": 2, "seconds": 1}]}',
    json.dumps({'times': [{**TIMES, 'seconds': float('inf')}]}),
    json.dumps({'times': [{**TIMES, 'read_s': 'a'}]}), b'\xff\xfe'])
def test_what_is_no_summary(tmp_path, capsys, content):
    file = tmp_path / 'summary.json'
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    assert main(['label-cost', str(file)]) == 2
    assert f'{file}: expected a summary.json of impnet label' in capsys.readouterr().err


@pytest.mark.parametrize('seconds', ['nan', 'inf', '-1'])
def test_seconds_of_a_start_that_cannot_be(capsys, seconds):
    with pytest.raises(SystemExit):
        main(['label-cost', 'summary.json', f'--start={seconds}'])
    assert '--start: expected a number of 0 or more' in capsys.readouterr().err
