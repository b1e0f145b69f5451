# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""At every moment the file holds what was written."""
from collections.abc import Iterator
from contextlib import contextmanager
import errno
import json
import os
from pathlib import Path
import resource
from typing import Any

from impnet_ros.outputs import unfinished
from impnet_ros.results.json_files import JsonLines, JsonList
import pytest

ENTRIES = [{'frame': number, 'labels': ['person'] * number} for number in range(5)]
KINDS = pytest.mark.parametrize('kind', [JsonLines, JsonList])


def read(file: Path) -> list[Any]:
    """Read a file by its name, as anybody would."""
    text = file.read_text()
    return [json.loads(line) for line in text.splitlines()] if 'jsonl' in file.name else (
        json.loads(text))


def name_of(kind: type) -> str:
    return 'out.jsonl' if kind is JsonLines else 'out.json'


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Let no file grow beyond a size: a write is done in part, and the next one fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@KINDS
def test_every_entry_can_be_read_at_once(tmp_path: Path, kind: type[JsonLines]) -> None:
    """Before the file is closed, and after; the list comes to its place at the end."""
    path = tmp_path / name_of(kind)
    file = kind(path, resume=False)
    for count, entry in enumerate(ENTRIES, 1):
        file.write(entry)
        assert read(file.written) == ENTRIES[:count]
        assert path.exists() == (kind is JsonLines)
    file.close(whole=True)
    assert read(path) == ENTRIES
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@KINDS
@pytest.mark.parametrize('lost', range(0, 70, 3))
def test_a_cut_file_is_gone_on_with(tmp_path: Path, kind: type[JsonLines], lost: int) -> None:
    """Wherever it is cut, whole entries are kept and the rest is written again, not before."""
    file, path = kind(tmp_path / name_of(kind), resume=False), tmp_path / 'cut' / name_of(kind)
    for entry in ENTRIES:
        file.write(entry)
    data = file.written.read_bytes()
    data = data[:len(data) - lost]
    path.parent.mkdir()
    (unfinished(path) if kind is JsonList else path).write_bytes(data)
    again = kind(path, resume=True)
    assert again.count <= 5 and list(again.stored()) == ENTRIES[:again.count]
    assert again.written.read_bytes() == data
    for entry in ENTRIES[again.count:]:
        again.write(entry)
    again.close(whole=True)
    assert read(path) == ENTRIES and list(path.parent.iterdir()) == [path]


@KINDS
@pytest.mark.parametrize('resume', [False, True])
def test_no_two_runs_write_one_file(tmp_path: Path, kind: type[JsonLines], resume: bool) -> None:
    """The second is refused and changes nothing, also before the first has an entry."""
    path = tmp_path / name_of(kind)
    first = kind(path, resume=False)
    for entry in ENTRIES:
        with pytest.raises(ValueError, match=f'{path.name}: expected a file that no other run'):
            kind(path, resume=resume)
        first.write(entry)
    first.close(whole=True)
    assert read(path) == ENTRIES
    kind(path, resume=resume).close(whole=False)
    assert read(path) == ENTRIES and list(tmp_path.iterdir()) == [path]


@KINDS
def test_files_of_similar_names_are_not_ours(tmp_path: Path, kind: type[JsonLines]) -> None:
    """What others call .part or .previous stays."""
    path = tmp_path / name_of(kind)
    others = [path, path.with_stem('out.part'), path.with_stem('out.previous')]
    for other in others:
        other.write_text('mine')
    file = kind(path, resume=False)
    file.write(ENTRIES[0])
    file.close(whole=True)
    assert read(path) == [ENTRIES[0]] and sorted(tmp_path.iterdir()) == sorted(others)
    assert [other.read_text() for other in others[1:]] == ['mine'] * 2


def test_what_a_killed_run_left_is_kept_until_the_next_is_whole(tmp_path: Path) -> None:
    """As an earlier file is; the run that goes on with it keeps the earlier file too."""
    path = tmp_path / 'out.json'
    path.write_text('[]')
    unfinished(path).write_text('[\n{"frame": 0}\n]\n')
    file = JsonList(path, resume=False)
    file.write(ENTRIES[1])
    assert '[\n{"frame": 0}\n]\n' in [each.read_text() for each in tmp_path.iterdir()]
    file.close(whole=True)
    assert read(path) == [ENTRIES[1]] and list(tmp_path.iterdir()) == [path]
    unfinished(path).write_text('[\n{"frame": 0}\n]\n')
    file = JsonList(path, resume=True)
    file.write(ENTRIES[2])
    file.close(whole=False)
    assert read(path) == [{'frame': 0}, ENTRIES[2]]
    assert read(path.with_stem('out.impnet_previous')) == [ENTRIES[1]]


