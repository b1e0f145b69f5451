# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Every run of one command computes with the same runtime."""
from impnet_ros.config import RunConfig
from impnet_ros.model.steady import steady
import pytest


@pytest.mark.parametrize('given, on_cpu, runtime', [
    (RunConfig(), True, 'cpu'), (RunConfig(model='own.onnx'), True, 'cpu'),
    (RunConfig(model='own.onnx'), False, 'cuda'), (RunConfig(), False, 'auto'),
    (RunConfig(runtime='openvino'), True, 'openvino'), (RunConfig(model='tiny'), True, 'auto'),
    (RunConfig(precision='bfloat16'), True, 'auto')])
def test_what_auto_becomes(given: RunConfig, on_cpu: bool, runtime: str) -> None:
    """A name stays; where torch alone computes, there is nothing to choose."""
    assert steady(given, on_cpu).runtime == runtime
