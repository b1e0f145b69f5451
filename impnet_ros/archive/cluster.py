# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Pieces through Ray Data: a pool of actors, each with its own network, here or on a cluster."""
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
import json
import logging
import os
import signal
from threading import current_thread, Event, main_thread, Thread
from typing import Any
import warnings

from impnet_ros.archive.job import Job
from impnet_ros.archive.outcome import Outcome
from impnet_ros.archive.pieces import Piece
from impnet_ros.archive.progress import Progress
from impnet_ros.threads import spin_briefly

_STORE_BYTES = 128 * 2**20
_POLL_S = 0.5


@dataclass(frozen=True)
class Pool:
    """
    Who works.

    Attributes
    ----------
    workers : int
        Actors; 0 for as many as a cluster has room for.
    gpus : float
        GPUs an actor, a share too.
    address : str
        Of a Ray cluster; empty for this machine.

    """

    workers: int
    gpus: float = 0.0
    address: str = ''


class Board:
    """Where actors tell how far they are, and learn that they shall stop."""

    def __init__(self) -> None:
        self._frames: dict[str, int] = {}
        self._stop = False

    def tell(self, name: str, frames: int) -> bool:
        """Take down the images of a piece so far; give whether to stop."""
        self._frames[name] = frames
        return self._stop

    def told(self, stop: bool) -> dict[str, int]:
        """Give what has been told since the last time."""
        self._stop = stop
        frames, self._frames = self._frames, {}
        return frames


