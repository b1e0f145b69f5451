# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What is compared: the ways to run one network over a video."""
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from impnet_ros.config import KeyMode, Mode, StreamConfig
from impnet_ros.model.contract import Network


@dataclass(frozen=True)
class Variant:
    """
    One way to run a network.

    Attributes
    ----------
    mode, key_mode, l, box_memory
        As in `StreamConfig`, where l is `segment_length`.

    """

    mode: Mode
    key_mode: KeyMode = 'sync'
    l: int = 1  # noqa: E741 - the paper's word, and the name in the rows
    box_memory: bool = False

    @property
    def config(self) -> StreamConfig:
        """Give the settings of an engine; memory gate 1 has the most to remember."""
        return StreamConfig(segment_length=self.l, mode=self.mode, key_mode=self.key_mode,
                            box_memory=self.box_memory, glance='off')

    def fits(self, network: Network) -> bool:
        """Whether a network can run so."""
        carries = self.mode == 'sparse' and self.box_memory or self.mode == 'per_frame'
        return carries or not network.boxes_only

    @property
    def label(self) -> str:
        """Short name for tables and plots."""
        words = [self.mode]
        if self.box_memory:
            words.append('+ boxes')
        if self.key_mode == 'async':
            words.append('async')
        return ' '.join(words)


PER_FRAME = Variant('per_frame')


def side_by_side(lengths: Iterable[int], modes: Sequence[Mode],
                 key_modes: Sequence[KeyMode]) -> list[Variant]:
    """
    List what one run compares.

    Parameters
    ----------
    lengths : iterable of int
        Segment lengths l.
    modes : sequence of str
        Of 'sparse', 'average' and 'impression'; 'per_frame' is always there.
    key_modes : sequence of str
        Of 'sync' and 'async'; beside 'average' neither asynchronous key frames nor box memory.

    Returns
    -------
    list of Variant
        `PER_FRAME` first: the others are measured against it.

    """
    variants = [PER_FRAME]
    for length in lengths:
        for mode in modes:
            if mode == 'per_frame':
                continue
            if 'sync' in key_modes:
                variants.append(Variant(mode, 'sync', length))
            if mode in ('impression', 'sparse'):
                variants += [Variant(mode, key_mode, length, box_memory)
                             for key_mode in key_modes for box_memory in (False, True)
                             if key_mode == 'async' or box_memory]
    return variants
