# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The state of a training survives a full disk, and so does its log."""
from pathlib import Path
import resource
import signal

from impnet_ros.training.log import TrainingLog
from impnet_ros.training.training_state import load_state, save_state
import pytest
from torch import nn


def test_a_full_disk_keeps_the_state_before_and_says_so(tmp_path: Path) -> None:
    """Torch tells of a position in the file; the reason reaches the user, nothing is left over."""
    small, large = nn.Linear(2, 2), nn.Linear(400, 400)
    save_state(tmp_path, {'network': small}, 3, {})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OSError, match='File too large'):
            save_state(tmp_path, {'network': large}, 4, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert load_state(tmp_path, {'network': small}, {}) == 3
    assert [file.name for file in tmp_path.iterdir()] == ['training_state.pt']


def test_a_row_that_a_full_disk_cut_is_left_out(tmp_path: Path) -> None:
    log = tmp_path / 'log.csv'
    log.write_text('iteration,loss\n1,0.5\n2,0.4\n3')
    TrainingLog(tmp_path, 3).close()
    assert log.read_text().split() == ['iteration,loss', '1,0.5', '2,0.4']
