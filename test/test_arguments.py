# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Wrong values on the command line are named with their option, before anything is done."""
from argparse import ArgumentParser, ArgumentTypeError

from impnet_ros import detect
from impnet_ros.arguments import add_settings, config_of, count, image_size, natural, positive
from impnet_ros.cli import main
from impnet_ros.config import DetectionConfig, RunConfig, StreamConfig
from impnet_ros.setting import table
import pytest


def test_what_is_read():
    assert (count('3'), natural('0'), positive('0.5'), image_size('640x480')) == (
        3, 0, 0.5, (480, 640))


@pytest.mark.parametrize('kind, text', [
    (count, '0'), (count, '-1'), (count, '1.5'), (natural, '-1'), (natural, ''), (positive, '0'),
    (positive, 'nan'), (positive, 'inf'), (positive, 'x'), (image_size, '640'),
    (image_size, '0x4')])
def test_what_is_refused(kind, text):
    with pytest.raises(ArgumentTypeError, match=f'expected .*, got {text!r}'):
        kind(text)


@pytest.mark.parametrize('command', [
    ['evaluate', '--model', 'x', '--videos', '0'], ['evaluate', '--model', 'x', '--seed', '-1'],
    ['evaluate-clips', 'x', '--frames', '-3'], ['evaluate-clips', 'x', '--span', 'nan'],
    ['streaming', '--frames', '0'],
    ['bench', '--threads', '-1'], ['bench', '--rounds', '0'], ['bench', '--rate', '0'],
    ['streaming', '--rates', '0'], ['reproduce', '--quick', '--threads', '0'],
    ['detect', 'x', '--fps', 'nan']])
def test_commands_name_the_option(command, capsys):
    with pytest.raises(SystemExit) as status:
        main(command)
    assert status.value.code == 2
    assert f'argument {command[-2]}: expected ' in capsys.readouterr().err


def test_every_setting_is_an_option_of_detect():
    """By its own name, with its default and its meaning; `threads` alone is the node's."""
    parser = ArgumentParser()
    detect.add_arguments(parser)
    options = {action.dest: action for action in parser._actions}
    for config in (RunConfig, StreamConfig, DetectionConfig):
        for row in table(config):
            if row.name == 'threads':
                continue
            option = options[row.word]
            assert row.option in option.option_strings
            assert (option.default, option.help.startswith(row.text)) == (row.default, True)
            if True not in row.choices and not row.bounds:
                assert tuple(option.choices or ()) == row.choices


def test_options_become_settings():
    parser = ArgumentParser()
    add_settings(parser, StreamConfig)
    assert config_of(StreamConfig, parser.parse_args([])) == StreamConfig()
    args = parser.parse_args('--l 4 --g 0.5 --no-box-memory --l-max 7 --mode sparse'.split())
    assert config_of(StreamConfig, args, key_offset=2) == StreamConfig(
        4, 0.5, 2, 'sparse', l_max=7, box_memory=False)
    some = ArgumentParser()
    add_settings(some, StreamConfig, 'memory_gate')
    assert vars(some.parse_args([])) == {'g': 1.0}


def test_a_value_that_is_no_yaml(tmp_path, capsys):
    (tmp_path / 'recipe.yaml').write_text('iterations: 1')
    assert main(['train', str(tmp_path / 'recipe.yaml'), '--set', 'iterations=[1']) == 2
    assert "--set: expected a value in YAML, got 'iterations=[1'" in capsys.readouterr().err
