# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What runtimes raise, and what of it is for people."""
import re

from onnxruntime.capi import onnxruntime_pybind11_state as _state

ERRORS: tuple[type[Exception], ...] = (
    RuntimeError, ValueError, *(item for item in vars(_state).values()
                                if isinstance(item, type) and issubclass(item, Exception)))
"""What the runtimes raise."""

_LONGEST = 300

_WHERE = re.compile(r'\[ONNXRuntimeError\] : \d+ : \w+ : |\S+\.(?:cc|cpp|h):\d+ '
                    r'(?:[^()]*::[^()]*\([^()]*\) (?:const )?|\w+ )')
# ONNX Runtime tells its codes, source files, lines and functions before it tells the reason.


def first_line(error: BaseException) -> str:
    """Give what an error says in a line of at most 300 characters, without places in sources."""
    lines = _WHERE.sub('', str(error)).strip().splitlines()
    return lines[0][:_LONGEST] if lines else type(error).__name__
