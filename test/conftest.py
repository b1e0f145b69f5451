# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What every test has: one thread, a DDS domain of its own, and clips that are found."""
from collections.abc import Iterator
import os
from pathlib import Path
import signal

import pytest

ROOT = Path(__file__).resolve().parents[1]

BIKES = 'bikes.mp4'


def pytest_configure(config: pytest.Config) -> None:
    """Set what must be known before the first test module is imported."""
    # Two threads on a busy machine can be ten times slower than one. Inherited by child processes.
    os.environ['OMP_NUM_THREADS'] = '1'
    # A shell's background job ignores Ctrl-C, and so would the programs that tests interrupt.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope='session', autouse=True)
def ros_domain() -> Iterator[int | None]:
    """
    Keep this session's nodes among themselves.

    Sets ROS_DOMAIN_ID (a number that no other session on this machine has while this one runs)
    and LOCALHOST discovery, for this process and its children. None on a machine without ROS.
    """
    try:
        from domain_coordinator import domain_id
    except ImportError:
        yield None
        return
    with domain_id() as number, pytest.MonkeyPatch.context() as patch:
        patch.setenv('ROS_DOMAIN_ID', str(number))
        patch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
        yield int(number)


@pytest.fixture(scope='session')
def clips() -> Path:
    """Give the folder of the real clips that the set-up fetches."""
    folder = Path(os.environ.get('IMPNET_CLIPS', ROOT / 'data' / 'clips'))
    if not (folder / BIKES).is_file():
        pytest.skip(f'no clips in {folder}: `make setup` fetches them')
    return folder


@pytest.fixture(scope='session')
def bikes(clips: Path) -> Path:
    """Give the clip of people on bicycles: real objects of COCO's classes."""
    return clips / BIKES
