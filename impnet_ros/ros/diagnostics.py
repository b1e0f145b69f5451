# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What /diagnostics says of the node and of each camera.

Levels, checked over the time since the last report (one second):

* ERROR: the configuration failed; no image of a window could be decoded; the network failed.
* WARN: active, but no image for `SILENT_S` seconds; more than `LOST_SHARE` of the images lost;
  some images refused; results older than `OLD_MS` (median).
* OK: everything else.
"""
from collections.abc import Mapping
from statistics import median
from time import monotonic
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from impnet_ros.ros.camera import Camera
import torch

SILENT_S = 2.0
LOST_SHARE = 0.2
OLD_MS = 500.0


def node_status(node_name: str, state: str, error: str, facts: Mapping[str, Any]
                ) -> DiagnosticStatus:
    """
    Report on the node as a whole.

    Parameters
    ----------
    node_name : str
        With its namespace.
    state : str
        Lifecycle state.
    error : str
        Why the last configuration failed; empty where it did not.
    facts : mapping
        Shown as they are: model, device, memory.

    """
    level = DiagnosticStatus.ERROR if error else DiagnosticStatus.OK
    return _status(f'{node_name}: node', level, error or state, {'state': state, **facts})


def camera_status(node_name: str, camera: Camera, active: bool) -> DiagnosticStatus:
    """Report on one camera, and begin its next window."""
    statistics = camera.statistics
    window = statistics.take_window()
    seconds = max(1e-3, monotonic() - window.began_s)
    silent_s = monotonic() - statistics.last_image_s
    arrived = window.processed + window.refused + window.lost
    facts: dict[str, Any] = {
        'input rate (Hz)': f'{arrived / seconds:.1f}',
        'output rate (Hz)': f'{window.processed / seconds:.1f}',
        'images processed': statistics.processed,
        'images lost': statistics.lost,
        'images lost (middleware events)': camera.input.lost_events,
        'images refused': statistics.refused,
        'errors of the network': statistics.failed,
        'images waiting for a key frame': camera.stream.waiting,
        'topic': camera.input.topic,
        'publishers': camera.input.publishers,
        'reliability': camera.input.reliability,
        'image': f'{statistics.size[1]} x {statistics.size[0]} {statistics.encoding}',
        'frame_id': statistics.frame_id,
    }
    age_ms = median(window.latencies_ms) if window.latencies_ms else None
    facts['age of results (ms, median)'] = '' if age_ms is None else f'{age_ms:.1f}'
    for stage, times in sorted(window.stages_ms.items()):
        facts[f'{stage} (ms, mean)'] = f'{sum(times) / len(times):.2f}'
    for reason, count in sorted(camera.stream.resets.items()):
        facts[f'resets: {reason}'] = count
    level, text = _judge(window, arrived, silent_s, age_ms, active)
    return _status(f'{node_name}: {camera.name}', level, text, facts)


def device_memory(device: Any) -> str:
    """Memory that the network holds on a CUDA device, or '' on the CPU."""
    if device is None or torch.device(device).type != 'cuda':
        return ''
    return f'{torch.cuda.memory_allocated(device) / 2**20:.0f} MiB'


def _judge(window: Any, arrived: int, silent_s: float, age_ms: float | None,
           active: bool) -> tuple[bytes, str]:
    if not active:
        return DiagnosticStatus.OK, 'not active'
    if window.failed:
        return DiagnosticStatus.ERROR, 'the network failed, see the log'
    if window.refused and not window.processed:
        return DiagnosticStatus.ERROR, 'no image can be decoded, see the log'
    if silent_s > SILENT_S:
        return DiagnosticStatus.WARN, f'no image for {silent_s:.0f} s'
    if window.refused:
        return DiagnosticStatus.WARN, f'{window.refused} images could not be decoded'
    if window.lost > LOST_SHARE * arrived:
        return DiagnosticStatus.WARN, f'{window.lost} of {arrived} images lost'
    if age_ms is not None and age_ms > OLD_MS:
        return DiagnosticStatus.WARN, f'results are {age_ms:.0f} ms old'
    return DiagnosticStatus.OK, 'running'


def _status(name: str, level: bytes, text: str, facts: Mapping[str, Any]) -> DiagnosticStatus:
    values = [KeyValue(key=key, value=str(value)) for key, value in facts.items()]
    return DiagnosticStatus(name=name, level=level, message=text, hardware_id='impnet_ros',
                            values=values)
