# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""No output over an input or over another output."""
from collections.abc import Callable
import errno
import os
from pathlib import Path
import subprocess
import sys

from impnet_ros.cli import main
from impnet_ros.outputs import (previous, require_distinct, require_folder, unfinished,
                                write_whole, written_whole)
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
    """What is written to out.impnet_part.mp4 first would destroy an input of that name."""
    output = tmp_path / 'out.mp4'
    clip = beside(output)
    clip.touch()
    with pytest.raises(ValueError, match='--video: expected another file than the input'):
        require_distinct({'--video': output}, [clip])
    with pytest.raises(ValueError, match='--jsonl: expected another file than --json writes'):
        require_distinct({'--json': output, '--jsonl': clip}, [])


def test_a_text_is_written_in_one_move(tmp_path: Path) -> None:
    """Through a link, and nothing is left beside."""
    file = tmp_path / 'a.json'
    (tmp_path / 'link').symlink_to(file)
    write_whole(tmp_path / 'link', 'one')
    write_whole(file, 'two')
    assert (tmp_path / 'link').read_text() == 'two'
    assert sorted(path.name for path in tmp_path.iterdir()) == ['a.json', 'link']


def test_files_of_an_input_folder(tmp_path: Path) -> None:
    """At any depth and through links; neither what is new there, nor earlier results."""
    folder, sequence = tmp_path / 'truth', tmp_path / 'elsewhere'
    (folder / 'one').mkdir(parents=True)
    (sequence / 'gt').mkdir(parents=True)
    (folder / 'two').symlink_to(sequence)
    (sequence / 'round').symlink_to(folder)
    names = ('truth/1.png', 'truth/old.ini', 'truth/one/gt.txt', 'elsewhere/gt/gt.txt',
             'truth/two/gt/gt.txt')
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / 'apart.txt').hardlink_to(folder / 'one' / 'gt.txt')
    for name in (*names, 'apart.txt'):
        with pytest.raises(ValueError, match='--json: expected another file than those in the in'):
            require_distinct({'--json': tmp_path / name}, [folder])
    for name in ('free.png', 'truth/old.json'):
        (tmp_path / name).touch()
        require_distinct({'--json': tmp_path / name, '--video': folder / 'one' / 'new.png'},
                         [folder])


@pytest.mark.parametrize('command', [['evaluate', 'labelled', '--truth', '{}'],
                                     ['evaluate', '--model', 'none', '--data', '{}'],
                                     ['evaluate-clips', '{}', '--model', 'none'],
                                     ['evaluate-clips', 'a.json', '--images', '{}']])
def test_truth_is_an_input(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                           command: list[str]) -> None:
    """It is not written over with what is measured against it."""
    truth = tmp_path / 'mot' / 'gt' / 'gt.txt'
    truth.parent.mkdir(parents=True)
    truth.write_text('1,1,1,1,9,9,1,1,1')
    assert main([*(word.format(tmp_path / 'mot') for word in command), '--json', str(truth)]) == 2
    assert '--json: expected another file than those in the input' in capsys.readouterr().err
    assert truth.read_text() == '1,1,1,1,9,9,1,1,1'


def test_links_in_a_circle_are_no_file(tmp_path: Path) -> None:
    """As an input or an output, in one sentence."""
    loop = tmp_path / 'loop.json'
    loop.symlink_to(loop)
    for output, source in ((loop, tmp_path / 'a'), (tmp_path / 'a', loop), (loop, loop)):
        with pytest.raises(OSError, match='Too many levels of symbolic links.*loop.json'):
            require_distinct({'--json': output}, [source])
    with pytest.raises(OSError, match='loop.json'):
        require_distinct({'--json': loop}, [])


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """Missing folders are made."""
    with pytest.raises(ValueError, match='expected a file to write, got a folder'):
        require_distinct({'--json': tmp_path}, [])
    require_distinct({'--json': tmp_path / 'a' / 'b' / 'c.json'}, [tmp_path / 'absent'])
    assert (tmp_path / 'a' / 'b').is_dir()


