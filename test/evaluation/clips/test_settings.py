# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Settings as written on the command line."""
from impnet_ros.config import StreamConfig
from impnet_ros.evaluation.clips.settings import default_settings, parse, PER_FRAME, with_reference
import pytest


def test_names_are_those_of_the_nodes_parameters():
    setting = parse('mode=sparse  box_memory=true l=3 g=0.5 max_gap=1 box_lifetime=0.2')
    assert setting.stream(30.0) == StreamConfig(
        mode='sparse', box_memory=True, segment_length=3, memory_gate=0.5, max_gap=1.0,
        box_lifetime=0.2)
    assert setting.name == 'mode=sparse box_memory=true l=3 g=0.5 max_gap=1 box_lifetime=0.2'
    assert parse('box_memory=auto').stream(30.0) == StreamConfig()
    assert parse('segment_length=4').stream(30.0).segment_length == 4
    assert parse('').name == 'default'


@pytest.mark.parametrize(('fps', 'length'), [(24, 8), (30, 10), (7, 2), (1, 1)])
def test_a_segment_in_seconds_is_counted_at_the_clips_own_rate(fps, length):
    assert parse('l_s=0.3333').stream(fps).segment_length == length


def test_size_and_name():
    setting = parse("size=288 'name=small one' l=2")
    assert (setting.size, setting.name, setting.stream(30).segment_length) == (288, 'small one', 2)


@pytest.mark.parametrize(('text', 'complaint'), [
    ('l', "expected NAME=VALUE, got 'l'"), ('length=3', "got 'length'"),
    ('l=3 l=4', 'expected l once'), ('l=3 l_s=0.1', 'expected l or l_s, got both'),
    ('l=0', 'l (segment_length): expected auto or an int in 1..1000000, got 0'),
    ('l_s=-1', 'l_s: expected seconds'),
    ('size=big', "size: expected pixels, 64 to 4096, got 'big'"), ('mode=fast', 'mode: expected'),
    ('box_memory=perhaps', 'box_memory: expected one of auto, true, false'),
    ("name='x", 'No closing quotation')])
def test_what_cannot_be_read_is_named(text, complaint):
    with pytest.raises(ValueError, match='--setting') as error:
        parse(text)
    assert complaint in str(error.value)


def test_per_frame_comes_first_and_once():
    settings = [parse('l=3'), parse('mode=per_frame'), parse('mode=per_frame size=256'),
                parse('name=mine mode=per_frame')]
    assert with_reference(settings) == [PER_FRAME, settings[0], *settings[2:]]
    with pytest.raises(ValueError, match="got 'l=3' twice"):
        with_reference([parse('l=3'), parse('l=3')])


def test_without_settings_the_modes_are_compared():
    found = {item.name: item.stream(24.0) for item in default_settings(1 / 3)}
    assert list(found) == ['default', 'features l=1', 'boxes l=1', 'features and boxes l=1',
                           'nothing l_s=0.333', 'features l_s=0.333', 'boxes l_s=0.333',
                           'features and boxes l_s=0.333']
    assert found['boxes l_s=0.333'] == StreamConfig(mode='sparse', box_memory=True,
                                                    glance='off', segment_length=8)
    assert [item.name for item in default_settings(0.5, boxes_only=True)] == [
        'default', 'boxes l=1', 'boxes l_s=0.5']
