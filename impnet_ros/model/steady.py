# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Imports no torch: a choice of runtime that is the same in every run."""
from dataclasses import replace

from impnet_ros.config import RunConfig


def steady(runs: RunConfig, on_cpu: bool) -> RunConfig:
    """
    Replace runtime auto, which takes the fastest of the day, by one that a later run takes too.

    Runtimes differ by rounding, and what one run began another one goes on with.

    Parameters
    ----------
    runs : RunConfig
        What was asked for; a runtime that has a name stays.
    on_cpu : bool
        Whether its device is the processor.

    """
    is_onnx = runs.model.endswith('.onnx')
    if runs.runtime != 'auto':
        return runs
    if on_cpu and runs.precision == 'float32' and (is_onnx or runs.model == 'nanodet_g'):
        return replace(runs, runtime='cpu')
    return replace(runs, runtime='cuda') if is_onnx and not on_cpu else runs
