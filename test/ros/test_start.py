# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What cannot start says so in one line; what starts can be stopped at once."""
import os
from pathlib import Path
import signal
import subprocess
import sys
from time import monotonic, sleep

import pytest

pytestmark = pytest.mark.ros

CODE = 'import sys; from impnet_ros.ros.node import main; sys.exit(main())'


def said(*arguments: str, code: str = CODE, **changes: str | None) -> tuple[int, list[str]]:
    """Run the node; give its status and its own lines, those of rcl's C code left out."""
    environment = {key: value for key, value in {**os.environ, **changes}.items()
                   if value is not None}
    run = subprocess.run([sys.executable, '-c', code, *arguments], capture_output=True, text=True,
                         env=environment, timeout=60)
    assert 'Traceback' not in run.stderr
    return run.returncode, [line for line in run.stderr.splitlines() if 'impnet_node: ' in line]


def test_nothing_of_the_middleware_is_left_at_the_end() -> None:
    """Its threads would race with the process's end, and at times end it with a signal."""
    code = ('from pathlib import Path\nfrom impnet_ros.ros.node import main\nmain()\n'
            'for task in Path("/proc/self/task").iterdir():\n'
            '    print((task / "comm").read_text(), end="")')
    run = subprocess.run([sys.executable, '-c', code, '--ros-args', '-p', 'mode:=fast'],
                         capture_output=True, text=True, timeout=60)
    threads = run.stdout.split()
    if 'dds.shm.wdog' not in threads:  # belongs to the process, not to a participant
        pytest.skip('no Fast DDS with shared memory here')
    assert not [name for name in threads if name.startswith('dds.ev')]


@pytest.mark.parametrize('arguments', [
    ['--bogus'], ['-r', 'x'], ['-p', 'l:=['], ['--log-level', 'nope'],
    ['--params-file', '/nowhere.yaml'], ['-p', 'l:=0'], ['-p', 'mode:=fast'], ['-p', 'l:=many'],
    ['-r', '__ns:=a b'], ['-r', '__node:=a-b'], ['-r', '__ns:=/1x'],
    ['-p', 'start_type_description_service:=3']])
def test_wrong_arguments(arguments: list[str]) -> None:
    """One line that repeats what was wrong."""
    status, lines = said('--ros-args', *arguments)
    assert status == 1
    assert len(lines) == 1


@pytest.mark.parametrize('arguments', [
    ['--frob'], ['--log-level', 'debug'], ['-p', 'l:=4'], ['l:=4'],
    ['--ros-args', '-p', 'l:=4', '--', '--frob']])
def test_arguments_that_are_not_for_ros(arguments: list[str]) -> None:
    """Refused at once, where rclpy would pass over them."""
    status, [line] = said(*arguments)
    assert status == 2
    assert '--ros-args' in line and arguments[-1] in line


def test_a_signal_after_the_line_changes_nothing() -> None:
    """The interpreter takes a second to go, and launch's SIGINT in it would be the exit code."""
    code = CODE.replace('sys.exit(main())', 'import signal; status = main(); '
                        'signal.raise_signal(signal.SIGINT); sys.exit(status)')
    status, lines = said('--ros-args', '-p', 'l:=0', code=code)
    assert status == 1 and len(lines) == 1


@pytest.mark.parametrize(('before', 'status'), [('SIG_DFL', 0), ('SIG_IGN', 3)])
def test_a_lost_terminal(before: str, status: int) -> None:
    """SIGHUP ends as Ctrl-C does, but not what was started with nohup."""
    code = (f'import signal; signal.signal(signal.SIGHUP, signal.{before}); '
            'from impnet_ros.ros.shutdown import StopFlag; StopFlag(); '
            'signal.raise_signal(signal.SIGHUP); raise SystemExit(3)')
    assert subprocess.run([sys.executable, '-c', code]).returncode == status


@pytest.mark.parametrize('home', [None, '/proc'])
def test_no_home(home: str | None) -> None:
    """Says which variables help."""
    status, [line] = said(HOME=home, ROS_HOME=None, ROS_LOG_DIR=None)
    assert status == 1
    assert 'ROS_LOG_DIR' in line and 'HOME' in line


def test_no_torch() -> None:
    """As on a robot whose environment was not activated."""
    status, [line] = said(code="import sys; sys.modules['torch'] = None\n" + CODE)
    assert status == 1
    assert 'torch' in line and 'README' in line


def test_a_signal_while_torch_is_imported() -> None:
    """It ends at once, and well."""
    code = "print('imports', flush=True)\n" + CODE
    with subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as running:
        maps = Path(f'/proc/{running.pid}/maps')
        while 'libtorch_python' not in maps.read_text():
            assert running.poll() is None
            sleep(0.01)
        began_s = monotonic()
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 0
        assert monotonic() - began_s < 3
        assert running.stderr is not None and running.stderr.read() == ''
