# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Every fault of tools/endurance.py once; by hand the tool runs for hours."""
from pathlib import Path
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.ros, pytest.mark.slow, pytest.mark.timeout(400)]

ROOT = Path(__file__).resolve().parents[2]


def test_a_round_of_faults(tmp_path: Path) -> None:
    """All recover, those that empty the memory with their reason."""
    log = tmp_path / 'log'
    run = subprocess.run(
        [sys.executable, ROOT / 'tools' / 'endurance.py', '--seconds', '16', '--every', '1',
         '--rate', '10', '--log', log], capture_output=True, text=True, timeout=350)
    assert run.returncode == 0, run.stdout + run.stderr + log.read_text()
    said = {line.split()[0]: line for line in run.stdout.splitlines()}
    assert 'recovered' in said['kill']
    assert 'not_finite' in said['spoil_features']
    assert 'clock_jump' in said['clock_back'] or 'backward_stamp' in said['clock_back']
    assert 'gap' in said['clock_forward']
    assert 'request' in said['storm']
    assert 'Traceback' not in log.read_text()
