# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of a node that was built, not run; and the files that set them."""
from collections.abc import Iterator
from pathlib import Path
import re
import runpy

from impnet_ros.ros.depth.settings import ROWS as DEPTH_ROWS
from impnet_ros.ros.lifecycle import DetectorNode
from impnet_ros.ros.parameters import unknown
from impnet_ros.ros.settings import ROWS, Settings
import pytest
from rcl_interfaces.msg import ParameterType
import rclpy
from rclpy.context import Context
from rclpy.exceptions import ParameterException
from rclpy.parameter import Parameter
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def context() -> Iterator[Context]:
    """Give a context of this test's own."""
    made = Context()
    rclpy.init(context=made)
    yield made
    made.try_shutdown()


def build(context: Context, *arguments: str, **values: object) -> DetectorNode:
    """Build the node, unconfigured, as a command line would."""
    overrides = [Parameter(name, value=value) for name, value in values.items()]
    return DetectorNode(context=context, parameter_overrides=overrides,
                        cli_args=['--ros-args', *arguments])


def reason(node: DetectorNode, **values: object) -> str:
    """Set parameters together; the reason where they are rejected, '' else."""
    result = node.set_parameters_atomically(
        [Parameter(name, value=value) for name, value in values.items()])
    return '' if result.successful else result.reason


def test_defaults_are_the_settings(context: Context) -> None:
    """What the node declares is what `Settings` says, each with a description."""
    node = build(context)
    assert node.settings == Settings()
    for row in ROWS:
        described = node.describe_parameter(row.word)
        assert described.description == row.text
        for word in row.choice_words:
            assert word in described.additional_constraints
        assert ('start-up' in described.additional_constraints) == (row.changes == 'fixed')
    assert node.describe_parameter('g').floating_point_range[0].to_value == 1.0
    assert node.describe_parameter('l_max').integer_range[0].from_value == 1
    node.destroy_node()


def test_whole_numbers_for_real_ones(context: Context) -> None:
    """`g:=1` and `ros2 param set ... g 0` are taken."""
    node = build(context, '-p', 'g:=1', '-p', 'max_gap:=3')
    assert node.settings.memory_gate == 1.0
    assert node.settings.max_gap == 3.0
    assert reason(node, g=0) == ''
    assert node.settings.memory_gate == 0.0
    node.destroy_node()


@pytest.mark.parametrize(('values', 'said'), [
    ({'l': 0}, 'l'), ({'l': 2.5}, 'l|type'), ({'g': 1.5}, 'g'), ({'g': -1}, 'g'),
    ({'g': 'much'}, r'g \(memory_gate\): expected a number'),
    ({'g': True}, r'g \(memory_gate\): expected a number'),
    ({'g': float('nan')}, 'g'), ({'key_offset': 10}, r'key_offset: expected an int in 0..9 \(l'),
    ({'mode': 'fast'}, 'mode: expected one of auto, impression'),
    ({'key_mode': 'async', 'key_offset': 1}, 'key_offset'),
    ({'l_max': 0}, 'l_max'), ({'cpu_share': 2.0}, 'cpu_share'),
    ({'threads': 3}, 'read-only'), ({'cameras': ['a']}, 'read-only'),
    ({'classes': [1, 2]}, 'classes: expected a list of names'),
    ({'score_threshold': 2.0}, 'score_threshold'), ({'class_id': 'label'}, 'class_id'),
])
def test_what_is_rejected(context: Context, values: dict[str, object], said: str) -> None:
    """With a reason, and nothing changes."""
    node = build(context)
    assert re.search(said, reason(node, **values))
    assert node.settings == Settings()
    node.destroy_node()


def test_together_or_not_at_all(context: Context) -> None:
    """Length and key_offset fit each other only together; a bad one takes the good one with it."""
    node = build(context)
    assert 'key_offset' in reason(node, key_offset=12)
    assert reason(node, l=20, key_offset=12) == ''
    assert 'key_offset' in reason(node, l=10)
    assert reason(node, g=0.5, mode='fast') != ''
    now = node.settings
    assert (now.segment_length, now.key_offset, now.memory_gate) == (20, 12, 1.0)
    node.destroy_node()


def test_a_parameter_cannot_be_deleted(context: Context) -> None:
    """Parameters that take two types would otherwise vanish."""
    node = build(context)
    result = node.set_parameters([Parameter('g', Parameter.Type.NOT_SET)])
    assert not result[0].successful
    assert node.get_parameter('g').value == 1.0
    node.destroy_node()


@pytest.mark.parametrize('values', [{'l': 0}, {'g': 'much'}, {'key_offset': 10},
                                    {'cameras': ['left', 'left']}, {'cameras': ['1']}])
def test_a_node_is_not_built_with_what_does_not_fit(context: Context,
                                                    values: dict[str, object]) -> None:
    """`main` tells it in one line."""
    with pytest.raises((ParameterException, ValueError)):
        build(context, **values)


