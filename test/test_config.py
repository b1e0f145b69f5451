# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Settings refuse what they cannot mean, by all their names."""
from impnet_ros.config import DetectionConfig, RunConfig, StreamConfig
from impnet_ros.setting import table
import pytest


@pytest.mark.parametrize('setting, message', [
    ({'segment_length': 0}, r'l \(segment_length\): expected auto or an int in 1..1000000, got 0'),
    ({'segment_length': 2.0}, r'l \(segment_length\): expected auto or an int in .*, got 2.0'),
    ({'segment_length': True}, r'l \(segment_length\): expected auto or an int in .*, got True'),
    ({'memory_gate': 1.1}, r'g \(memory_gate\): expected a number in 0..1, got 1.1'),
    ({'memory_gate': float('nan')}, 'memory_gate'),
    ({'segment_length': 3, 'key_offset': 3}, r'key_offset: expected an int in 0..2 \(l - 1\)'),
    ({'key_offset': -1}, 'key_offset: expected an int in 0..9999, got -1'),
    ({'mode': 'fast'}, 'mode: expected one of auto, impression, average, sparse, per_frame, got '),
    ({'segment_length': 'off'}, r"l \(segment_length\): expected auto or an int in .*, got 'off'"),
    ({'key_offset': 10}, r'key_offset: expected an int in 0..9 \(l - 1\)'),
    ({'l_max': 0}, 'l_max: expected an int in 1..10000, got 0'),
    ({'cpu_share': 0.0}, 'cpu_share: expected a number in 0.01..1, got 0.0'),
    ({'glance': 32}, 'glance: expected auto, off or an int in 64..1024, got 32'),
    ({'glance_every': 0}, 'glance_every: expected auto or an int in 1..1000, got 0'),
    ({'key_mode': 'async', 'key_offset': 1}, "key_offset: expected 0 with key_mode 'async'"),
    ({'box_memory': True, 'key_offset': 1}, 'key_offset: expected 0 with box_memory'),
    ({'box_memory': 'off'}, "box_memory: expected one of auto, true, false, got 'off'"),
    ({'box_memory': 1}, 'box_memory: expected one of auto, true, false, got 1'),
    ({'memory_gate': 'x'}, "expected a number in 0..1, got 'x'"),
    ({'box_lifetime': '1'}, "box_lifetime: expected a number in 0.001..60, got '1'"),
    ({'max_gap': 0.0}, 'max_gap: expected a number in 0.001..86400, got 0.0')])
def test_stream_settings_out_of_range(setting, message):
    with pytest.raises(ValueError, match=message):
        StreamConfig(**setting)


@pytest.mark.parametrize('setting', [
    {'score_threshold': -0.1}, {'score_threshold': 'a'}, {'nms_threshold': 2},
    {'max_detections': 0}])
def test_detection_settings_out_of_range(setting):
    with pytest.raises(ValueError, match=f'{next(iter(setting))}: expected'):
        DetectionConfig(**setting)


def test_what_runs_is_checked_too():
    with pytest.raises(ValueError,
                       match='runtime: expected one of auto, torch, cpu, ncnn, openvino'):
        RunConfig(runtime='onnxruntime')
    with pytest.raises(ValueError, match='device: expected a name, got 0'):
        RunConfig(device=0)


def test_defaults_are_causal_and_of_long_memory():
    config = StreamConfig()
    assert (config.segment_length, config.memory_gate, config.key_offset) == ('auto', 1.0, 0)
    assert (config.mode, config.box_memory) == ('auto', 'auto')


@pytest.mark.parametrize('config', [RunConfig, StreamConfig, DetectionConfig])
def test_help_tells_every_setting(config):
    """`help(StreamConfig)` has meaning, range and default of each."""
    for row in table(config):
        assert f'{row.name} : {row.expected}; default {row.default!r}' in config.__doc__
        assert len(row.text) > 15 and row.text in config.__doc__


def test_only_the_letters_of_the_paper_are_second_names():
    rows = [row for config in (RunConfig, StreamConfig, DetectionConfig) for row in table(config)]
    assert {row.word: row.name for row in rows if row.word != row.name} == {
        'l': 'segment_length', 'g': 'memory_gate'}
