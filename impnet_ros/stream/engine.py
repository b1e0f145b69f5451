# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Algorithm 1 of the paper as a stream: one frame in, the finished frames out."""
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from impnet_ros.config import StreamConfig
from impnet_ros.model.impression import absorb, aggregate
from impnet_ros.stream.schedule import is_key, next_position, reset_reason
from impnet_ros.stream.types import (Detections, FeatureLevels, Frame, Impression, Network,
                                     WaitingFrame)


@contextmanager
def _timed(stage_ms: dict[str, float], stage: str) -> Iterator[None]:
    start = perf_counter()
    yield
    stage_ms[stage] = stage_ms.get(stage, 0.0) + (perf_counter() - start) * 1e3


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
        Segment length, memory gate, key offset, mode, largest gap.

    """

    def __init__(self, network: Network, config: StreamConfig | None = None) -> None:
        self.network = network
        self.config = config or StreamConfig()
        self._prepare = getattr(network, 'prepare', lambda image: image)

    def reset(self) -> Impression:
        """Start a new video: a state that remembers nothing."""
        return Impression()

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
        with _timed(stage_ms, 'prepare'):
            picture = self._prepare(frame.image)
        new = WaitingFrame(picture, frame.stamp_s, reason, stage_ms)
        position = state.position
        state = replace(state, position=next_position(position, self.config),
                        last_stamp_s=frame.stamp_s, image_size=frame.image_size)
        if is_key(position, self.config):
            finished, state = self._finish_with_key(replace(state, waiting=(*state.waiting, new)))
            return results + finished, state
        if position < self.config.key_offset:
            return results, replace(state, waiting=(*state.waiting, new))
        state = replace(state, age=state.age + 1)
        return [*results, self._propagated(new, state.age, state)], state

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
        return self._finish_with_key(state)[0] if state.waiting else []

    def _finish_with_key(self, state: Impression) -> tuple[list[Detections], Impression]:
        """Absorb the last waiting frame as key frame, then serve all the waiting frames."""
        *before, key = state.waiting
        stage_ms = dict(key.stage_ms)
        state = self._absorb_key(key.picture, state, stage_ms)
        assert state.f_task is not None
        results = [self._propagated(frame, index - len(before), state)
                   for index, frame in enumerate(before)]
        results.append(self._detections(state.f_task, key, 0, state, stage_ms))
        return results, replace(state, waiting=())

    def _absorb_key(self, picture: Any, state: Impression,
                    stage_ms: dict[str, float]) -> Impression:
        """Extract f_k, fuse it with the impression, eqs. (1)-(4)."""
        with _timed(stage_ms, 'features'):
            f_k = self.network.features(picture)
        remembers = self.config.mode in ('impression', 'average')
        f_task = f_imp = f_k
        mean_weight = 1.0
        if remembers and state.f_imp is not None:
            f_imp_warped = self._carry(picture, state.key_image, state.f_imp, stage_ms)
            with _timed(stage_ms, 'weights'):
                w_k = self._weights(f_imp_warped, f_k)
                f_task = aggregate(f_imp_warped, f_k, w_k)
                f_imp = absorb(f_k, f_task, self.config.memory_gate)
                mean_weight = float(torch.cat([w.flatten() for w in w_k]).mean())
        return replace(state, key_image=picture, f_task=f_task, f_imp=f_imp, age=0,
                       mean_weight=mean_weight)

    def _weights(self, f_imp_warped: FeatureLevels, f_k: FeatureLevels) -> tuple[Tensor, ...]:
        if self.config.mode == 'average':
            return tuple(torch.full_like(level[:, :1], 0.5) for level in f_k)
        return self.network.weights(f_imp_warped, f_k)

    def _propagated(self, frame: WaitingFrame, age: int, state: Impression) -> Detections:
        """Detections of a frame served by the newest key frame's task feature."""
        assert state.f_task is not None
        stage_ms = dict(frame.stage_ms)
        levels = self._carry(frame.picture, state.key_image, state.f_task, stage_ms)
        return self._detections(levels, frame, age, state, stage_ms)

    def _carry(self, picture: Any, key_image: Any, levels: FeatureLevels,
               stage_ms: dict[str, float]) -> FeatureLevels:
        with _timed(stage_ms, 'flow'):
            flow = self.network.flow(picture, key_image)
        with _timed(stage_ms, 'propagate'):
            return self.network.propagate(levels, flow)

    def _detections(self, levels: FeatureLevels, frame: WaitingFrame, age: int,
                    state: Impression, stage_ms: dict[str, float]) -> Detections:
        with _timed(stage_ms, 'task'):
            boxes, scores, labels = self.network.task(levels)
        return Detections(boxes, scores, labels, stamp_s=frame.stamp_s, is_key=age == 0, age=age,
                          mean_weight=state.mean_weight, reset_reason=frame.reset_reason,
                          stage_ms=stage_ms)
