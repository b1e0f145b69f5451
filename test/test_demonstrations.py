# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The folder of a demonstration: nothing but an earlier demonstration is removed."""
from pathlib import Path
import sys

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'tools'))
from processes import fresh_folder  # noqa: E402, I100 - beside the package


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    """A folder of somebody's work, a file, and the folder of the clip."""
    (tmp_path / 'work').mkdir()
    (tmp_path / 'work' / 'thesis.tex').touch()
    with pytest.raises(ValueError, match='earlier demonstration.*thesis.tex'):
        fresh_folder(tmp_path / 'work')
    with pytest.raises(ValueError, match='expected'):
        fresh_folder(tmp_path / 'work' / 'thesis.tex')
    assert (tmp_path / 'work' / 'thesis.tex').exists()


def test_an_earlier_demonstration_goes(tmp_path: Path) -> None:
    """Unless the clip lies in it."""
    out = tmp_path / 'out' / 'demo'
    fresh_folder(out)
    clip = out / 'side_by_side.mp4'
    clip.touch()
    with pytest.raises(ValueError, match='without the input'):
        fresh_folder(out, [clip])
    assert clip.exists()
    fresh_folder(out, [tmp_path / 'other.mp4'])
    assert not clip.exists()
