# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What became of a piece."""
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Outcome:
    """
    What became of a piece, or of a source in which there was none.

    Attributes
    ----------
    name, label : str
        Of the piece, for machines and for people.
    status : str
        'done', 'failed', 'skipped' (was done before) or 'stopped' (by Ctrl-C).
    reason : str
        Why it failed.
    frames, broken : int
        Images that were labelled, and images that could not be read.
    broken_reason : str
        Why the first of these could not.
    cut : str
        Why it holds fewer images than were recorded, as far as is known.
    found : dict
        Objects by class.
    seconds, read_s, decode_s, engine_s, write_s : float
        Time of the worker, and its parts.
    tries : int
        How often it was tried.

    """

    name: str
    label: str
    status: str
    reason: str = ''
    frames: int = 0
    broken: int = 0
    broken_reason: str = ''
    cut: str = ''
    found: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    read_s: float = 0.0
    decode_s: float = 0.0
    engine_s: float = 0.0
    write_s: float = 0.0
    tries: int = 1
