# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What an import did, tensor by tensor."""
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
        The network's tensors that the source does not have: they keep their initial values.
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
        lines = [f'{self.source} -> {self.output}']
        for name in ('loaded', 'new', 'refused'):
            items: tuple[str, ...] = getattr(self, name)
            lines.append(f'{name}: {len(items)}')
            shown = items if name == 'refused' else items[:_SHOWN]
            lines += [f'  {item}' for item in shown]
            if len(items) > len(shown):
                lines.append(f'  ... and {len(items) - len(shown)} more')
        return '\n'.join(lines)
