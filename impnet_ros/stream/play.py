# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A whole video through an engine."""
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeVar

from impnet_ros.stream.engine import Engine
from impnet_ros.stream.late_images import LateImages, read_late
from impnet_ros.stream.schedule import why_new_video
from impnet_ros.stream.state import StreamState
from impnet_ros.stream.types import Detections, Frame, nothing_seen

Failed = Callable[[Frame, Exception], None]
"""Is told of a frame that the network could not answer, and why."""

_Waiting = tuple[Frame, Detections | None]
"""A frame, and what was seen in it where it is known before what waits in front of it."""

T = TypeVar('T')


def play(engine: Engine, frames: Iterable[Frame], failed: Failed | None = None,
         late: LateImages | None = None) -> Iterator[tuple[Frame, Detections]]:
    """
    Run the engine over a video and pair each frame with its detections, in order.

    Parameters
    ----------
    engine : Engine
        Network and settings.
    frames : iterable of Frame
        The whole video; frames that wait for a later key frame are held, at most l - 1.
    failed : callable, optional
        Is told of each frame that an error in the network costs; nothing is seen in it, and
        memory begins anew behind it, as in the node. Without it the error is raised.
    late : LateImages, optional
        What the times of earlier frames told, where these are not played.

    Yields
    ------
    (Frame, Detections)
        As soon as they and those before them are known. A frame that newer ones overtook on the
        way is answered with what is remembered when it comes, as by the node.

    """
    state, waiting, late = engine.reset(), deque[_Waiting](), late or LateImages()
    for frame in frames:
        origin, is_late = frame.origin, late.is_late(frame.stamp_s)
        if is_late and why_new_video(origin, state, engine.config) == 'backward_stamp':
            waiting.append((frame, _tried(partial(_read_late, engine, frame, state), [frame],
                                          partial(nothing_seen, origin, ''), failed)))
            yield from _known(waiting, [])
            continue
        waiting.append((frame, None))
        results, state = _tried(partial(_step, engine, frame, state), _open(waiting),
                                partial(_begin_anew, engine, frame, state), failed)
        yield from _known(waiting, results)
    yield from _known(waiting, _tried(partial(_flush, engine, state), _open(waiting),
                                      partial(_unseen, state), failed))


def _open(waiting: deque[_Waiting]) -> list[Frame]:
    return [frame for frame, seen in waiting if seen is None]


def _known(waiting: deque[_Waiting], results: list[Detections]
           ) -> Iterator[tuple[Frame, Detections]]:
    """Take from the front what is answered, by `results` where it was open."""
    coming = iter(results)
    while waiting:
        frame, seen = waiting[0]
        if seen is None:
            seen = next(coming, None)
        if seen is None:
            return
        waiting.popleft()
        yield frame, seen


def _tried(work: Callable[[], T], frames: Iterable[Frame], without: Callable[[], T],
           failed: Failed | None) -> T:
    """Give what `work` gives; where it raises, tell of the frames that this costs."""
    try:
        return work()
    except Exception as error:  # noqa: B902 - whatever a network raises
        if failed is None:
            raise
        for frame in frames:
            failed(frame, error)
        return without()


def _begin_anew(engine: Engine, frame: Frame, state: StreamState
                ) -> tuple[list[Detections], StreamState]:
    unseen = nothing_seen(frame.origin, why_new_video(frame.origin, state, engine.config))
    return [*_unseen(state), unseen], engine.reset('error')


def _unseen(state: StreamState) -> list[Detections]:
    return [nothing_seen(frame.origin, frame.reset_reason) for frame in state.waiting]


def _step(engine: Engine, frame: Frame, state: StreamState
          ) -> tuple[list[Detections], StreamState]:
    results, state = engine.step(frame, state)
    return [_named(result, engine) for result in results], state


def _flush(engine: Engine, state: StreamState) -> list[Detections]:
    return [_named(result, engine) for result in engine.flush(state)]


def _read_late(engine: Engine, frame: Frame, state: StreamState) -> Detections:
    return _named(read_late(engine, frame, state), engine)


def _named(detections: Detections, engine: Engine) -> Detections:
    """Refuse labels that have no name."""
    count = len(engine.network.class_names)
    for label in detections.labels.tolist():
        if not 0 <= label < count:
            raise ValueError(f'labels: expected 0..{count - 1}, the class_names, got {label}')
    return detections
