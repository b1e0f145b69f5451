# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A whole video through an engine."""
from collections import deque
from collections.abc import Iterable, Iterator

from impnet_ros.stream.engine import Engine
from impnet_ros.stream.types import Detections, Frame


def play(engine: Engine, frames: Iterable[Frame]) -> Iterator[tuple[Frame, Detections]]:
    """
    Run the engine over a video and pair each frame with its detections, in order.

    Parameters
    ----------
    engine : Engine
        Network and settings.
    frames : iterable of Frame
        The whole video; frames that wait for a later key frame are held, at most l - 1.

    Yields
    ------
    (Frame, Detections)
        As soon as they are known.

    """
    state, waiting = engine.reset(), deque[Frame]()
    for frame in frames:
        waiting.append(frame)
        results, state = engine.step(frame, state)
        for result in results:
            yield waiting.popleft(), result
    for result in engine.flush(state):
        yield waiting.popleft(), result