def test_lists_may_be_empty(context: Context) -> None:
    """An empty list and a list of an empty name are the same: all, or none."""
    for given in ([], ['']):
        node = build(context, cameras=given, classes=given)
        assert node.settings.cameras == node.settings.classes == ()
        node.destroy_node()


def test_empty_lists_in_yaml(context: Context, tmp_path: Path) -> None:
    """`classes: []` comes from ROS without a value; it is an empty list, then and later."""
    file = tmp_path / 'mine.yaml'
    file.write_text('/**: {ros__parameters: {classes: [], cameras: [], l: 3}}')
    node = build(context, '--params-file', str(file))
    assert node.settings == Settings(segment_length=3)
    assert list(node.get_parameter('classes').value) == []
    assert reason(node, classes=['person']) == reason(node, classes=[]) == ''
    assert node.settings.classes == ()
    node.destroy_node()


def test_what_did_not_change_is_no_change(context: Context) -> None:
    """All that `ros2 param dump` wrote is taken again while the node is configured."""
    node = build(context, threads=2, cameras=['left'])
    node._state = 'inactive'
    values = {row.word: node.get_parameter(row.word).value for row in ROWS}
    for name, value in values.items():
        assert reason(node, **{name: value}) == ''
    assert reason(node, **values) == ''
    assert 'model: read-only while the node is configured' in reason(node, model='tiny')
    assert 'threads: read-only' in reason(node, threads=3)
    assert 'cameras: read-only' in reason(node, cameras=['left', 'right'])
    node._state = 'unconfigured'
    assert reason(node, model='tiny') == ''
    node.destroy_node()


def test_box_memory_is_true_false_or_left_to_the_model(context: Context) -> None:
    """As a truth value or the word; other words are refused."""
    for given in ('auto', True, False):
        node = build(context, box_memory=given)
        assert node.settings.stream.box_memory == given
        node.destroy_node()
    with pytest.raises(ValueError, match='box_memory: expected one of auto, true, false'):
        build(context, box_memory='yes')
    node = build(context)
    assert node.set_parameters([Parameter('box_memory', value=True)])[0].successful
    assert node.settings.stream.box_memory is True
    assert reason(node, box_memory=3) == 'box_memory: expected one of auto, true, false, got 3'
    node.destroy_node()


def test_spelling_mistakes_are_named() -> None:
    """What the node does not know, and not what ROS itself sets."""
    assert unknown({'score_treshold': 1, 'g': 1, 'use_sim_time': 1, 'qos_overrides./x': 1}) == [
        'score_treshold']


def test_the_parameters_file_is_the_table() -> None:
    """The files are what `make config` writes, and hold every parameter's default."""
    written = runpy.run_path(str(ROOT / 'tools' / 'parameters_yaml.py'))
    write = written['parameters_yaml']
    for name, rows, expected in (
            ('impnet', ROWS, write()),
            ('impnet_depth', DEPTH_ROWS, write(DEPTH_ROWS, written['DEPTH_HEAD']))):
        text = (ROOT / 'config' / f'{name}.yaml').read_text()
        assert expected == text
        given = yaml.safe_load(text)['/**']['ros__parameters']
        assert given == {row.word: list(row.default) if row.kind is tuple else row.default
                         for row in rows}


@pytest.mark.parametrize('file', sorted((ROOT / 'config').glob('*.yaml')),
                         ids=lambda file: file.name)
def test_parameters_files_build_the_node(context: Context, file: Path) -> None:
    """As launch gives them; without launch, so that it runs everywhere."""
    sections = yaml.safe_load(file.read_text())
    if '/**' not in sections or file.stem == 'impnet_depth':
        pytest.skip('not a parameters file of this node')
    node = build(context, '--params-file', str(file))
    assert unknown(node._parameter_overrides) == []
    node.destroy_node()


def test_types_on_the_wire(context: Context) -> None:
    """`ros2 param get` shows numbers as numbers."""
    node = build(context)
    assert node.get_parameter('g').get_parameter_value().type == ParameterType.PARAMETER_DOUBLE
    assert node.get_parameter('l_max').get_parameter_value().type == (
        ParameterType.PARAMETER_INTEGER)
    node.destroy_node()


def test_a_word_or_a_number(context: Context) -> None:
    """A side in pixels, or off, which YAML reads as false; at start and later."""
    node = build(context, '-p', 'glance:=256', '-p', 'l:=7')
    assert (node.settings.glance, node.settings.segment_length) == (256, 7)
    assert reason(node, l='auto') == '' and node.settings.segment_length == 'auto'
    assert reason(node, l=3) == '' and node.settings.segment_length == 3
    assert reason(node, glance='off') == '' and node.settings.glance == 'off'
    assert reason(node, glance=128) == '' and node.settings.glance == 128
    assert reason(node, glance=False) == '' and node.settings.glance == 'off'
    assert 'glance: expected auto, off or an int in 64..1024' in reason(node, glance=7)
    node.destroy_node()
    node = build(context, '-p', 'glance:=off')
    assert node.settings.glance == 'off'
    node.destroy_node()
