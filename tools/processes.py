# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Nodes and bag tools as processes, for the demonstrations."""
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import shutil
import signal
import subprocess
from time import monotonic, sleep

from impnet_ros.outputs import require_folder

DEADLINE_S = 180.0
_MARK = '.demonstration'
_OURS = (_MARK, 'node.log')


def fresh_folder(out: Path, inputs: Iterable[Path] = ()) -> None:
    """
    Make a folder for a demonstration; what an earlier one left there goes.

    Raises
    ------
    ValueError
        If the folder holds something else, an input among it.
    OSError
        If nothing can be written there.

    """
    for source in inputs:
        if out.resolve() in (source.resolve(), *source.resolve().parents):
            raise ValueError(f'--out: expected a folder without the input {source}, got {out}')
    if out.exists() and not any((out / name).is_file() for name in _OURS):
        held = next(out.iterdir(), None) if out.is_dir() else out
        if held is not None:
            raise ValueError(f'--out: expected a new folder, or that of an earlier demonstration, '
                             f'got {out} with {held.name}')
    shutil.rmtree(out, ignore_errors=True)
    require_folder('--out', out)
    (out / _MARK).touch()


def own_domain() -> dict[str, str]:
    """Give an environment in which processes hear only each other."""
    environment = dict(os.environ, ROS_AUTOMATIC_DISCOVERY_RANGE='LOCALHOST')
    environment.setdefault('ROS_DOMAIN_ID', str(1 + os.getpid() % 100))
    return environment


@contextmanager
def process(command: list[str], log: Path, environment: dict[str, str]
            ) -> 'Iterator[subprocess.Popen[bytes]]':
    """Run a process until the block ends; it must end cleanly on SIGINT."""
    with log.open('wb') as output:
        running = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT,
                                   env=environment)
        try:
            yield running
        finally:
            running.send_signal(signal.SIGINT)
            try:
                code = running.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                running.kill()
                code = running.wait()
    if code:
        raise RuntimeError(f'{command[0]} ended with {code}, see {log}')


def wait_for(log: Path, texts: tuple[str, ...], running: 'subprocess.Popen[bytes]') -> None:
    """Wait until a process has said all of this."""
    deadline = monotonic() + DEADLINE_S
    while any(text not in (said := log.read_text(errors='replace')) for text in texts):
        if running.poll() is not None or '[ERROR]' in said or monotonic() > deadline:
            raise RuntimeError(f'expected {", ".join(texts)} in {log}, which says\n{said}')
        sleep(0.1)


def let_finish(node: 'subprocess.Popen[bytes]') -> None:
    """Give the last messages time to come back."""
    if node.poll() is not None:
        raise RuntimeError(f'{node.args} ended before the bag did')
    sleep(1.0)


def published(log: Path, topic: str) -> dict[int, int]:
    """When each message of a topic was published, by the player's log: stamp to time, ns."""
    lines = (line.split() for line in log.read_text().splitlines())
    return {int(stamp): int(time) for name, stamp, time in lines if name == topic}
