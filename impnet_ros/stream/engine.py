# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Algorithm 1 of the paper as a stream: one frame in, the finished frames out."""
from dataclasses import replace
from typing import Any

import torch

from impnet_ros.config import StreamConfig
from impnet_ros.stream.background import BackgroundExecutor, Executor
from impnet_ros.stream.key_frame import absorb_key, carry
from impnet_ros.stream.schedule import is_key, next_position, reset_reason
from impnet_ros.stream.timing import timed
from impnet_ros.stream.types import (Detections, FeatureLevels, Frame, Impression, Network,
                                     PendingKey, WaitingFrame)


class Engine:
    """
    Detect objects in a stream of frames with sparse key frames and an impression.

    The engine holds the network and the settings, nothing of any video: state goes in and comes
    out, so one engine serves many cameras and a kept state gives the same answer again.

    Parameters
    ----------
    network : Network
        Five methods, see `impnet_ros.stream.types.Network`.
    config : StreamConfig
        Segment length, memory gate, key offset, mode, key mode, largest gap.
    executor : Executor, optional
        Where asynchronous key frames are computed; by default one thread of the engine's own.

    """

    def __init__(self, network: Network, config: StreamConfig | None = None,
                 executor: Executor | None = None) -> None:
        self.network = network
        self.config = config or StreamConfig()
        self._prepare = getattr(network, 'prepare', lambda image: image)
        self._executor = executor
        # Without propagation there is nothing to show while a key frame is computed.
        self._in_background = (self.config.key_mode == 'async'
                               and self.config.mode != 'per_frame')
        if executor is None and self._in_background:
            self._executor = BackgroundExecutor(getattr(network, 'device', None))

    def reset(self) -> Impression:
        """Start a new video: a state that remembers nothing."""
        return Impression()

    def close(self) -> None:
        """Wait for a key frame that is still being computed, and end the thread."""
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)

    @torch.inference_mode()
    def step(self, frame: Frame, state: Impression) -> tuple[list[Detections], Impression]:
        """
        Take in one frame.

        Parameters
        ----------
        frame : Frame
            The next frame of the video. A backward stamp, a gap above `max_gap_s` or another
            image size starts a new video.
        state : Impression
            What `reset` or the last `step` gave; it is not changed.

        Returns
        -------
        list of Detections
            Frames finished by this one, in frame order: exactly one when key_offset is 0; none
            while frames wait for a later key frame, then all of them with the key frame.
        Impression
            The state for the next frame.

        """
        reason = reset_reason(frame, state, self.config)
        results: list[Detections] = []
        if reason:
            results = self.flush(state)
            state = self.reset()
        stage_ms: dict[str, float] = {}
        with timed(stage_ms, 'prepare'):
            picture = self._prepare(frame.image)
        new = WaitingFrame(picture, frame.stamp_s, reason, stage_ms)
        due = is_key(state.position, self.config) or state.key_overdue
        before_key = not due and state.position < self.config.key_offset
        state = replace(state, position=next_position(state.position, self.config),
                        last_stamp_s=frame.stamp_s, image_size=frame.image_size)
        if before_key:
            return results, replace(state, waiting=(*state.waiting, new))
        if self._in_background and state.f_task is not None:
            state = self._advance_in_background(new.picture, due, state)
            return [*results, self._served(new, state.age, state)], state
        if due:
            finished, state = self._finish_with_key(replace(state, waiting=(*state.waiting, new)))
            return results + finished, state
        state = replace(state, age=state.age + 1)
        return [*results, self._served(new, state.age, state)], state

    @torch.inference_mode()
    def flush(self, state: Impression) -> list[Detections]:
        """
        Finish the frames that still wait for a later key frame.

        That key frame will not come: the last waiting frame takes its place, as the last frame
        of a video that ends inside a segment.

        Parameters
        ----------
        state : Impression
            The state after the video's last frame.

        Returns
        -------
        list of Detections
            The waiting frames in order; none when nothing waits.

        """
        if state.pending is not None:
            state.pending.future.cancel()
        return self._finish_with_key(state)[0] if state.waiting else []

    def _finish_with_key(self, state: Impression) -> tuple[list[Detections], Impression]:
        """Absorb the last waiting frame as key frame, then serve all the waiting frames."""
        *before, key = state.waiting
        stage_ms = dict(key.stage_ms)
        state = absorb_key(self.network, self.config, key.picture, state, stage_ms)
        results = [self._served(frame, index - len(before), state)
                   for index, frame in enumerate(before)]
        results.append(self._served(replace(key, stage_ms=stage_ms), 0, state))
        return results, replace(state, waiting=())

    def _advance_in_background(self, picture: Any, due: bool, state: Impression) -> Impression:
        """
        Start a key frame that is due, one at a time, and switch to one that is ready.

        The key frame is absorbed where it was seen: its impression is fused in the background
        with the one before it, and frames after the switch are aligned with its own picture.
        """
        assert self._executor is not None
        pending = state.pending
        if pending is not None:
            pending = replace(pending, age=pending.age + 1)
        elif due:
            pending = PendingKey(self._executor.submit(self._absorbed, picture, state), 0)
            due = False
            state = replace(state, position=next_position(0, self.config))
        state = replace(state, age=state.age + 1, pending=pending, key_overdue=due)
        if pending is None or not pending.future.done():
            return state
        ready: Impression = pending.future.result()
        return replace(state, key_image=ready.key_image, f_task=ready.f_task, f_imp=ready.f_imp,
                       mean_weight=ready.mean_weight, age=pending.age, pending=None)

    @torch.inference_mode()
    def _absorbed(self, picture: Any, state: Impression) -> Impression:
        return absorb_key(self.network, self.config, picture, state, {})

    def _served(self, frame: WaitingFrame, age: int, state: Impression) -> Detections:
        """Detections of a frame from the newest key frame's task feature."""
        assert state.f_task is not None
        stage_ms = dict(frame.stage_ms)
        levels: FeatureLevels = state.f_task
        if age != 0:
            levels = carry(self.network, frame.picture, state.key_image, levels, stage_ms)
        with timed(stage_ms, 'task'):
            boxes, scores, labels = self.network.task(levels)
        return Detections(boxes, scores, labels, stamp_s=frame.stamp_s, is_key=age == 0, age=age,
                          mean_weight=state.mean_weight, reset_reason=frame.reset_reason,
                          stage_ms=stage_ms)
