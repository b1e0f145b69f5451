# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What an import did, tensor by tensor."""
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SHOWN = 8


@dataclass(frozen=True)
class ImportReport:
    """
    Every tensor of the source and of the network, accounted for; printed it is for a person.

    Attributes
    ----------
    source : str
        What was read.
    loaded : tuple of str
        The network's tensors that were filled, as 'ours <- theirs'.
    new : tuple of str
        The network's tensors that the source does not have: they keep their initial values, or
        those of the checkpoint that was imported into.
    refused : tuple of str
        The source's tensors that were not used, as 'theirs: why'.
    output : Path
        The file written.

    """

    source: str
    loaded: tuple[str, ...]
    new: tuple[str, ...]
    refused: tuple[str, ...]
    output: Path

    def __str__(self) -> str:
        lines = [f'{self.source} -> {self.output}', f'loaded: {len(self.loaded)}',
                 *_some(self.loaded), f'new: {len(self.new)}', *_some(self.new),
                 f'refused: {len(self.refused)}']
        reasons: dict[str, list[str]] = {}
        for item in self.refused:
            name, _, reason = item.partition(': ')
            reasons.setdefault(reason, []).append(name)
        for reason, names in reasons.items():
            lines += [f'  {reason}:', *(f'  {line}' for line in _some(names))]
        return '\n'.join(lines)


def _some(items: Sequence[str]) -> list[str]:
    more = len(items) - _SHOWN
    return [f'  {item}' for item in items[:_SHOWN]] + ([f'  ... and {more} more'] if more > 0
                                                       else [])
