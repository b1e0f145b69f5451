# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Algorithm 1 of the paper as a stream: one frame in, the finished frames out."""
from concurrent.futures import Future
from dataclasses import replace
from functools import partial

from impnet_ros.config import DetectionConfig, StreamConfig
from impnet_ros.model.contract import Network
from impnet_ros.stream.asynchronous import advance
from impnet_ros.stream.boxes.step import carried_tracks, remembers, too_blurred
from impnet_ros.stream.executors import BackgroundExecutor, Executor
from impnet_ros.stream.keys import absorbed, aligned
from impnet_ros.stream.look import look
from impnet_ros.stream.schedule import (is_key, length_of, LONGEST_WAIT, next_position,
                                        why_new_video)
from impnet_ros.stream.settled import settled
from impnet_ros.stream.side_work import a_thread_fewer, begin
from impnet_ros.stream.state import KeyFrame, StreamState, WaitingFrame
from impnet_ros.stream.timing import timed
from impnet_ros.stream.types import Detections, Frame, NotFinite, nothing_seen
import torch


class Engine:
    """
    Detect objects in a stream of frames with sparse key frames and an impression.

    The engine holds the network and the settings, nothing of any video: state goes in and comes
    out, so one engine serves many cameras and a kept state gives the same answer again.

    Parameters
    ----------
    network : Network
        See `impnet_ros.model.contract`.
    config : StreamConfig, optional
        How the video is cut and remembered; `engine.config` has nothing left open.
    detection : DetectionConfig, optional
        Thresholds; by default the network's own.
    executor : Executor, optional
        Where asynchronous key frames are computed; by default one thread of the engine's own.

    Raises
    ------
    ValueError
        If the settings need something that the network cannot do.

    """

    def __init__(self, network: Network, config: StreamConfig | None = None,
                 detection: DetectionConfig | None = None,
                 executor: Executor | None = None) -> None:
        self.network = network
        self.config = settled(config or StreamConfig(), network)
        assert self.config.glance_every != 'auto'
        self._look_every = self.config.glance_every
        self.detection = detection or network.detection
        carries = self.config.mode != 'per_frame'
        # Without propagation there is nothing to show while a key frame is computed.
        self._in_background = self.config.key_mode == 'async' and carries
        self._executor = executor
        if executor is None and self._in_background:
            self._executor = BackgroundExecutor(network.device)

    def reset(self, reason: str = 'start') -> StreamState:
        """Start a new video: a state that remembers nothing but why."""
        return StreamState(reason)

    def close(self) -> None:
        """Wait for a key frame that is still being computed, and end the thread."""
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)

    @torch.inference_mode()
    def step(self, frame: Frame, state: StreamState) -> tuple[list[Detections], StreamState]:
        """
        Take in one frame.

        Parameters
        ----------
        frame : Frame
            The next of the video; `schedule.why_new_video` says when it begins a new one.
        state : StreamState
            What `reset` or the last `step` gave; it is not changed.

        Returns
        -------
        list of Detections
            Frames finished by this one, in frame order: exactly one when key_offset is 0; none
            while frames wait for a later key frame, then all of them with the key frame. Where
            the network gave NaN or infinity they are empty.
        StreamState
            For the next frame; a new video with the reason 'not_finite' after NaN or infinity.

        Raises
        ------
        Exception
            Whatever the network raises; go on from `reset()` then. With asynchronous key frames an
            old state would keep the one that failed.

        """
        reason = why_new_video(frame.origin, state, self.config)
        earlier: list[Detections] = []
        if reason and state.last is not None:
            earlier, state = self.flush(state), self.reset(reason)
        stage_ms: dict[str, float] = {}
        with timed(stage_ms, 'prepare'):
            picture = self.network.prepare(frame.image)
        new = WaitingFrame(picture, frame.origin, reason, stage_ms)
        due = is_key(state.position, self.config)
        position = next_position(state.position, self.config)
        waits = not due and state.position < self.config.key_offset
        if due and self._had_better_wait(new, state):  # a glance looks now, the next frame is due
            due, position = False, state.position
            state = replace(state, unseen=self._look_every)
        state = replace(state, position=position, last=frame.origin,
                        waiting=(*state.waiting, new))
        try:
            finished, state = ([], state) if waits else self._answer(due, state)
        except NotFinite:
            return earlier + _unseen(state), self.reset('not_finite')
        return earlier + finished, replace(state, picture=picture)

    @torch.inference_mode()
    def flush(self, state: StreamState) -> list[Detections]:
        """
        Finish the frames that still wait for a later key frame.

        That key frame will not come: the last waiting frame takes its place, as the last frame
        of a video that ends inside a segment.

        Returns
        -------
        list of Detections
            The waiting frames in order; none when nothing waits.

        """
        if state.pending is not None:
            state.pending.future.cancel()
        if not state.waiting:
            return []
        try:
            return self._detect(self._absorb(state), fresh=True)[0]
        except NotFinite:
            return _unseen(state)

    def _had_better_wait(self, new: WaitingFrame, state: StreamState) -> bool:
        """Tell whether a key frame would be spent on a blurred picture, with glances at hand."""
        length = length_of(self.config)
        if state.tracks is None or self.config.glance == 'off' or self._look_every >= length:
            return False
        assert state.key is not None
        return (state.key.age + 1 < LONGEST_WAIT * length
                and too_blurred(self.network, new, state.tracks))

    def _answer(self, due: bool, state: StreamState) -> tuple[list[Detections], StreamState]:
        """Detect in the newest frame, a key frame where one is `due`, and in those that waited."""
        before = state.key
        if before is None or (due and not self._in_background):
            return self._detect(self._absorb(state), fresh=True)
        *earlier, newest = state.waiting
        stage_ms = dict(newest.stage_ms)
        tracks = carried_tracks(self.network, self.detection, newest.picture, newest.origin, state,
                                stage_ms)
        state = replace(state, key=replace(before, age=before.age + 1), tracks=tracks,
                        waiting=(*earlier, replace(newest, stage_ms=stage_ms)))
        if self._in_background:
            state = advance(state, due, partial(self._begin_key, newest, before))
        assert state.key is not None
        return self._detect(state, fresh=state.key.f_task is not before.f_task)

    def _absorb(self, state: StreamState) -> StreamState:
        """Make the newest waiting frame the key frame; a spare thread carries memory there."""
        *before, new = state.waiting
        stage_ms = dict(new.stage_ms)
        spare = self.network.spare_thread
        f_imp_warped = tracks = None
        if state.key is not None and self.config.fuses:
            f_imp_warped = begin(partial(aligned, self.network, new.picture, state.key, new.flow),
                                 stage_ms, 'propagate', spare)
        if state.tracks is not None:
            tracks = begin(partial(carried_tracks, self.network, self.detection, new.picture,
                                   new.origin, state), stage_ms, 'boxes', spare)
        with a_thread_fewer(spare if f_imp_warped or tracks else None):
            key = absorbed(self.network, self.config, new.picture, stage_ms, f_imp_warped)
        return replace(state, key=key, tracks=tracks() if tracks else None,
                       waiting=(*before, replace(new, stage_ms=stage_ms)))

    def _begin_key(self, new: WaitingFrame, before: KeyFrame) -> 'Future[KeyFrame]':
        """Begin to absorb a frame while the stream goes on."""
        assert self._executor is not None
        f_imp_warped = None
        if self.config.fuses:
            f_imp_warped = partial(aligned, self.network, new.picture, before, new.flow, {})
        return self._executor.submit(torch.inference_mode()(absorbed), self.network, self.config,
                                     new.picture, {}, f_imp_warped)

    def _detect(self, state: StreamState, fresh: bool) -> tuple[list[Detections], StreamState]:
        """Detect in all the waiting frames; `fresh` where the task feature has just changed."""
        key = state.key
        assert key is not None
        tracks, unseen = None, 0
        if self.config.box_memory:
            glances = (self.config.glance != 'off'
                       and state.unseen + 1 >= self._look_every)
            result, tracks = remembers(self.network, self.config, self.detection,
                                       state.waiting[0], key, fresh, glances, state.tracks)
            results = [result]
            unseen = 0 if fresh or glances else state.unseen + 1
        else:
            first_age = key.age - len(state.waiting) + 1
            results = [self._served(frame, first_age + index, key)
                       for index, frame in enumerate(self._with_flows(state.waiting, key))]
        key = replace(key, mean_weight=results[-1].mean_weight)
        return results, replace(state, key=key, tracks=tracks, unseen=unseen, waiting=())

    def _with_flows(self, frames: tuple[WaitingFrame, ...],
                    key: KeyFrame) -> list[WaitingFrame]:
        """Find the flow of several frames to their key frame at once; each bears its share."""
        *before, newest = frames
        if len(before) < 2:
            return [*before, newest]
        together_ms: dict[str, float] = {}
        with timed(together_ms, 'flow'):
            flows = self.network.flows([frame.picture for frame in before], key.picture)
        share_ms = together_ms['flow'] / len(before)
        return [*(replace(frame, flow=flow, stage_ms={**frame.stage_ms, 'flow': share_ms})
                  for frame, flow in zip(before, flows, strict=True)), newest]

    def _served(self, frame: WaitingFrame, age: int, key: KeyFrame) -> Detections:
        """Detect in a frame with the newest key frame's task feature."""
        stage_ms = dict(frame.stage_ms)
        boxes, scores, labels = look(self.network, frame, age, key, self.detection, stage_ms)
        return Detections(boxes, scores, labels, stamp_s=frame.origin.stamp_s, is_key=age == 0,
                          age=age, mean_weight=float(key.mean_weight),
                          reset_reason=frame.reset_reason, stage_ms=stage_ms)


def _unseen(state: StreamState) -> list[Detections]:
    """Answer the waiting frames where the network could say nothing of them."""
    return [nothing_seen(frame.origin, frame.reset_reason) for frame in state.waiting]
