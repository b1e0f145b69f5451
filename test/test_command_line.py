# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How a command ends: signals, a full disk, a reader that has gone, a package that is missing."""
import signal
import subprocess
import sys

from impnet_ros.command_line import run_command
import pytest

# Whoever ran the tests may ignore SIGHUP, as nohup does, and children inherit that.
_RUN = ('import signal, sys, time\nsignal.signal(signal.SIGHUP, signal.SIG_DFL)\n'
        'from impnet_ros.command_line import run_command\n'
        'def work():\n    {}\nsys.exit(run_command("tool", work, hint="; go on"))')


def _start(work, **options):
    return subprocess.Popen([sys.executable, '-c', _RUN.format(work)], stderr=subprocess.PIPE,
                            text=True, **options)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_unwinds_and_is_said(number, tmp_path):
    """What is open is closed on the way out, as after Ctrl-C; no traceback."""
    process = _start('try:\n        print(1, flush=True)\n        time.sleep(30)\n'
                     f'    finally:\n        open({str(tmp_path / "closed")!r}, "w").close()',
                     stdout=subprocess.PIPE)
    assert process.stdout.readline() == '1\n'
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (128 + number, 'tool: interrupted; go on\n')
    assert (tmp_path / 'closed').exists()


def test_an_error_that_a_library_makes_of_a_signal_is_no_error():
    process = _start('try:\n        print(1, flush=True)\n        time.sleep(30)\n'
                     '    except BaseException:\n        raise ImportError("failed") from None',
                     stdout=subprocess.PIPE)
    assert process.stdout.readline() == '1\n'
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (143, 'tool: interrupted; go on\n')


def test_stdout_on_a_full_disk_is_one_line():
    with open('/dev/full', 'w') as full:
        process = _start('print("found")', stdout=full)
        _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (2, 'tool: No space left on device\n')


@pytest.mark.parametrize('way', ['2>/dev/full', '2>&-', '>&- 2>&-', '>&-', '2>&1 >/dev/null | :'])
def test_what_cannot_be_said_costs_nothing_else(way, tmp_path):
    """The work is done and counts as done; what it writes takes no standard stream's number."""
    work = ('[print(tqdm.tqdm(range(3)), file=sys.stderr) for _ in range(9)]; '
            f'print(open({str(tmp_path / "done")!r}, "w").fileno() > 2, file=sys.stderr); '
            f'open({str(tmp_path / "done")!r}, "w").write("done")')
    script = tmp_path / 'work.py'
    script.write_text('import time\nimport tqdm\n' + _RUN.format(work))
    done = subprocess.run(['bash', '-c', f'set -o pipefail; {sys.executable} {script} {way}'],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and (tmp_path / 'done').read_text() == 'done'
    assert 'False' not in done.stderr and 'Error' not in done.stderr


def test_a_reader_that_has_gone_ends_it_silently():
    process = _start('sys.stdin.readline(); print("found")', stdin=subprocess.PIPE,
                     stdout=subprocess.PIPE)
    process.stdout.close()
    process.stdin.write('\n')
    process.stdin.flush()
    assert (process.wait(20), process.stderr.read()) == (1, '')


@pytest.mark.parametrize(('error', 'line'), [
    (ValueError('l: expected\nan int'), 'tool: l: expected an int'),
    (ModuleNotFoundError("No module named 'ray'", name='ray'),
     'tool: the Python package ray is missing; docs/install.md says how to install what is '
     'needed'),
    (ImportError('librcl.so: no such file'),
     'tool: librcl.so: no such file; docs/install.md says how to install what is needed')])
def test_what_cannot_be_done_is_one_line(error, line, capsys):
    def work():
        raise error
    assert run_command('tool', work, refused=7) == 7
    assert capsys.readouterr().err == f'{line}\n'


def test_a_mistake_of_our_own_is_not_hidden():
    def work():
        raise ImportError('cannot import name', name='impnet_ros.video')
    with pytest.raises(ImportError):
        run_command('tool', work)


def test_the_exit_code_is_that_of_the_work():
    assert [run_command('tool', lambda code=code: code) for code in (None, 0, 1)] == [0, 0, 1]
