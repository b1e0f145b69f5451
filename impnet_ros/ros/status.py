# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How one image was processed, as a FrameStatus message."""
import math

from impnet_ros.msg import FrameStatus
from impnet_ros.ros.camera_stream import Answer
from impnet_ros.stream.schedule import length_of

STAGES = ('features', 'flow', 'propagate', 'weights', 'task', 'glance', 'boxes')
_LARGEST_LATENCY_S = 60.0
_CLOCK_STEP_S = 0.1


def latency_ms(now_ns: int, stamp_ns: int) -> float:
    """
    Tell the time from an image's stamp to now.

    Returns
    -------
    float
        Milliseconds; NaN where the stamp is not of the node's clock, more than a tenth of a
        second in the future or a minute old, as when a bag is replayed without simulated time.

    """
    elapsed_s = (now_ns - stamp_ns) / 1e9
    # With /clock at 50 Hz, now is up to 20 ms old itself.
    if not -_CLOCK_STEP_S <= elapsed_s <= _LARGEST_LATENCY_S:
        return math.nan
    return max(0.0, elapsed_s * 1e3)


def to_message(answer: Answer, *, camera: str, device: str, processed: int, lost: int,
               total_ms: float, latency: float) -> FrameStatus:
    """
    Make the status message of an answered image.

    Parameters
    ----------
    answer : Answer
        Of one image.
    camera : str
        Name of the camera, or its topic.
    device : str
        What really computed it.
    processed, lost : int
        Images of this camera since activation.
    total_ms : float
        From the receipt of the image to now.
    latency : float
        From the image's stamp to now, milliseconds.

    """
    detections, settings = answer.detections, answer.settings
    stages = {f'{stage}_ms': float(detections.stage_ms.get(stage, 0.0)) for stage in STAGES}
    decode_ms = answer.arrival.decode_ms + detections.stage_ms.get('prepare', 0.0)
    return FrameStatus(
        header=answer.arrival.header, is_key=detections.is_key, is_glance=detections.is_glance,
        age=detections.age,
        mean_weight=detections.mean_weight, reset_reason=detections.reset_reason,
        decode_ms=decode_ms, total_ms=total_ms, latency_ms=latency,
        frames_processed=processed, frames_lost=lost, camera=camera, model=settings.model,
        mode=settings.mode, device=device, l=length_of(settings),
        glance=0 if settings.glance == 'off' else settings.glance,
        glance_every=settings.glance_every,
        g=float(settings.memory_gate), stamp_problem=answer.arrival.stamp_problem, **stages)
