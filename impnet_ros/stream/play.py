# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A whole video through an engine."""
from collections import deque
from collections.abc import Iterable, Iterator

from impnet_ros.stream.engine import Engine
from impnet_ros.stream.late_images import LateImages, read_late
from impnet_ros.stream.schedule import why_new_video
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
        As soon as they are known. A frame that newer ones overtook on the way is answered at once,
        with what is remembered, as by the node.

    """
    state, waiting, late = engine.reset(), deque[Frame](), LateImages()
    for frame in frames:
        is_late = late.is_late(frame.stamp_s)
        if is_late and why_new_video(frame.origin, state, engine.config) == 'backward_stamp':
            yield frame, read_late(engine, frame, state)
            continue
        waiting.append(frame)
        results, state = engine.step(frame, state)
        for result in results:
            yield waiting.popleft(), result
    for result in engine.flush(state):
        yield waiting.popleft(), result
