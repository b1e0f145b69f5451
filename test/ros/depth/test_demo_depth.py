# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The demonstration, a second of it: rendered, replayed over DDS, held against the truth."""
import json
from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[3]

pytestmark = [pytest.mark.ros, pytest.mark.slow, pytest.mark.timeout(600)]


def test_a_second_of_street(tmp_path: Path) -> None:
    """Detector and depth node place what they see; the summary has just the agreed keys."""
    out = tmp_path / 'out'
    done = subprocess.run(
        [sys.executable, str(ROOT / 'tools' / 'demo_depth.py'), '--seconds', '1.2', '--fps', '5',
         '--scenes', 'street', '--out', str(out)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads((out / 'summary.json').read_text())
    assert set(summary) == {'frames', 'objects_seen', 'placed_within_10_percent',
                            'median_error_percent', 'latency_ms'}
    assert set(summary['latency_ms']) == {'p50', 'p99'}
    assert summary['frames'] == 6
    assert summary['objects_seen'] >= 6
    assert summary['placed_within_10_percent'] >= 0.8
    assert summary['median_error_percent'] < 5
    assert (out / 'above.png').stat().st_size > 10_000
    assert 'Traceback' not in ''.join(log.read_text() for log in out.glob('*.log'))
