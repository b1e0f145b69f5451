# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Settings refuse what they cannot mean."""
from impnet_ros.config import DetectionConfig, StreamConfig
import pytest


@pytest.mark.parametrize('setting, message', [
    ({'segment_length': 0}, 'segment_length: expected an int >= 1, got 0'),
    ({'segment_length': 2.0}, 'segment_length: expected an int'),
    ({'memory_gate': 1.1}, r'memory_gate: expected a number in 0..1, got 1.1'),
    ({'memory_gate': float('nan')}, 'memory_gate'),
    ({'segment_length': 3, 'key_offset': 3}, r'key_offset: expected an int in 0..2'),
    ({'mode': 'fast'}, "mode: expected one of impression, average, sparse, per_frame, got 'fast'"),
    ({'schedule': 'none'}, "schedule: expected one of fixed, adaptive, got 'none'"),
    ({'smallest_length': 0}, 'smallest_length: expected an int >= 1, got 0'),
    ({'smallest_length': 4, 'largest_length': 3}, 'largest_length: expected an int >= 4'),
    ({'doubt_threshold': -0.1}, 'doubt_threshold: expected a number >= 0'),
    ({'schedule': 'adaptive', 'key_offset': 1}, "key_offset: expected 0 with schedule 'adaptive'"),
    ({'box_memory': 'off'}, "box_memory: expected True, False or None .*, got 'off'"),
    ({'memory_gate': 'x'}, "memory_gate: expected a number in 0..1, got 'x'"),
    ({'box_lifetime_s': '1'}, "box_lifetime_s: expected seconds > 0, got '1'"),
    ({'max_gap_s': 0.0}, 'max_gap_s')])
def test_stream_settings_out_of_range(setting, message):
    with pytest.raises(ValueError, match=message):
        StreamConfig(**setting)


@pytest.mark.parametrize('setting', [
    {'score_threshold': -0.1}, {'score_threshold': 'a'}, {'nms_threshold': 2},
    {'max_detections': 0}])
def test_detection_settings_out_of_range(setting):
    with pytest.raises(ValueError, match=f'{next(iter(setting))}: expected'):
        DetectionConfig(**setting)


def test_defaults_are_causal_and_of_long_memory():
    config = StreamConfig()
    assert (config.segment_length, config.memory_gate, config.key_offset) == (10, 1.0, 0)