@KINDS
@pytest.mark.parametrize('size', range(40, 200, 7))
def test_a_full_disk_keeps_what_was_written(tmp_path: Path, kind: type[JsonLines], size: int
                                            ) -> None:
    """The error names the file; the file holds whole entries and can be finished."""
    path = tmp_path / name_of(kind)
    file, written = kind(path, resume=False), 0
    with full_disk(size):
        with pytest.raises(OSError) as failed:
            for entry in ENTRIES:
                file.write(entry)
                written += 1
        assert failed.value.errno == errno.EFBIG and failed.value.filename == str(path)
        file.close(whole=False)
    assert read(path) == ENTRIES[:written]


@KINDS
def test_an_earlier_file_stays_until_the_new_one_is_whole(tmp_path: Path, kind: type[JsonLines]
                                                          ) -> None:
    """A run that fails before its first entry touches nothing; one that is cut keeps it beside."""
    path = tmp_path / name_of(kind)
    before = b'[{"frame": 0}]'
    path.write_bytes(before)
    kind(path, resume=False).close(whole=False)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1
    for _ in range(2):
        file = kind(path, resume=False)
        file.write(ENTRIES[1])
        file.close(whole=False)
        kept = path.with_stem('out.impnet_previous')
        assert kept.read_bytes() == before and read(path) == [ENTRIES[1]]
    file = kind(path, resume=False)
    file.write(ENTRIES[2])
    file.close(whole=True)
    assert read(path) == [ENTRIES[2]] and len(list(tmp_path.iterdir())) == 1


@KINDS
def test_a_link_is_written_through(tmp_path: Path, kind: type[JsonLines]) -> None:
    """The file that it leads to gets the results; the link stays one."""
    (tmp_path / 'real').mkdir()
    link, real = tmp_path / name_of(kind), tmp_path / 'real' / name_of(kind)
    real.touch()
    link.symlink_to(real)
    file = kind(link, resume=False)
    file.write(ENTRIES[3])
    file.close(whole=True)
    assert link.is_symlink() and read(real) == [ENTRIES[3]]


@KINDS
def test_a_file_that_goes_while_it_is_written_is_an_error(tmp_path: Path, kind: type[JsonLines]
                                                          ) -> None:
    """Or one that is replaced: what was found would be nowhere."""
    for replaced in (False, True):
        file = kind(tmp_path / name_of(kind), resume=False)
        file.write(ENTRIES[0])
        file.written.unlink()
        if replaced:
            file.written.write_text('by others')
        with pytest.raises(OSError, match='was removed while it was written'):
            file.close(whole=True)
    assert file.written.read_text() == 'by others'


@pytest.mark.parametrize(('kind', 'content'), [
    (JsonLines, b'notes on something else\n'), (JsonLines, b'[\n{"frame": 0}\n]\n'),
    (JsonLines, b'{"frame": 0}\r\n'), (JsonLines, b'\xef\xbb\xbf{"frame": 0}\n'),
    (JsonLines, b'{"frame": 0}\n{"frame": 1, "mine": 1.50}\n'), (JsonList, b'{"frame": 0}\n'),
    (JsonList, b'[{"frame": 0}]'), (JsonList, b'[\n{"frame":0}\n]\n')])
def test_only_results_are_gone_on_with(tmp_path: Path, kind: type[JsonLines], content: bytes
                                       ) -> None:
    """Other content is refused and stays as it is: also what others made of results."""
    file = tmp_path / name_of(kind)
    file.write_bytes(content)
    with pytest.raises(ValueError, match='expected results to resume'):
        kind(file, resume=True)
    assert file.read_bytes() == content


def test_pipes_and_devices(tmp_path: Path) -> None:
    """Lines go through a pipe; a list cannot, and a device that takes nothing says so."""
    pipe = tmp_path / 'pipe'
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    file = JsonLines(pipe, resume=False)
    file.write(ENTRIES[1])
    assert json.loads(os.read(end, 1000)) == ENTRIES[1]
    file.close(whole=True)
    os.close(end)
    with pytest.raises(ValueError, match='got a device or pipe'):
        JsonList(pipe, resume=False)
    with pytest.raises(OSError, match='No space left.*/dev/full'):
        JsonLines(Path('/dev/full'), resume=False).write(ENTRIES[0])
    assert not Path('/dev/full').is_file()
