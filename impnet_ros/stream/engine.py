# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Algorithm 1 of the paper as a stream: one frame in, the finished frames out."""
from dataclasses import replace
from functools import partial
from typing import Any

from impnet_ros.config import StreamConfig
from impnet_ros.stream.background import BackgroundExecutor, Executor
from impnet_ros.stream.beside import begin, lent_to
from impnet_ros.stream.following import follow, tracks_in
from impnet_ros.stream.key_frame import absorb_key, carry
from impnet_ros.stream.schedule import is_doubtful, is_key, next_position, reset_reason
from impnet_ros.stream.task import run_task
from impnet_ros.stream.timing import timed
from impnet_ros.stream.types import (Detections, Flow, Frame, Impression, Network, PendingKey,
                                     WaitingFrame)
import torch


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
        Segment length or adaptive schedule, memory gate, key offset, mode, key mode, largest gap,
        box memory.
    executor : Executor, optional
        Where asynchronous key frames are computed; by default one thread of the engine's own.

    Raises
    ------
    ValueError
        If the schedule is adaptive and the network has no method `mismatch`.

    """

    def __init__(self, network: Network, config: StreamConfig | None = None,
                 executor: Executor | None = None) -> None:
        self.network = network
        self.config = _settled(config or StreamConfig(), network)
        self._prepare = getattr(network, 'prepare', lambda image: image)
        self._mismatch = getattr(network, 'mismatch', None)
        self._flows = getattr(network, 'flows', None)
        self._adaptive = (self.config.schedule == 'adaptive'
                          and self.config.mode != 'per_frame')
        if self._adaptive and self._mismatch is None:
            raise ValueError("schedule: expected 'fixed' for a network without a method "
                             f"'mismatch', as {type(network).__name__} is, got 'adaptive'")
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
            The next frame of the video. A backward stamp, a gap above `max_gap` or another
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

        Raises
        ------
        Exception
            Whatever the network raises; go on from `reset()` then. With asynchronous key frames an
            old state would keep the one that failed.

        """
        reason = reset_reason(frame, state, self.config)
        results: list[Detections] = []
        if reason and state.last_stamp_s is not None:
            results = self.flush(state)
            state = self.reset()
        stage_ms: dict[str, float] = {}
        with timed(stage_ms, 'prepare'):
            picture = self._prepare(frame.image)
        due = is_key(state.position, self.config) or state.key_overdue
        flow = None
        if self._adaptive and not due and state.pending is None:
            flow, doubt = self._doubted(picture, state, stage_ms)
            due = is_doubtful(state.position, doubt, self.config)
            state = replace(state, doubt=doubt, position=0 if due else state.position)
        new = WaitingFrame(picture, frame.stamp_s, reason, stage_ms, flow)
        waits = not due and state.position < self.config.key_offset
        state = replace(state, position=next_position(state.position, self.config),
                        last_stamp_s=frame.stamp_s, image_size=frame.image_size,
                        waiting=(*state.waiting, new))
        if waits:
            return results, replace(state, picture=picture)
        served_by = state.f_task
        in_background = self._in_background and served_by is not None
        if due and not in_background:
            state = self._absorb_newest(state, stage_ms)
        else:
            state = replace(state, age=state.age + 1,
                            tracks=tracks_in(self.network, picture, state, stage_ms))
        if in_background:
            state = self._advance_in_background(picture, due, state)
        finished, state = self._finish(state, fresh=state.f_task is not served_by)
        return results + finished, replace(state, picture=picture)

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
        if not state.waiting:
            return []
        stage_ms = dict(state.waiting[-1].stage_ms)
        return self._finish(self._absorb_newest(state, stage_ms), fresh=True)[0]

    def _absorb_newest(self, state: Impression, stage_ms: dict[str, float]) -> Impression:
        """Make the newest waiting frame the key frame; its times are added to `stage_ms`."""
        *before, key = state.waiting
        executor: Executor | None = getattr(self.network, 'beside', None)
        carried = tracks = None
        if state.f_imp is not None and self.config.fuses:
            carried = begin(partial(carry, self.network, key.picture, state.key_image,
                                    state.f_imp, flow=key.flow), stage_ms, 'propagate', executor)
        if state.tracks is not None:
            tracks = begin(partial(tracks_in, self.network, key.picture, state), stage_ms,
                           'boxes', executor)
        with lent_to(executor if carried or tracks else None):
            state = absorb_key(self.network, self.config, key.picture, state, stage_ms, carried)
        return replace(state, tracks=tracks() if tracks else None,
                       waiting=(*before, replace(key, stage_ms=stage_ms)))

    def _doubted(self, picture: Any, state: Impression,
                 stage_ms: dict[str, float]) -> tuple[Flow, float]:
        """
        Add what the flow to the key frame does not explain of a picture to what was there.

        Every frame needs that flow, to be served or to carry the impression on to it. So the
        frame in which the doubt is too large can itself become the key frame; waiting for the
        next one would cost one badly served frame more.
        """
        assert self._mismatch is not None
        with timed(stage_ms, 'flow'):
            flow = self.network.flow(picture, state.key_image)
            mismatch = self._mismatch(picture, state.key_image, flow)
            return flow, state.doubt + float(mismatch.mean())

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
            state = replace(state, position=next_position(0, self.config), doubt=0.0)
        state = replace(state, pending=pending, key_overdue=due)
        if pending is None or not pending.future.done():
            return state
        ready: Impression = pending.future.result()
        return replace(state, key_image=ready.key_image, f_task=ready.f_task, f_imp=ready.f_imp,
                       mean_weight=ready.mean_weight, age=pending.age, pending=None)

    @torch.inference_mode()
    def _absorbed(self, picture: Any, state: Impression) -> Impression:
        carried = None
        if state.f_imp is not None and self.config.fuses:
            carried = partial(carry, self.network, picture, state.key_image, state.f_imp, {},
                              state.waiting[-1].flow)
        return absorb_key(self.network, self.config, picture, state, {}, carried)

    def _finish(self, state: Impression, fresh: bool) -> tuple[list[Detections], Impression]:
        """Detect in all the waiting frames; `fresh` where the task feature has just changed."""
        if self.config.box_memory:
            result, state = follow(self.network, self.config, fresh, state)
            return [result], replace(state, waiting=())
        *before, newest = state.waiting
        if self._flows and len(before) > 1:
            before = self._with_flows(before, state)
        first_age = state.age - len(before)
        results = [self._served(frame, first_age + index, state)
                   for index, frame in enumerate((*before, newest))]
        return results, replace(state, waiting=(), tracks=None,
                                mean_weight=results[-1].mean_weight)

    def _with_flows(self, frames: list[WaitingFrame], state: Impression) -> list[WaitingFrame]:
        """Find the flow of several frames to their key frame at once; each bears its share."""
        assert self._flows is not None
        together_ms: dict[str, float] = {}
        with timed(together_ms, 'flow'):
            flows = self._flows([frame.picture for frame in frames], state.key_image)
        share_ms = together_ms['flow'] / len(frames)
        return [replace(frame, flow=flow, stage_ms={**frame.stage_ms, 'flow': share_ms})
                for frame, flow in zip(frames, flows, strict=True)]

    def _served(self, frame: WaitingFrame, age: int, state: Impression) -> Detections:
        """Detect in a frame with the newest key frame's task feature."""
        stage_ms = dict(frame.stage_ms)
        boxes, scores, labels = run_task(self.network, frame, age, state, stage_ms)
        return Detections(boxes, scores, labels, stamp_s=frame.stamp_s, is_key=age == 0, age=age,
                          mean_weight=float(state.mean_weight), reset_reason=frame.reset_reason,
                          stage_ms=stage_ms)


def _settled(config: StreamConfig, network: Network) -> StreamConfig:
    """Decide about mode and box memory where the settings leave them to the network."""
    if config.mode == 'auto':
        config = replace(config, mode='impression')
    if config.box_memory != 'auto':
        return config
    wanted = (getattr(network, 'box_memory', False) and config.mode == 'impression'
              and config.key_offset == 0)
    return replace(config, box_memory=bool(wanted))
