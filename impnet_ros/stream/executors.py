# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Key frames beside the stream: the next impression is made while frames are still served."""
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

from impnet_ros.threads import compute_with
import torch


class Executor(Protocol):
    """What the engine needs of a `concurrent.futures` executor; a test may bring its own."""

    def submit(self, function: Callable[..., Any], /, *args: Any) -> 'Future[Any]':
        """Start `function(*args)`, now or later."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more work."""


class BackgroundExecutor:
    """
    One thread, with a CUDA stream of its own where the network runs on a GPU.

    A future is done when its result can be used: the thread waits for its own stream, the
    caller's stream does not wait for anything.
    """

    def __init__(self, device: torch.device | None = None) -> None:
        self._threads = ThreadPoolExecutor(
            max_workers=1, thread_name_prefix='key_frames', initializer=compute_with,
            initargs=(torch.get_num_threads(),))
        self._stream = (torch.cuda.Stream(device)
                        if device is not None and device.type == 'cuda' else None)

    def submit(self, function: Callable[..., Any], /, *args: Any) -> 'Future[Any]':
        """Start `function(*args)` in the thread."""
        if self._stream is None:
            return self._threads.submit(function, *args)
        self._stream.wait_stream(torch.cuda.current_stream(self._stream.device))
        return self._threads.submit(self._on_stream, function, *args)

    def _on_stream(self, function: Callable[..., Any], *args: Any) -> Any:
        assert self._stream is not None
        with torch.cuda.stream(self._stream):
            result = function(*args)
        self._stream.synchronize()
        return result

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Finish what runs, accept no more."""
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
