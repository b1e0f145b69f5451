# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Small operations run on one thread, and everybody has their threads back afterwards."""
from impnet_ros.stream.executors import BackgroundExecutor
from impnet_ros.threads import on_threads
import pytest
import torch


@pytest.fixture(autouse=True)
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_threads_come_back():
    @on_threads(1)
    def count(fail):
        if fail:
            raise ValueError
        return torch.get_num_threads()

    assert count(False) == 1
    assert torch.get_num_threads() == 3
    with pytest.raises(ValueError):
        count(True)
    assert torch.get_num_threads() == 3


def test_a_background_thread_that_begins_meanwhile_has_its_threads():
    executor = BackgroundExecutor()
    with on_threads(1):
        assert executor.submit(torch.get_num_threads).result(10) == 3
        assert torch.get_num_threads() == 1
    executor.shutdown()
