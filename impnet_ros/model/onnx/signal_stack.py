# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Signals on the thread's own stack, not on one that a library frees."""
import ctypes
import sys

_DISABLE = 2


class _Stack(ctypes.Structure):
    """`stack_t` of Linux."""

    _fields_ = [('start', ctypes.c_void_p), ('flags', ctypes.c_int), ('size', ctypes.c_size_t)]


def use_own_stack() -> None:
    """
    Let signals use the calling thread's own stack again.

    OpenVINO gives the thread that compiles a network another stack for signals, and frees it with
    the network, in whichever thread that happens: the next Ctrl-C then ends the process with
    SIGSEGV. The thread's own stack is large enough.
    """
    if sys.platform == 'linux':
        ctypes.CDLL(None).sigaltstack(ctypes.byref(_Stack(None, _DISABLE, 0)), None)


def signal_stack() -> int:
    """Give where the calling thread's other stack for signals begins; 0 without one."""
    stack = _Stack()
    ctypes.CDLL(None).sigaltstack(None, ctypes.byref(stack))
    return 0 if stack.flags == _DISABLE else stack.start or 0
