# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""One thread for several lanes: order, the newest image, turns, errors."""
from collections.abc import Iterator
from functools import partial
from threading import current_thread, Event

from impnet_ros.ros.worker import Worker
import pytest


class Bench:
    """A worker that is held up until it is let go, and what it did."""

    def __init__(self) -> None:
        """Hold it up."""
        self.errors: list[Exception] = []
        self.done: list[str] = []
        self.worker = Worker(1, self.errors.append)
        self._go = Event()
        begun = Event()
        self.worker.lane().then(lambda: (begun.set(), self._go.wait(30)))
        assert begun.wait(30)

    def note(self, text: str) -> partial[None]:
        """Make a job that notes that it was done."""
        return partial(self.done.append, text)

    def let_go(self) -> None:
        """Let it do what waits."""
        self._go.set()


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Give a worker that is busy."""
    made = Bench()
    yield made
    made.let_go()
    made.worker.close()


def test_of_images_the_newest_waits(bench: Bench) -> None:
    """Three images while the worker is busy: the last is done."""
    lane = bench.worker.lane()
    for name in 'abc':
        lane.newest(bench.note(name))
    end = lane.then(bench.note('end'))
    bench.let_go()
    end.result(30)
    assert bench.done == ['c', 'end']


def test_several_may_wait(bench: Bench) -> None:
    """At first two, then one: the oldest give way."""
    lane = bench.worker.lane()
    for name in 'abc':
        lane.newest(bench.note(name), most=2)
    bench_end = lane.then(bench.note('end'))
    bench.let_go()
    bench_end.result(30)
    assert bench.done == ['b', 'c', 'end']


def test_an_image_stays_behind_a_reset_that_came_before(bench: Bench) -> None:
    """Image a, a reset, image b: b takes the place of a, and not that of the reset."""
    lane = bench.worker.lane()
    lane.newest(bench.note('a'))
    lane.then(bench.note('reset'))
    lane.newest(bench.note('b'))
    end = lane.then(bench.note('end'))
    bench.let_go()
    end.result(30)
    assert bench.done == ['reset', 'b', 'end']


def test_cameras_take_turns(bench: Bench) -> None:
    """Many jobs of one lane do not keep the other waiting for more than one of them."""
    one, other = bench.worker.lane(), bench.worker.lane()
    for number in range(3):
        last = one.then(bench.note(f'one {number}'))
    other.then(bench.note('other'))
    bench.let_go()
    last.result(30)
    assert 'other' in bench.done[:2]


def test_an_error_ends_nothing(bench: Bench) -> None:
    """It is told and given to whoever waits; the next job is done."""
    lane = bench.worker.lane()
    failed = lane.then(lambda: [][0])
    after = lane.then(bench.note('after'))
    bench.let_go()
    after.result(30)
    assert isinstance(failed.exception(30), IndexError)
    assert [type(error) for error in bench.errors] == [IndexError]


def test_it_is_another_thread_and_ends(bench: Bench) -> None:
    """Jobs run in one thread that is not the caller's; after `close` none is done."""
    names: list[str] = []
    lane = bench.worker.lane()
    done = lane.then(lambda: names.append(current_thread().name))
    bench.let_go()
    done.result(30)
    assert names == ['images']
    bench.worker.close()
    lane.then(bench.note('late'))
    assert bench.done == []
