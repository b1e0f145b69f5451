# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What /diagnostics says of the node and of each camera.

Levels, checked over the time since the last report (one second):

* ERROR: the configuration failed; no image of a window could be decoded; the network failed, or
  gave values that are not finite.
* WARN: other nodes of the same name, or no time; active, but no image for `SILENT_S` seconds;
  more than `LOST_SHARE` of the images lost; some images refused; memory emptied at `OFTEN` images
  and `OFTEN_SHARE` of all for one reason; stamps that cannot be used; results older than `OLD_MS`
  (median).
* OK: everything else.

A silence and losses are in the log too, seldom, with what would help.
"""
from collections.abc import Mapping
from statistics import median
from time import monotonic
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from impnet_ros.ros.advice import against_losses, NEVER_PUBLISHED
from impnet_ros.ros.camera import Camera, STAMP_PROBLEMS
from impnet_ros.ros.settings import Settings
from impnet_ros.ros.statistics import Window
from rclpy.node import Node
import torch

SILENT_S = 2.0
LOST_SHARE = 0.01
OFTEN, OFTEN_SHARE = 3, 0.1
OLD_MS = 500.0
_LONGEST = 200


def node_status(node: Node, state: str, error: str, confusion: str, facts: Mapping[str, Any]
                ) -> DiagnosticStatus:
    """
    Report on the node as a whole.

    Parameters
    ----------
    node : Node
        Gives the name.
    state : str
        Lifecycle state.
    error : str
        Why the last configuration failed; empty where it did not.
    confusion : str
        What other nodes of its name, or a lack of time, do; empty where there are none.
    facts : mapping
        Shown as they are: model, device, memory.

    """
    level = (DiagnosticStatus.ERROR if error else DiagnosticStatus.WARN if confusion
             else DiagnosticStatus.OK)
    return _status(f'{_name(node)}: node', level, error or confusion or state,
                   {'state': state, **facts})


def camera_status(node: Node, camera: Camera, settings: Settings,
                  active: bool) -> DiagnosticStatus:
    """
    Report on one camera, and begin its next window.

    Parameters
    ----------
    node : Node
        Gives the name.
    camera : Camera
        Its counters are read.
    settings : Settings
        Those of the node.
    active : bool
        Whether images are taken.

    """
    statistics = camera.statistics
    window = statistics.take_window()
    seconds = max(1e-3, monotonic() - window.began_s)
    arrived = window.arrived
    facts: dict[str, Any] = {
        'input rate (Hz)': f'{arrived / seconds:.1f}',
        'output rate (Hz)': f'{window.processed / seconds:.1f}',
        'images processed': statistics.processed,
        'images lost': statistics.lost,
        'images lost (middleware events)': camera.input.lost_events,
        'images refused': statistics.refused,
        'errors of the network': statistics.failed,
        'images waiting for a key frame': camera.stream.waiting,
        'key frames': camera.stream.key_mode,
        'looks': camera.stream.looks,
        'newest key frame (ms)': f'{1e3 * camera.stream.pace.key_s:.1f}',
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
    for reason, count in sorted(dict(camera.stream.resets).items()):
        facts[f'resets: {reason}'] = count
    for problem, count in sorted(dict(statistics.stamps).items()):
        facts[f'stamps: {problem}'] = count
    level, text = _judge(camera, settings, window, seconds) if active else (
        DiagnosticStatus.OK, 'not active')
    return _status(f'{_name(node)}: {camera.name}', level, text, facts)


def device_memory(device: Any) -> str:
    """Memory that the network holds on a CUDA device, or '' on the CPU."""
    if device is None or torch.device(device).type != 'cuda':
        return ''
    return f'{torch.cuda.memory_allocated(device) / 2**20:.0f} MiB'


def _judge(camera: Camera, settings: Settings, window: Window,
           seconds: float) -> tuple[bytes, str]:
    """Give level and text; the log is told what the text alone would tell nobody."""
    if window.error:
        return DiagnosticStatus.ERROR, f'the network failed: {window.error}'
    if window.refused and not window.processed:
        return DiagnosticStatus.ERROR, f'no image can be decoded: {window.refusal}'
    silent_s = monotonic() - camera.statistics.last_message_s
    if silent_s > SILENT_S:
        reason = camera.input.why_silent()
        text = f'no image for {silent_s:.0f} s: {reason}'
        camera.warn.tell(f'{camera.name}: {text}', reason)
        return DiagnosticStatus.WARN, text
    if window.refused:
        return (DiagnosticStatus.WARN,
                f'{window.refused} images could not be decoded: {window.refusal}')
    if window.lost > LOST_SHARE * window.arrived:
        advice = NEVER_PUBLISHED if 2 * window.unpublished > window.lost else against_losses(
            1e3 * camera.stream.pace.key_s, window.mean_ms('other work'),
            1e3 * seconds / window.arrived, settings)
        text = f'{window.lost} of {window.arrived} images lost: {advice}'
        lost = camera.statistics.lost
        camera.warn.tell(f'{camera.name}: {text} ({lost} lost since activation)', 'lost')
        return DiagnosticStatus.WARN, text
    for reason, count in window.resets.most_common(1):
        if count >= OFTEN and count >= OFTEN_SHARE * window.processed:
            text = (f'memory was emptied at {count} of {window.processed} images ({reason}); '
                    f'publishers of the topic: {camera.input.publishers}')
            camera.warn.tell(f'{camera.name}: {text}', f'emptied {reason}')
            return DiagnosticStatus.WARN, text
    for problem in ('absurd', 'still'):
        if window.stamps[problem]:
            return DiagnosticStatus.WARN, STAMP_PROBLEMS[problem]
    age_ms = median(window.latencies_ms) if window.latencies_ms else 0.0
    if age_ms > OLD_MS:
        return DiagnosticStatus.WARN, f'results are {age_ms:.0f} ms old'
    return DiagnosticStatus.OK, 'running'


def _name(node: Node) -> str:
    return str(node.get_fully_qualified_name()).lstrip('/')


def _status(name: str, level: bytes, text: str, facts: Mapping[str, Any]) -> DiagnosticStatus:
    values = [KeyValue(key=key, value=f'{value!s:.{_LONGEST}}') for key, value in facts.items()]
    return DiagnosticStatus(name=name, level=level, message=text, hardware_id='impnet_ros',
                            values=values)
