# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Fields of recipe files: read, and checked against what is expected."""
from pathlib import Path
from typing import Any

import yaml


def require(condition: bool, name: str, expected: str, got: object) -> None:
    """Raise a ValueError that names the field, unless the condition holds."""
    if not condition:
        raise ValueError(f'recipe: {name}: expected {expected}, got {got!r}')


def read_fields(path: str | Path) -> dict[str, Any]:
    """Read the fields of a recipe file; a file that is missing or no mapping is a ValueError."""
    path = Path(path)
    if not path.is_file():
        what = 'a folder' if path.is_dir() else 'no such file'
        raise ValueError(f'recipe: expected a file, got {path} ({what})')
    try:
        values = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f'recipe: expected YAML, got {path}: {error}') from error
    if not isinstance(values, dict):
        raise ValueError(f'recipe: expected a mapping in {path}, got {type(values).__name__}')
    return values


def typed(name: str, value: Any, default: Any) -> Any:
    """Check a plain value against the type of its default; items of a list, against its first."""
    if isinstance(default, tuple):
        require(isinstance(value, (list, tuple)), name, 'a list', value)
        return tuple(typed(name, item, default[0]) if default else item for item in value)
    if isinstance(default, float):
        try:  # YAML reads 1e-3 as text
            return float(value)
        except (TypeError, ValueError):
            require(False, name, 'a number', value)
    require(type(value) is type(default), name, f'a value like {default!r}', value)
    return value