def test_what_others_call_part_is_theirs(tmp_path: Path) -> None:
    """Only names that nobody else gives are written over and removed."""
    (tmp_path / 'a.part.json').write_text('mine')
    write_whole(tmp_path / 'a.json', 'ours')
    assert (tmp_path / 'a.part.json').read_text() == 'mine'
    assert len(list(tmp_path.iterdir())) == 2


def test_what_fails_leaves_the_earlier_file(tmp_path: Path) -> None:
    """And nothing beside it; the error has the name."""
    file = tmp_path / 'a.json'
    file.write_text('earlier')
    with pytest.raises(OSError, match='a.json'), written_whole(file) as part:
        part.write_text('half')
        raise OSError(errno.ENOSPC, 'No space left on device')
    with pytest.raises(KeyboardInterrupt), written_whole(file) as part:
        part.write_text('half')
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ['a.json']
    assert file.read_text() == 'earlier'


def test_a_pipe_stays_a_pipe(tmp_path: Path) -> None:
    """It is written to, and not replaced by a file, as /dev/null would be for root."""
    pipe = tmp_path / 'pipe'
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    require_distinct({'--json': pipe}, [])
    write_whole(pipe, 'all')
    assert os.read(reader, 10) == b'all'
    os.close(reader)
    assert pipe.is_fifo()


def test_a_full_device() -> None:
    """It is written to directly, and says so."""
    with pytest.raises(OSError, match='/dev/full'):
        write_whole(Path('/dev/full'), 'all')


@pytest.mark.parametrize('output, way, said', [
    ('/dev/stdout', '>>log', ''), ('/dev/stderr', '2>>log', ''),
    ('/dev/stdout', '>&-', '--json: /dev/stdout: expected a stream that is open'),
    ('log', '>>log', '--json: expected another file than /dev/stdout goes to, got log'),
    ('/dev/fd/1', '>>log', '--json: expected another file than /dev/stdout goes to'),
    ('link', '2>>log', '--json: expected another file than /dev/stderr goes to')])
def test_what_standard_streams_go_to(tmp_path: Path, output: str, way: str, said: str) -> None:
    """It is added to by their names, and never replaced."""
    (tmp_path / 'log').write_text('earlier\n')
    (tmp_path / 'link').symlink_to('log')
    work = ('import sys; from pathlib import Path; from impnet_ros.command_line import *; '
            'from impnet_ros.outputs import *; sys.exit(run_command("tool", lambda: ('
            f'require_distinct({{"--json": Path("{output}")}}, []), '
            f'write_whole(Path("{output}"), "new"))[1]))')
    done = subprocess.run(['bash', '-c', f"{sys.executable} -c '{work}' {way}"], cwd=tmp_path,
                          capture_output=True, text=True, timeout=60)
    held = (tmp_path / 'log').read_text()
    assert done.returncode == (2 if said else 0)
    assert said in done.stderr + held and held.startswith('earlier\n')
    assert held.endswith('new') == (not said)


def test_a_folder_that_cannot_be_one(tmp_path: Path) -> None:
    """A file stands in the way; where nothing can be written, even for root."""
    (tmp_path / 'file').touch()
    for folder in ('file', 'file/below'):
        with pytest.raises(ValueError, match='--output: expected a folder to write to, got a f'):
            require_folder('--output', tmp_path / folder)
    with pytest.raises(ValueError, match='--json: expected a folder to write to'):
        require_distinct({'--json': tmp_path / 'file' / 'a.json'}, [])
    with pytest.raises(OSError, match='/proc'):
        require_folder('--output', Path('/proc/here'))
    with pytest.raises(OSError, match='/proc'):
        require_distinct({'--json': Path('/proc/a.json')}, [])
    require_folder('--output', tmp_path / 'a' / 'b')
    assert (tmp_path / 'a' / 'b').is_dir()
