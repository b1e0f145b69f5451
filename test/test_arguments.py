# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Wrong values on the command line are named with their option, before anything is done."""
from argparse import ArgumentTypeError

from impnet_ros.arguments import count, image_size, natural, positive
from impnet_ros.cli import main
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
    ['schedule-curve', 'x', '--sequences', '0'], ['streaming', '--frames', '0'],
    ['bench', '--threads', '-1'], ['bench', '--rounds', '0'], ['bench', '--rate', '0'],
    ['streaming', '--rates', '0'], ['reproduce', '--quick', '--threads', '0'],
    ['detect', 'x', '--fps', 'nan']])
def test_commands_name_the_option(command, capsys):
    with pytest.raises(SystemExit) as status:
        main(command)
    assert status.value.code == 2
    assert f'argument {command[-2]}: expected ' in capsys.readouterr().err


def test_a_value_that_is_no_yaml(tmp_path, capsys):
    (tmp_path / 'recipe.yaml').write_text('iterations: 1')
    assert main(['train', str(tmp_path / 'recipe.yaml'), '--set', 'iterations=[1']) == 2
    assert "--set: expected a value in YAML, got 'iterations=[1'" in capsys.readouterr().err
