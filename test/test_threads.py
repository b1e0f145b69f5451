# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Threads sleep soon where they wait, unless somebody decided otherwise."""
import subprocess
import sys

from impnet_ros.threads import spin_briefly, SPINS
import pytest


@pytest.mark.parametrize(('before', 'after'), [
    ({}, SPINS), ({'OMP_WAIT_POLICY': 'ACTIVE'}, None), ({'GOMP_SPINCOUNT': '100'}, '100')])
def test_environment(monkeypatch, before, after):
    """The user's own choice stays."""
    monkeypatch.setattr('os.environ', environment := dict(before))
    spin_briefly()
    assert environment.get('GOMP_SPINCOUNT') == after


def test_the_command_sets_it_before_torch_is_there():
    """The variable is read once, when torch loads OpenMP."""
    code = ('import os, sys; import impnet_ros.cli; '
            'assert "torch" not in sys.modules; impnet_ros.cli.main(["profile", "--no-such"])')
    result = subprocess.run([sys.executable, '-c', code + '\n'], capture_output=True, text=True)
    assert result.returncode == 2 and 'unrecognized arguments' in result.stderr