class Actor:
    """One worker: the network is loaded once."""

    def __init__(self, job: Job, board: Any) -> None:
        spin_briefly()  # before torch is imported
        from impnet_ros.archive.worker import Labeller
        self._board, self._refusal = board, ''
        try:
            self._labeller = Labeller(job, self._tell)
        except ValueError as error:
            self._refusal = str(error)

    def _tell(self, name: str, frames: int) -> bool:
        import ray
        try:
            return bool(ray.get(self._board.tell.remote(name, frames), timeout=30.0))
        except Exception:  # noqa: B902 - without a board the work goes on
            return False

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Label the one piece of a batch."""
        pieces = [Piece(**json.loads(text)) for text in batch['piece']]
        outcomes = [self._label(piece) for piece in pieces]
        return {'outcome': [json.dumps(asdict(outcome)) for outcome in outcomes]}

    def _label(self, piece: Piece) -> Outcome:
        if self._refusal:
            return Outcome(piece.name, piece.label, 'refused', self._refusal)
        return self._labeller.label(piece)


def label_with_ray(pieces: Sequence[Piece], job: Job, pool: Pool, shown: Progress,
                   stopping: Callable[[], bool]) -> Iterator[Outcome]:
    """
    Label pieces with a pool of actors.

    A piece whose worker dies goes into another round, with whoever is there then; after
    `job.tries` rounds it has failed. An actor that dies is started again by Ray.

    Parameters
    ----------
    pieces : sequence of Piece
        What to do, in this order.
    job : Job
        How.
    pool : Pool
        With whom.
    shown : Progress
        Is told how far the pieces are.
    stopping : callable
        As in `label_here`.

    Yields
    ------
    Outcome
        As soon as it is known.

    Raises
    ------
    ConnectionError
        If there is no cluster at the address, or Ray does not start.
    ValueError
        If the network cannot be loaded with these settings.

    """
    try:
        _begin(pool, job.runs.threads)
    except Exception as error:  # noqa: B902 - Ray has no class for what keeps it from starting
        raise ConnectionError(f'Ray does not start: {error}') from error
    import ray
    try:
        shown.workers = workers = pool.workers or _room(job.runs.threads, pool.gpus)
        left = {piece.name: piece for piece in pieces}
        for attempt in range(1, job.tries + 1):
            if stopping():
                break
            board = ray.remote(num_cpus=0, max_restarts=-1)(Board).remote()
            with closing(_round(list(left.values()), job, workers, pool.gpus,
                                board)) as outcomes, _Watch(board, shown, stopping):
                for outcome in outcomes:
                    if outcome.status == 'refused':
                        raise ValueError(outcome.reason)
                    left.pop(outcome.name, None)
                    yield outcome
            if not left or stopping():
                break
            shown.note(f'workers died: {len(left)} of the pieces are tried again')
        for piece in left.values():
            if stopping():
                yield Outcome(piece.name, piece.label, 'stopped')
            else:
                yield Outcome(piece.name, piece.label, 'failed',
                              'its worker died each time', tries=job.tries)
    finally:
        ray.shutdown()


def _begin(pool: Pool, threads: int) -> None:
    os.environ.setdefault('RAY_USAGE_STATS_ENABLED', '0')
    os.environ.setdefault('RAY_BACKEND_LOG_LEVEL', 'fatal')
    os.environ.setdefault('RAY_worker_niceness', '0')  # 15 would starve beside a busy process
    os.environ['RAY_ENABLE_AUTO_CONNECT'] = '0'  # or a late call starts a cluster of its own
    import ray
    quiet: dict[str, Any] = {'log_to_driver': False, 'logging_level': logging.ERROR}
    asked = signal.getsignal(signal.SIGTERM)
    if pool.address:
        ray.init(address=pool.address, **quiet)
    else:
        ray.init(address='local', num_cpus=pool.workers * threads, include_dashboard=False,
                 object_store_memory=_STORE_BYTES, **quiet)
    if current_thread() is main_thread():
        signal.signal(signal.SIGTERM, asked)  # Ray would end at once


def _room(threads: int, gpus: float) -> int:
    """Tell how many workers a cluster has room for."""
    import ray
    there = ray.cluster_resources()
    room = there.get('CPU', 0.0) / threads
    return max(1, int(min(room, there.get('GPU', 0.0) / gpus) if gpus else room))


def _round(pieces: list[Piece], job: Job, workers: int, gpus: float,
           board: Any) -> Generator[Outcome]:
    import ray
    from ray.data import ActorPoolStrategy, DataContext
    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.max_errored_blocks = -1  # a worker's death costs its piece this round, no more
    logging.getLogger('ray.data').setLevel(logging.CRITICAL)
    workers = min(workers, len(pieces))
    data = ray.data.from_items([{'piece': json.dumps(asdict(piece))} for piece in pieces],
                               override_num_blocks=len(pieces))
    with warnings.catch_warnings():
        # Ray has no other name yet for: start a dead actor again, but leave its piece to the
        # next round, where tries are counted.
        warnings.simplefilter('ignore', DeprecationWarning)
        outcomes = data.map_batches(
            Actor, fn_constructor_args=(job, board), batch_size=1, num_cpus=job.runs.threads,
            num_gpus=gpus or None, max_restarts=-1, max_task_retries=0,
            compute=ActorPoolStrategy(min_size=1, max_size=workers, initial_size=workers,
                                      max_tasks_in_flight_per_actor=1))
    rows = outcomes.iter_rows()
    try:
        for row in rows:
            yield Outcome(**json.loads(row['outcome']))
    finally:  # a thread of Ray's that outlives its shutdown may end the process without a word
        for _ in rows:
            pass


class _Watch:
    """A thread that asks the board, and tells it when to stop: at the latest when it ends."""

    def __init__(self, board: Any, shown: Progress, stopping: Callable[[], bool]) -> None:
        self._board, self._shown, self._stopping = board, shown, stopping
        self._over = Event()
        self._thread = Thread(target=self._run, daemon=True, name='impnet_watch')

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        import ray
        over = False
        while not over:
            over = self._over.wait(_POLL_S)
            try:
                told = self._board.told.remote(over or self._stopping())
                self._shown.told(ray.get(told, timeout=10.0))
            except Exception:  # noqa: B902 - news are not worth a run
                continue
