# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Streaming accuracy: at each instant, what is known then against what is true then.

After Li, Wang and Ramanan, "Towards Streaming Perception" (2020). Time is simulated: a camera of
a known rate, a program that takes the newest image whenever it is free, and known times for its
steps. So the result does not depend on what else the machine does meanwhile.
"""
from bisect import bisect_right
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from impnet_ros.config import DetectionConfig, StreamConfig
from impnet_ros.data.samples import FrameTruth
from impnet_ros.evaluation.average_precision import mean_average_precision
from impnet_ros.evaluation.conventions import COCO
from impnet_ros.evaluation.matching import FrameBoxes, match_all
from impnet_ros.evaluation.predict import to_boxes
from impnet_ros.images import RgbImage
from impnet_ros.model.contract import Network
from impnet_ros.stream import compensation
from impnet_ros.stream.compensation import moved, Step
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.pacing import skip
from impnet_ros.stream.types import Detections, Frame
import torch
from torch import Tensor

T = TypeVar('T')


@dataclass(frozen=True)
class Costs:
    """
    How long the steps of a program take, seconds.

    Attributes
    ----------
    key_s, other_s : float
        From a key frame, or another frame, to its detections.
    background_s : float
        From the start of an asynchronous key frame until its feature is ready.

    """

    key_s: float
    other_s: float
    background_s: float = 0.0


@dataclass(frozen=True)
class Output:
    """
    The detections of one frame and when they were known.

    Attributes
    ----------
    frame : int
        Which frame of the camera.
    ready_s : float
        Seconds after the first frame.
    detections : Detections
        In pixels of that frame.
    previous : int, optional
        The frame that was processed before it.

    """

    frame: int
    ready_s: float
    detections: Detections
    previous: int | None


class _Later(Future[T]):
    """A result that exists already, and is not to be seen before an instant."""

    def __init__(self, result: T, ready: Callable[[], bool]) -> None:
        super().__init__()
        self.set_result(result)
        self._ready = ready

    def done(self) -> bool:
        return self._ready()


class _SimulatedExecutor:
    """Background work that takes a known time."""

    def __init__(self, seconds: float) -> None:
        self.now_s = 0.0
        self._seconds = seconds

    def submit(self, function: Callable[..., Any], /, *args: Any) -> 'Future[Any]':
        due_s = self.now_s + self._seconds
        return _Later(function(*args), lambda: self.now_s >= due_s)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        pass


def simulate(network: Network, config: StreamConfig, images: Sequence[RgbImage], rate_hz: float,
             costs: Costs, detection: DetectionConfig | None = None) -> list[Output]:
    """
    Let a program watch a camera.

    Frame k is there at k / rate_hz. The program takes the newest frame when it is free, or waits
    for the next one; frames in between are lost, as with a queue of one.

    Parameters
    ----------
    network : Network
        Its answers are real, its times are not.
    config : StreamConfig
        Causal: key_offset 0.
    images : sequence of numpy.ndarray
        The frames of the camera.
    rate_hz : float
        Frames a second.
    costs : Costs
        Of the steps.
    detection : DetectionConfig, optional
        Thresholds; by default the network's own.

    Returns
    -------
    list of Output
        In order of time.

    Raises
    ------
    ValueError
        If frames would have to wait for a later key frame.

    """
    if config.key_offset != 0:
        raise ValueError(f'key_offset: expected 0, got {config.key_offset}')
    executor = _SimulatedExecutor(costs.background_s)
    engine = Engine(network, config, detection, executor)
    state = engine.reset()
    outputs: list[Output] = []
    free_s, previous = 0.0, None
    while (number := next_frame(free_s, previous, rate_hz)) < len(images):
        start_s = max(free_s, number / rate_hz)
        executor.now_s = start_s
        if previous is not None:
            state = skip(state, number - previous - 1, config)
        (found,), state = engine.step(Frame(images[number], number / rate_hz), state)
        free_s = start_s + (costs.key_s if found.is_key else costs.other_s)
        outputs.append(Output(number, free_s, found, previous))
        previous = number
    return outputs


def next_frame(free_s: float, previous: int | None, rate_hz: float) -> int:
    """Tell which frame a program takes that is free at an instant: the newest, or the next."""
    newest = int(free_s * rate_hz + 1e-9)
    return newest if previous is None or newest > previous else previous + 1


def known_at(ready_s: Sequence[float], instants_s: Sequence[float]) -> list[int | None]:
    """
    Find the newest result at each instant.

    Parameters
    ----------
    ready_s : sequence of float
        When each result was there, in order.
    instants_s : sequence of float
        When somebody asks.

    Returns
    -------
    list of int or None
        Index of the newest result; None before the first. One that is ready at the very instant
        counts.

    """
    places = (bisect_right(ready_s, instant + 1e-9) for instant in instants_s)
    return [place - 1 if place else None for place in places]


@torch.inference_mode()
def velocities(network: Network, images: Sequence[RgbImage], outputs: Sequence[Output],
               rate_hz: float) -> list[Tensor]:
    """
    Give each output's boxes the velocity that the flow to the frame before it tells.

    Parameters
    ----------
    network : Network
        Its flow is asked.
    images : sequence of numpy.ndarray
        The frames of the camera.
    outputs : sequence of Output
        From `simulate`.
    rate_hz : float
        Frames a second.

    Returns
    -------
    list of Tensor
        (N, 4) pixels a second; zeros where there is no frame before.

    """
    found = []
    for output in outputs:
        boxes = output.detections.boxes
        if output.previous is None:
            found.append(torch.zeros_like(boxes))
            continue
        height, width = images[output.frame].shape[:2]
        before, after = (network.prepare(images[number])
                         for number in (output.previous, output.frame))
        step = Step(before, after, (output.frame - output.previous) / rate_hz, (height, width))
        found.append(compensation.velocities(network, boxes, step))
    return found


def boxes_at_frames(outputs: Sequence[Output], frames: int, rate_hz: float,
                    image_size: tuple[int, int],
                    speeds: Sequence[Tensor] | None = None) -> list[FrameBoxes]:
    """
    Say what is known at the instant of each frame.

    Parameters
    ----------
    outputs : sequence of Output
        From `simulate`.
    frames : int
        Frames of the camera.
    rate_hz : float
        Frames a second.
    image_size : tuple of int
        (height, width) in pixels.
    speeds : sequence of Tensor, optional
        From `velocities`: boxes are moved on from their frame's instant to the asked one.

    Returns
    -------
    list of FrameBoxes
        One for each frame; empty before the first result.

    """
    instants = [number / rate_hz for number in range(frames)]
    shown = []
    for instant_s, index in zip(instants, known_at([item.ready_s for item in outputs], instants),
                                strict=True):
        if index is None:
            none = torch.zeros(0)
            shown.append(to_boxes(Detections(none.view(0, 4), none, none.long(), instant_s)))
            continue
        output = outputs[index]
        found = output.detections
        if speeds is not None:
            later_s = instant_s - output.frame / rate_hz
            found = replace(found, boxes=moved(found.boxes, speeds[index], later_s, image_size))
        shown.append(to_boxes(found))
    return shown


def streaming_accuracy(shown: Sequence[Sequence[FrameBoxes]],
                       truths: Sequence[Sequence[FrameTruth]], classes: int) -> float:
    """
    Average precision (AP50 in COCO's convention) of what is known at each frame's instant.

    Parameters
    ----------
    shown : sequence of sequence of FrameBoxes
        By video and frame, from `boxes_at_frames`.
    truths : sequence of sequence of FrameTruth
        What is true at that instant.
    classes : int
        How many there are.

    Returns
    -------
    float
        0..1.

    """
    return float(mean_average_precision(match_all(shown, truths, classes, COCO), COCO)[0])
