# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Sentences for the log: each kind of them seldom."""
from collections.abc import Callable
import math
import re
from time import monotonic
from typing import Any

_QUIET_S = 5.0
_MOST_KINDS = 20


class Teller:
    """
    Say each kind of sentence, whatever its numbers, at most once in a while.

    Of very many kinds, those beyond the first are not said: who writes into them fills no log.
    """

    def __init__(self, say: Callable[[str], Any], quiet_s: float = _QUIET_S) -> None:
        self._say, self._quiet_s = say, quiet_s
        self._said: dict[str, float] = {}

    def tell(self, text: str, kind: str = '') -> None:
        """Say it, unless its like was said a moment ago; `kind` names what is alike."""
        now_s, kind = monotonic(), kind or re.sub(r'\d+', '', text)
        if now_s - self._said.get(kind, -math.inf) < self._quiet_s:
            return
        self._said = {each: said_s for each, said_s in self._said.items()
                      if now_s - said_s < self._quiet_s}
        if len(self._said) < _MOST_KINDS:
            self._said[kind] = now_s
            self._say(text)
