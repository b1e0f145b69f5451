# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""An S3 server on this machine: bags in a bucket, results into one."""
import json

from archives import contents, label, WEAK, write_bag
import fsspec
from impnet_ros.cli import main
import pytest

server = pytest.importorskip('moto.server')
pytest.importorskip('s3fs')


@pytest.fixture()
def bucket(monkeypatch):
    """Start the server and give the file system on it."""
    running = server.ThreadedMotoServer(ip_address='127.0.0.1', port=0)
    running.start()
    host, port = running.get_host_and_port()
    for name, value in (('AWS_ENDPOINT_URL', f'http://{host}:{port}'),
                        ('AWS_ACCESS_KEY_ID', 'test'), ('AWS_SECRET_ACCESS_KEY', 'test'),
                        ('AWS_DEFAULT_REGION', 'us-east-1')):
        monkeypatch.setenv(name, value)
    fs = fsspec.filesystem('s3', skip_instance_cache=True)
    fs.mkdir('fleet')
    yield fs
    fsspec.filesystem('s3').clear_instance_cache()
    running.stop()


def test_bags_in_a_bucket(bucket, tmp_path):
    write_bag(tmp_path / 'bags' / 'one')
    write_bag(tmp_path / 'bags' / 'two', topics=('/left', '/right'), seed=2)
    bucket.put(str(tmp_path / 'bags'), 'fleet/bags', recursive=True)
    for done, skipped in ((3, 0), (0, 3)):
        assert label('s3://fleet/bags', '--out', 's3://fleet/out', *WEAK) == 0
        summary = json.loads(bucket.cat('fleet/out/summary.json'))
        assert (summary['done'], summary['skipped']) == (done, skipped)
    assert label('s3://fleet/bags', '--out', tmp_path / 'out', *WEAK) == 0
    there = {path.removeprefix('fleet/out/'): bucket.cat(path)
             for path in bucket.find('fleet/out') if not path.endswith('summary.json')}
    assert contents(tmp_path / 'out') == there
    # A file that went missing is made again.
    gone = next(path for path in bucket.find('fleet/out') if path.endswith('.parquet'))
    bucket.rm(gone)
    assert label('s3://fleet/bags', '--out', 's3://fleet/out', *WEAK) == 0
    bucket.invalidate_cache()
    assert json.loads(bucket.cat('fleet/out/summary.json'))['done'] == 1
    assert bucket.cat(gone) == there[gone.removeprefix('fleet/out/')]


@pytest.mark.parametrize('arguments', [
    ['label', 's3://fleet/bags', '--out', 'out', '--log', 'none'],
    ['label', '{list}', '--out', 'out', '--log', 'none'],
    ['label', '{bag}', '--out', 's3://fleet/out', '--log', 'none'], ['find', 's3://fleet/out']])
def test_without_credentials_a_sentence_names_it(tmp_path, monkeypatch, capsys, arguments):
    """What botocore raises is no OSError."""
    monkeypatch.chdir(tmp_path)
    for name in ('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('AWS_EC2_METADATA_DISABLED', 'true')
    monkeypatch.setenv('AWS_CONFIG_FILE', str(tmp_path / 'none'))
    monkeypatch.setenv('AWS_SHARED_CREDENTIALS_FILE', str(tmp_path / 'none'))
    fsspec.filesystem('s3').clear_instance_cache()
    (tmp_path / 'list.txt').write_text('s3://fleet/bags\n')
    places = {'bag': write_bag(tmp_path / 'bag'), 'list': tmp_path / 'list.txt'}
    assert main([text.format(**places) for text in arguments]) == 2
    [said] = capsys.readouterr().err.splitlines()
    assert said.startswith(f'impnet {arguments[0]}: s3://fleet/')
    assert said.endswith('the store does not answer: Unable to locate credentials')
