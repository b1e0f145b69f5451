# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The order in which people count."""
from pathlib import Path
import re
from typing import Any


def natural(path: str) -> list[Any]:
    """Give the key under which 'b10' comes behind 'b9'."""
    return [(0, int(part), '') if part.isdecimal() else (1, 0, part)
            for part in re.split(r'(\d+)', path)]


def natural_order(path: Path) -> list[Any]:
    """Give that key of a file: by its name."""
    return natural(path.name)
