# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""No output over an input or over another output."""
from collections.abc import Callable
import os
from pathlib import Path

from impnet_ros.outputs import previous, require_distinct, unfinished, write_whole
import pytest


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Give a file, with a symbolic and a hard link to it."""
    file = tmp_path / 'clip.mp4'
    file.write_bytes(b'film')
    (tmp_path / 'symbolic.mp4').symlink_to(file)
    os.link(file, tmp_path / 'hard.mp4')
    return file


@pytest.mark.parametrize('name', ['clip.mp4', 'symbolic.mp4', 'hard.mp4', '../{}/clip.mp4',
                                  'sub/../clip.mp4'])
def test_an_input_is_no_output(clip: Path, name: str) -> None:
    """By whatever name it is called."""
    (clip.parent / 'sub').mkdir()
    output = clip.parent / name.format(clip.parent.name)
    with pytest.raises(ValueError, match='--video: expected another file than the input'):
        require_distinct({'--json': None, '--video': output}, [clip])
    with pytest.raises(ValueError, match='--video'):
        require_distinct({'--video': output}, [Path('model.safetensors'), clip])
    assert clip.read_bytes() == b'film'


@pytest.mark.parametrize('one, other', [
    ('a.mp4', 'a.mp4'), ('a.mp4', 'A.mp4'), ('a.mp4', 'sub/../a.mp4'),
    ('hard.mp4', 'symbolic.mp4')])
def test_two_outputs_are_two_files(clip: Path, one: str, other: str) -> None:
    """Also on a disk that does not know case."""
    with pytest.raises(ValueError, match='--video: expected another file than --json writes'):
        require_distinct({'--json': clip.parent / one, '--video': clip.parent / other}, [])


@pytest.mark.parametrize('beside', [unfinished, previous])
def test_names_beside_an_output_count_too(tmp_path: Path, beside: Callable[[Path], Path]) -> None:
    """What is written to out.part.mp4 first would destroy an input of that name."""
    output = tmp_path / 'out.mp4'
    clip = beside(output)
    clip.touch()
    with pytest.raises(ValueError, match='--video: expected another file than the input'):
        require_distinct({'--video': output}, [clip])
    with pytest.raises(ValueError, match='--jsonl: expected another file than --json writes'):
        require_distinct({'--json': output, '--jsonl': clip}, [])
    picture = beside(tmp_path / 'out.png')
    picture.touch()
    with pytest.raises(ValueError, match='--json: expected another file than the input'):
        require_distinct({'--json': tmp_path / 'out.png'}, [tmp_path])


def test_a_text_is_written_in_one_move(tmp_path: Path) -> None:
    """Through a link, and nothing is left beside."""
    file = tmp_path / 'a.json'
    (tmp_path / 'link').symlink_to(file)
    write_whole(tmp_path / 'link', 'one')
    write_whole(file, 'two')
    assert (tmp_path / 'link').read_text() == 'two'
    assert sorted(path.name for path in tmp_path.iterdir()) == ['a.json', 'link']


def test_files_of_an_input_folder(tmp_path: Path) -> None:
    """Pictures and the files of a bag are inputs; what else lies in the folder is not."""
    for name in ('1.png', 'metadata.yaml', 'bag_0.mcap', 'old.json'):
        (tmp_path / name).touch()
    for name in ('1.png', 'metadata.yaml', 'bag_0.mcap'):
        with pytest.raises(ValueError, match=name):
            require_distinct({'--json': tmp_path / name}, [tmp_path])
    require_distinct({'--json': tmp_path / 'old.json', '--video': tmp_path / 'new.mp4'},
                     [tmp_path])


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """Missing folders are made."""
    with pytest.raises(ValueError, match='expected a file to write, got a folder'):
        require_distinct({'--json': tmp_path}, [])
    require_distinct({'--json': tmp_path / 'a' / 'b' / 'c.json'}, [tmp_path / 'absent'])
    assert (tmp_path / 'a' / 'b').is_dir()
