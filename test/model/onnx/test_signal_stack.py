# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A signal after a network of OpenVINO is gone is a signal, and no SIGSEGV."""
import signal

from impnet_ros.model.network import load_network
from impnet_ros.model.onnx.signal_stack import signal_stack
import pytest


def test_a_network_leaves_the_thread_its_own_stack() -> None:
    """Its own stack is the one in use, though OpenVINO sets another one for large registers."""
    pytest.importorskip('openvino')
    before = signal_stack()
    network = load_network('nanodet_g', device='cpu', runtime='openvino')
    assert network.runtime == 'openvino'
    assert signal_stack() in (0, before)
    del network
    taken: list[int] = []
    usual = signal.signal(signal.SIGUSR2, lambda number, frame: taken.append(number))
    try:
        signal.raise_signal(signal.SIGUSR2)
    finally:
        signal.signal(signal.SIGUSR2, usual)
    assert taken == [signal.SIGUSR2]
