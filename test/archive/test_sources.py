# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From names to bags, videos and folders of pictures."""
from archives import write_bag, write_pictures
import fsspec
from impnet_ros.archive.sources import find_sources
from impnet_ros.sources.natural import natural
from impnet_ros.sources.places import place
import pytest


@pytest.fixture()
def archive(tmp_path):
    write_bag(tmp_path / 'a' / 'night_10')
    write_bag(tmp_path / 'a' / 'night_9')
    (tmp_path / 'a' / 'single.mcap').write_bytes(b'x')
    (tmp_path / 'a' / 'old.bag').write_bytes(b'x')
    (tmp_path / 'a' / 'clip.MP4').write_bytes(b'x')
    (tmp_path / 'a' / 'notes.md').write_text('no source')
    write_pictures(tmp_path / 'a' / 'shots')
    for hidden in ('._single.mcap', 'shots/._0.png', '.trash/clip.mp4'):
        (tmp_path / 'a' / hidden).parent.mkdir(exist_ok=True)
        (tmp_path / 'a' / hidden).write_bytes(b'of another program')
    return tmp_path / 'a'


def names(sources):
    return [(source.url.rpartition('/')[2], source.kind) for source in sources]


def test_a_folder_is_walked_through(archive):
    found = find_sources([str(archive)])
    assert sorted(names(found)) == [('clip.MP4', 'video'), ('night_10', 'bag'),
                                    ('night_9', 'bag'), ('old.bag', 'bag'),
                                    ('shots', 'pictures'), ('single.mcap', 'bag')]
    folders = [name for name, _ in names(found) if name.startswith('night')]
    assert folders == ['night_9', 'night_10']
    assert next(source for source in found if source.kind == 'pictures').pictures == 4


def test_globs_lists_and_names_twice(archive):
    by_glob = find_sources([f'{archive}/night_*'])
    assert names(by_glob) == [('night_9', 'bag'), ('night_10', 'bag')]
    assert names(find_sources([f'{archive}/*.mcap'])) == [('single.mcap', 'bag')]
    assert not any('/.' in source.url for source in find_sources([f'{archive}/*']))
    assert names(find_sources([f'{archive}/.trash/*.mp4'])) == [('clip.mp4', 'video')]
    assert names(find_sources([f'{archive}/.t*/*.mp4'])) == [('clip.mp4', 'video')]
    listed = archive.parent / 'tonight.txt'
    listed.write_text(f'# robot 7\n\na/night_10\n{archive}/night_9\na/absent\n')
    assert names(find_sources([str(listed), f'{archive}/night_9'])) == [
        ('night_10', 'bag'), ('night_9', 'bag'), ('absent', 'missing')]


def test_the_destination_is_no_source(archive):
    (archive / 'labels' / 'mcap').mkdir(parents=True)
    (archive / 'labels' / 'mcap' / 'made.mcap').write_bytes(b'x')
    found = find_sources([str(archive)], without=place(str(archive / 'labels')))
    assert 'made.mcap' not in dict(names(found))


def test_identity_follows_the_files(archive):
    [before] = find_sources([str(archive / 'single.mcap')])
    assert find_sources([str(archive / 'single.mcap')]) == [before]
    (archive / 'single.mcap').write_bytes(b'xy')
    assert find_sources([str(archive / 'single.mcap')])[0].identity != before.identity


def test_urls(archive):
    fs = fsspec.filesystem('memory')
    fs.pipe('/test_urls/one.mcap', b'x')
    fs.pipe('/test_urls/deep/two.bag', b'x')
    found = find_sources(['memory://test_urls', f'file://{archive}/old.bag'])
    assert [source.url for source in found] == [
        'memory:///test_urls/one.mcap', 'memory:///test_urls/deep/two.bag', f'{archive}/old.bag']


@pytest.mark.parametrize(('name', 'error', 'words'), [
    ('absent.mcap', FileNotFoundError, 'absent.mcap: expected a bag'),
    ('*.nothing', FileNotFoundError, 'nothing of that name'),
    ('empty', ValueError, 'expected bags, videos or pictures, found none'),
    ('none.txt', ValueError, 'got no line'),
    ('what://x', ValueError, 'what://x: ')])
def test_names_that_lead_nowhere(tmp_path, monkeypatch, name, error, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'none.txt').write_text('# only this\n')
    with pytest.raises(error, match=words.replace('*', r'\*')):
        find_sources([name])


def test_natural_order():
    assert sorted(['b10', 'b9', 'a', 'b'], key=natural) == ['a', 'b', 'b9', 'b10']
