# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The measurement of the node: rows by hand, and one short run through DDS."""
import json
from types import SimpleNamespace

import pytest

pytest.importorskip('rclpy')

from impnet_ros.ros.bench import measurement, node as bench_node  # noqa: E402, I100
from impnet_ros.ros.bench.cameras import Answer  # noqa: E402
from impnet_ros.ros.bench.process import as_yaml  # noqa: E402
from impnet_ros.ros.bench.rows import make_row  # noqa: E402


def answer(published_s, latency_ms, age=0, total_ms=8.0):
    status = SimpleNamespace(age=age, total_ms=total_ms, features_ms=0.0, flow_ms=2.0,
                             propagate_ms=1.0, weights_ms=0.0, task_ms=2.0, glance_ms=0.0,
                             boxes_ms=1.0)
    return Answer(published_s, published_s + latency_ms / 1e3, status)


def test_row_by_hand():
    answers = [answer(10.0, 10.0, age=0), answer(10.1, 10.0, age=1), answer(10.2, 40.0, age=2),
               Answer(10.3)]
    row = make_row({'mode': 'impression'}, answers, cpu_s=0.2, seconds=0.4)
    assert row['mode'] == 'impression'
    assert (row['published'], row['lost']) == (4, 1)
    assert row['mean_ms'] == pytest.approx(20) and row['median_ms'] == pytest.approx(10)
    assert row['max_ms'] == pytest.approx(40)
    assert row['p99_over_median'] == pytest.approx(row['p99_ms'] / 10)
    assert row['age'] == 1 and row['cpu_percent'] == pytest.approx(50)
    assert row['node_ms'] == 8 and row['over_engine_ms'] == 2
    assert row['transport_ms'] == pytest.approx(12)


def test_row_of_a_node_that_never_answered():
    row = make_row({'mode': 'sparse'}, [Answer(1.0)], 0.0, 1.0)
    assert row == {'mode': 'sparse', 'published': 1, 'lost': 1}


def test_settings_in_turn():
    options = bench_node._arguments(['--l', '5', '10'])
    found = measurement.settings_in_turn(options)
    assert found[0] == {'mode': 'per_frame', 'key_mode': 'sync', 'l': 1, 'box_memory': False}
    assert len(found) == 1 + 2 * 3 * 2
    assert {'mode': 'impression', 'key_mode': 'async', 'l': 5, 'box_memory': True} in found


@pytest.mark.parametrize(('value', 'text'), [
    (True, 'true'), (3, '3'), ('auto', 'auto'), (['a', 'b'], '[a, b]')])
def test_parameters_as_yaml(value, text):
    assert as_yaml(value) == text


@pytest.mark.parametrize('wrong', [['--rate', '0'], ['--size', 'big'], ['--modes', 'fast']])
def test_wrong_arguments(wrong, capsys):
    with pytest.raises(SystemExit):
        bench_node.main(wrong)
    assert 'impnet_bench_node: error' in capsys.readouterr().err


@pytest.mark.ros
def test_through_dds(tmp_path):
    file = tmp_path / 'node.json'
    status = bench_node.main(['--size', '96x64', '--rate', '10', '--cameras', '2', '--l', '4',
                              '--modes', 'impression', '--box-memory', 'off', '--rounds', '1',
                              '--seconds', '1.5', '--threads', '1', '--json', str(file)])
    assert status == 0
    results = json.loads(file.read_text())
    assert [(row['key_mode'], row['published']) for row in results['rows']] == [
        ('auto', 30), ('sync', 30), ('async', 30)]
    for row in results['rows']:
        assert row['lost'] < 30, row
        assert 0 < row['median_ms'] <= row['p99_ms'] <= row['max_ms'] < 5000
        assert row['mean_ms'] >= row['node_ms'] > 0 and row['cpu_percent'] > 0
    assert results['rows'][1]['age'] <= 3
    assert results['node_memory_mb'] > 50
