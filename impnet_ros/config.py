# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
The table of settings: default, meaning, range and name of each stand here and nowhere else.

Options of the commands, the node's parameters, launch arguments and config/impnet.yaml are made
from it; what only the node has is in `impnet_ros.ros.settings`.
"""
from dataclasses import dataclass
from typing import get_args, Literal

from impnet_ros.setting import Checked, documented, require, setting

Mode = Literal['auto', 'impression', 'average', 'sparse', 'per_frame']
KeyMode = Literal['auto', 'sync', 'async']
Runtime = Literal['auto', 'torch', 'cpu', 'ncnn', 'openvino', 'cuda', 'tensorrt']
Precision = Literal['float32', 'bfloat16', 'float16']
MODES: tuple[Mode, ...] = get_args(Mode)[1:]
"""What a mode can be once `auto` is decided."""
KEY_MODES: tuple[KeyMode, ...] = get_args(KeyMode)[1:]
"""What a key mode can be once `auto` is decided."""
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

OFFSET_LENGTH = 10
"""What `l: auto` is with a key_offset: the paper's segment."""

ENDLESS = 1_000_000
"""Longest segment, frames: where time and not the count ends a segment."""


@documented
@dataclass(frozen=True)
class RunConfig(Checked):
    """What runs, and where."""

    model: str = setting(
        'nanodet_g', 'Network: a built-in name (nanodet_g), the path of a detector as .onnx '
        '(impnet import-detector) or of a .safetensors checkpoint, or package.module:factory of '
        'your own.', changes='unconfigured')
    device: str = setting(
        'auto', 'Where the network runs: auto, cpu, cuda or cuda:N. auto takes CUDA where it is '
        'available; a device that is missing is an error.', changes='unconfigured')
    runtime: Runtime = setting(
        'auto', 'What computes the features: torch; cpu, cuda or tensorrt, providers of ONNX '
        'Runtime; openvino; or, for nanodet_g, ncnn. auto takes the fastest that is installed and '
        'works for the model, except ncnn, and says which; on a CPU impnet detect and label '
        'take cpu instead, so that results can be repeated.', changes='unconfigured')
    precision: Precision = setting(
        'float32', 'Precision of the convolutions: float32; bfloat16, faster on processors and '
        'GPUs that have it; float16, for GPUs.', changes='unconfigured')
    threads: int = setting(
        0, 'CPU threads of the network; 0 for as many as cores, 4 at most. With two or more, one '
        'of them carries the memory to a key frame while its features are computed.',
        bounds=(0, 256),
        changes='fixed')


@documented
@dataclass(frozen=True)
class StreamConfig(Checked):
    """How a video is cut into segments and remembered."""

    segment_length: int | Literal['auto'] = setting(
        'auto', 'Segment length: one key frame in every l frames; the paper has 10 at 25 to 30 '
        'Hz. auto: in the node and in real time as many key frames and glances as cpu_share '
        'leaves time for, with key frames at most a third of a second apart if that fits; with '
        'files 1, the most accurate (10 with a key_offset).', word='l', bounds=(1, ENDLESS))
    memory_gate: float = setting(
        1.0, 'Memory gate of the impression, eq. (4): 0 keeps only the newest key frame, 1 '
        'remembers longest.', word='g', bounds=(0.0, 1.0))
    key_offset: int = setting(
        0, 'Place of the key frame in its segment, 0..l-1: 0 answers at once, l // 2 (the '
        "paper's) is more accurate and delays by as many frames.", bounds=(0, 9_999))
    mode: Mode = setting(
        'auto', 'How features of key frames are used: impression (the method of the paper), '
        'average, sparse (Deep Feature Flow) or per_frame. auto carries boxes alone where '
        'features beside them do not pay (nanodet_g: sparse with box memory); otherwise it is '
        'impression.')
    max_gap: float = setting(
        2.0, 'Seconds without a frame after which the memory is reset: flow cannot bridge more.',
        bounds=(1e-3, 86_400.0))
    key_mode: KeyMode = setting(
        'auto', 'sync: a key frame is answered when its features are ready. async: they are '
        'computed in the background, and no frame waits (key_offset 0 only). auto: in the node '
        'async while a key frame takes longer than images can wait (one period, or two where '
        'glances use all cores); otherwise, and with files, sync.')
    cpu_share: float = setting(
        0.5, 'l auto: share of the processor that all cameras together may take.',
        bounds=(0.01, 1.0))
    l_max: int = setting(
        20, 'l auto: most frames from one key frame to the next.', bounds=(1, 10_000))
    box_memory: bool | Literal['auto'] = setting(
        'auto', 'Remember boxes too: flow carries them between key frames, and they fade where '
        'key frames miss them; gives track ids (key_offset 0 only). auto: with key_offset 0, in '
        'mode auto and in mode impression where the model recommends it (nanodet_g: yes).')
    glance: int | Literal['auto', 'off'] = setting(
        'auto', 'Between key frames run the detector on a downscaled image, with the area of a '
        'square of this side in pixels: it corrects and confirms the boxes in memory and adds new '
        'ones. A key frame that is due in a blurred image then waits for a clear one, for l '
        "frames at most. auto: half the area of the model's own input, where it takes other sizes "
        'and boxes are remembered.', bounds=(64, 1024))
    glance_every: int | Literal['auto'] = setting(
        'auto', 'Frames from one run of the detector to the next, key frames and glances '
        'alike. auto: as l auto has time for; 2 where l is a number.', bounds=(1, 1000))
    box_lifetime: float = setting(
        0.3, 'Seconds in which the score of a remembered box that is not confirmed falls to '
        '1 / e; up to ten times as long while the image is blurred or dark.',
        bounds=(1e-3, 60.0))

    def __post_init__(self) -> None:
        """Check what must fit together too."""
        super().__post_init__()
        offset = self.key_offset
        last = (OFFSET_LENGTH if self.segment_length == 'auto' else self.segment_length) - 1
        require(offset <= last, 'key_offset', f'an int in 0..{last} (l - 1)', offset)
        require(offset == 0 or self.key_mode != 'async', 'key_offset',
                "0 with key_mode 'async' (nothing waits there)", offset)
        require(offset == 0 or self.box_memory is not True, 'key_offset',
                '0 with box_memory (boxes are carried forward in time)', offset)

    @property
    def fuses(self) -> bool:
        """Whether a key frame's feature is fused with what is remembered."""
        return self.mode in ('impression', 'average')


@documented
@dataclass(frozen=True)
class DetectionConfig(Checked):
    """Which of the task network's boxes become detections."""

    score_threshold: float = setting(
        0.35, 'Smallest score that is reported; near 0 for evaluation. Box memory keeps what was '
        'reported down to half of this score.', bounds=(0.0, 1.0))
    nms_threshold: float = setting(
        0.6, 'Overlap (IoU) above which the weaker of two boxes of one class is dropped. Box '
        'memory always takes two that overlap by more than 0.5 for one object.',
        bounds=(0.0, 1.0))
    max_detections: int = setting(
        100, 'Most detections per frame, best scores first.', bounds=(1, 100_000))
