# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
What the depth node did in the last second, for /diagnostics and the log.

* ERROR: the configuration failed; nothing of what came could be placed in space.
* WARN: a topic is silent; some detections had no depth image, tf or camera_info; stamps cannot
  be used; the depth image holds next to nothing.
* OK: everything else.
"""
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from time import monotonic
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue


@dataclass
class Window:
    """Counts and times between two reports."""

    began_s: float = field(default_factory=monotonic)
    answered: int = 0
    objects: int = 0
    carried: int = 0
    without_place: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    reason: str = ''
    work_ms: list[float] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """Give what a diagnostics status shows of it."""
        seconds = max(monotonic() - self.began_s, 1e-3)
        return {'rate out, Hz': f'{self.answered / seconds:.1f}',
                'objects placed': self.objects - self.carried,
                'objects carried without depth': self.carried,
                'objects without depth': self.without_place,
                'not answered': sum(self.refused.values()),
                'why': self.reason,
                'work, ms': _median(self.work_ms), 'latency, ms': _median(self.latencies_ms)}


def judge(window: Window, silent: list[str], stamps: Mapping[str, str]) -> tuple[bytes, str]:
    """
    Choose the level of the last second and the sentence that explains it.

    Parameters
    ----------
    window : Window
        Counts of it.
    silent : list of str
        Why a topic is silent, one clause a topic.
    stamps : mapping
        Topic to what is wrong with its stamps; '' for nothing.

    """
    missed = sum(window.refused.values())
    if missed and not window.answered:
        return DiagnosticStatus.ERROR, '; '.join([f'nothing was placed: {window.reason}', *silent])
    if silent:
        return DiagnosticStatus.WARN, '; '.join(silent)
    if missed:
        return (DiagnosticStatus.WARN, f'{missed} of {missed + window.answered} detections '
                f'messages could not be placed: {window.reason}')
    odd = [f'{topic}: {problem}, their arrival counts' for topic, problem in stamps.items()
           if problem]
    if odd:
        return DiagnosticStatus.WARN, '; '.join(odd)
    if window.reason:
        return DiagnosticStatus.WARN, window.reason
    return DiagnosticStatus.OK, 'running'


def status(name: str, level: bytes, text: str, facts: Mapping[str, Any]) -> DiagnosticStatus:
    """Make the message."""
    return DiagnosticStatus(
        name=name, level=level, message=text, hardware_id='impnet_ros',
        values=[KeyValue(key=key, value=str(value)) for key, value in facts.items()])


def _median(values: list[float]) -> str:
    return f'{median(values):.1f}' if values else ''
