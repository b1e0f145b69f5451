# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Settings of the stream and of the detections: a default, a unit and a reason for each."""
from dataclasses import dataclass
from numbers import Integral, Real
from typing import get_args, Literal

Mode = Literal['impression', 'average', 'sparse', 'per_frame']
KeyMode = Literal['sync', 'async']
Schedule = Literal['fixed', 'adaptive']
MODES: tuple[Mode, ...] = get_args(Mode)
KEY_MODES: tuple[KeyMode, ...] = get_args(KeyMode)
SCHEDULES: tuple[Schedule, ...] = get_args(Schedule)
RUNTIMES = ('auto', 'torch', 'cpu', 'openvino', 'cuda', 'tensorrt')
PRECISIONS = ('float32', 'bfloat16', 'float16')


def _require(condition: bool, name: str, expected: str, got: object) -> None:
    if not condition:
        raise ValueError(f'{name}: expected {expected}, got {got!r}')


def _is_int(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


@dataclass(frozen=True)
class StreamConfig:
    """
    How a video is cut into segments and remembered.

    Raises
    ------
    ValueError
        If a setting is outside its range; the message names what was expected and what came.

    """

    segment_length: int = 10
    """l, frames in a segment, each with one key frame; 10 is the paper's choice at 25-30 Hz."""

    memory_gate: float = 1.0
    """g of eq. (4), 0..1; 1 keeps the longest memory and is the paper's best (figure 7)."""

    key_offset: int = 0
    """Key frame's place in its segment, 0..l-1; 0 is causal, l // 2 is the paper's (table 2)."""

    mode: Mode = 'impression'
    """Method (d) impression, (c) average, (b) sparse, (a) per_frame of table 1."""

    max_gap_s: float = 2.0
    """Seconds between two frames above which a new video starts: flow cannot bridge more."""

    key_mode: KeyMode = 'sync'
    """async computes key frames beside the stream: no frame waits for one. Causal streams only."""

    schedule: Schedule = 'fixed'
    """fixed: a key frame every segment_length; adaptive: when doubt_threshold is exceeded, which
    finds more for the same number of key frames where motion changes (docs/performance.md)."""

    smallest_length: int = 2
    """l_min, frames from one key frame to the next that an adaptive schedule keeps at least."""

    largest_length: int = 20
    """l_max, frames after which an adaptive schedule takes a key frame whatever it sees."""

    doubt_threshold: float = 0.4
    """Mean mismatch (0..1) of the frames since the key frame, added up, above which an adaptive
    schedule takes the next key frame; 0.4 took one in ten frames on average of four clips."""

    box_memory: bool | None = None
    """Carry boxes too: by flow between key frames, fading where key frames miss them. None leaves
    it to the network where it can be, in mode impression with key_offset 0."""

    box_lifetime_s: float = 0.3
    """Seconds in which the score of a box that no key frame confirms falls to 1 / e; up to ten
    times as long while the picture is blurred or dark."""

    def __post_init__(self) -> None:
        length, offset = self.segment_length, self.key_offset
        _require(_is_int(length) and length >= 1, 'segment_length', 'an int >= 1', length)
        _require(_is_number(self.memory_gate) and 0 <= self.memory_gate <= 1, 'memory_gate',
                 'a number in 0..1', self.memory_gate)
        _require(_is_int(offset) and 0 <= offset < length, 'key_offset',
                 f'an int in 0..{length - 1} (segment_length - 1)', offset)
        _require(self.mode in MODES, 'mode', f'one of {", ".join(MODES)}', self.mode)
        _require(self.key_mode in KEY_MODES, 'key_mode', f'one of {", ".join(KEY_MODES)}',
                 self.key_mode)
        _require(self.key_mode == 'sync' or offset == 0, 'key_offset',
                 "0 with key_mode 'async' (nothing waits there)", offset)
        self._check_schedule()
        _require(self.box_memory is None or isinstance(self.box_memory, bool), 'box_memory',
                 'True, False or None (as the network recommends)', self.box_memory)
        _require(not self.box_memory or offset == 0, 'key_offset',
                 '0 with box_memory (boxes are carried forward in time)', offset)
        for name in ('box_lifetime_s', 'max_gap_s'):
            seconds = getattr(self, name)
            _require(_is_number(seconds) and seconds > 0, name, 'seconds > 0', seconds)

    @property
    def fuses(self) -> bool:
        """Whether a key frame's feature is fused with what is remembered."""
        return self.mode in ('impression', 'average')

    def _check_schedule(self) -> None:
        smallest, largest = self.smallest_length, self.largest_length
        _require(self.schedule in SCHEDULES, 'schedule', f'one of {", ".join(SCHEDULES)}',
                 self.schedule)
        _require(_is_int(smallest) and smallest >= 1, 'smallest_length', 'an int >= 1', smallest)
        _require(_is_int(largest) and largest >= smallest, 'largest_length',
                 f'an int >= {smallest} (smallest_length)', largest)
        _require(_is_number(self.doubt_threshold) and self.doubt_threshold >= 0,
                 'doubt_threshold', 'a number >= 0', self.doubt_threshold)
        _require(self.schedule == 'fixed' or self.key_offset == 0, 'key_offset',
                 "0 with schedule 'adaptive' (nobody knows how long a segment will be)",
                 self.key_offset)


@dataclass(frozen=True)
class DetectionConfig:
    """
    Which of the task network's boxes become detections.

    Raises
    ------
    ValueError
        If a setting is outside its range.

    """

    score_threshold: float = 0.35
    """Smallest score, 0..1, that is reported; for evaluation use a value near 0."""

    nms_threshold: float = 0.6
    """IoU, 0..1, above which the weaker of two boxes of one class is dropped. Box memory takes two
    boxes that overlap by more than 0.5 for one object, however large this is."""

    max_detections: int = 100
    """Largest number of boxes a frame, best scores first."""

    def __post_init__(self) -> None:
        for name in ('score_threshold', 'nms_threshold'):
            value = getattr(self, name)
            _require(_is_number(value) and 0 <= value <= 1, name, 'a number in 0..1', value)
        _require(_is_int(self.max_detections) and self.max_detections >= 1,
                 'max_detections', 'an int >= 1', self.max_detections)
