# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Real Ray: the same bytes from any number of workers, from killed ones, and from two nodes."""
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

from archives import contents, label, stamps, WEAK, write_bag
import psutil
import pytest

ray = pytest.importorskip('ray')

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope='module')
def archive(tmp_path_factory):
    """Five bags, and what one process makes of them."""
    folder = tmp_path_factory.mktemp('archive')
    for number in range(5):
        write_bag(folder / 'bags' / f'ride_{number}', times=stamps(80), seed=number)
    assert label(folder / 'bags', '--out', folder / 'alone', *WEAK) == 0
    return folder


def command(archive, out, *more):
    """Give the command line of a run of its own."""
    return [sys.executable, '-m', 'impnet_ros.cli', 'label', str(archive / 'bags'), '--out',
            str(archive / out), '--log', 'jsonl', *WEAK, *more]


def started(*arguments):
    """Start a run; its events are read line by line."""
    return subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, text=True,
                            start_new_session=True)


def events(process):
    """Give the events of a run as they come."""
    for line in process.stdout:
        yield json.loads(line)


def workers(process):
    """Find the processes of Ray's actors below a run, never anybody else's."""
    return [child for child in psutil.Process(process.pid).children(recursive=True)
            if 'MapWorker' in ' '.join(child.cmdline())]


def test_workers_that_are_killed_change_nothing(archive):
    """Two of them are killed with -9 in the middle; what they were at is done again."""
    process = started(archive, 'killed', '--workers', '2')
    victims, summary, notes = [], {}, []
    for event in events(process):
        if event['event'] == 'progress' and event['frames'] > 10 and not victims:
            victims = workers(process)
            for victim in victims:
                victim.kill()
        if event['event'] == 'note':
            notes.append(event['text'])
        if event['event'] == 'summary':
            summary = event
    assert process.wait() == 0 and len(victims) == 2
    assert (summary['done'], summary['failed'], summary['workers']) == (5, 0, 2)
    assert 'workers died: ' in notes[0] and 'of the pieces are tried again' in notes[0]
    assert contents(archive / 'killed') == contents(archive / 'alone')


def test_four_workers_and_two_runs_at_once(archive):
    """Four actors beside another run into the same place: whole, and the same."""
    first = started(archive, 'both', '--workers', '4')
    second = started(archive, 'both', '--workers', '1')
    ends = [[event for event in events(process) if event['event'] == 'summary']
            for process in (first, second)]
    assert first.wait() == second.wait() == 0
    assert all(end[0]['done'] + end[0]['skipped'] == 5 for end in ends)
    assert contents(archive / 'both') == contents(archive / 'alone')


def test_a_piece_that_kills_every_worker_is_given_up(archive, tmp_path, monkeypatch):
    """Tried as often as was asked for, then reported; the others are done."""
    (tmp_path / 'deadly.py').write_text(
        'import os\n'
        'from impnet_ros.model.nanodet.network import NanoDetNetwork\n'
        'class Deadly(NanoDetNetwork):\n'
        '    def prepare(self, image):\n'
        '        if image[0, 0, 0] == 120:\n'
        '            os._exit(9)\n'
        '        return super().prepare(image)\n')
    monkeypatch.setenv('PYTHONPATH', str(tmp_path), prepend=':')
    process = started(archive, 'deadly', '--workers', '2', '--tries', '2', '--model',
                      'deadly:Deadly.load')
    [summary] = [event for event in events(process) if event['event'] == 'summary']
    assert process.wait() == 1
    assert (summary['done'], summary['failed']) == (4, 1)
    [failure] = summary['failures']
    assert 'ride_3' in failure['source'] and failure['reason'] == 'its worker died each time'


def test_a_network_that_cannot_be_loaded_is_refused(archive, capfd):
    assert subprocess.run(command(archive, 'no', '--workers', '2', '--model', 'absent')
                          ).returncode == 2
    assert 'model: expected one of nanodet_g' in capfd.readouterr().err


@pytest.mark.parametrize(('send', 'status'), [
    (lambda process: os.killpg(process.pid, signal.SIGINT), 130),
    (lambda process: process.terminate(), 143)], ids=['ctrl-c', 'terminate'])
def test_a_signal_stops_all_workers(archive, send, status):
    """Ctrl-C reaches all processes, a system's SIGTERM the command alone."""
    shutil.rmtree(archive / 'stopped', ignore_errors=True)
    process = started(archive, 'stopped', '--workers', '2')
    stopped = None
    for event in events(process):
        if event['event'] == 'progress' and event['frames'] > 5 and stopped is None:
            send(process)
            stopped = time.monotonic()
        if event['event'] == 'summary':
            assert event['stopped'] and not event['failed']
    assert process.wait() == status and time.monotonic() - stopped < 60
    assert not list((archive / 'stopped').rglob('*.part'))


def test_two_nodes_of_which_one_goes(archive):
    """A cluster of two nodes on this machine; one is taken away while it works."""
    from ray.cluster_utils import Cluster
    small = {'num_cpus': 1, 'object_store_memory': 100 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args=small)
    try:
        other = cluster.add_node(**small)
        process = started(archive, 'nodes', '--workers', '2', '--address', cluster.address)
        gone, summary = None, {}
        for event in events(process):
            if event['event'] == 'progress' and event['frames'] > 10 and gone is None:
                gone = threading.Thread(target=cluster.remove_node, args=(other,))
                gone.start()
            if event['event'] == 'summary':
                summary = event
        assert process.wait() == 0 and gone is not None
        gone.join()
        assert (summary['done'], summary['failed']) == (5, 0)
        assert contents(archive / 'nodes') == contents(archive / 'alone')
    finally:
        cluster.shutdown()
