# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How a command ends: with an exit code and, if not well, one line on stderr."""
from collections.abc import Callable
from contextlib import redirect_stderr, suppress
import os
import sys
from typing import Any, cast, TextIO

from impnet_ros.outputs import said
from impnet_ros.stopping import exit_code_of, interruptible


def run_command(name: str, work: Callable[[], int | None], refused: int = 2,
                hint: str = '') -> int:
    """
    Run the work of a command and say what went wrong.

    Parameters
    ----------
    name : str
        Of the command, before each message.
    work : callable
        Gives the exit code; none counts as 0.
    refused : int
        Exit code when the input cannot be used, the output cannot be written or a Python package
        is missing.
    hint : str
        What to say beside 'interrupted'.

    Returns
    -------
    int
        That of the work; `refused`; 1 when the reader of stdout is gone; 130, 143 or 129 after
        Ctrl-C, SIGTERM or the loss of the terminal.

    """
    open_what_is_closed()
    try:
        with redirect_stderr(cast(TextIO, _Voice(sys.stderr))):
            return _done(name, work, refused, hint)
    finally:
        _drop_unwritable(sys.stderr)


def _done(name: str, work: Callable[[], int | None], refused: int, hint: str) -> int:
    try:
        with interruptible():
            code = work() or 0
            sys.stdout.flush()  # a full disk can still be told of here
        return code
    except BrokenPipeError:  # whoever read our output has gone
        code, message = 1, ''
    except (ValueError, OSError, MemoryError) as error:
        code, message = refused, said(error)
    except ImportError as error:
        if (error.name or '').split('.')[0] == 'impnet_ros':
            raise
        missing = isinstance(error, ModuleNotFoundError)
        code, message = refused, (
            f'{f"the Python package {error.name} is missing" if missing else error}; '
            'docs/install.md says how to install what is needed')
    except KeyboardInterrupt as interrupt:
        code, message = exit_code_of(interrupt), f'interrupted{hint}'
    if message:
        print(f'{name}: {message}', file=sys.stderr)
    _drop_unwritable(sys.stdout)
    return code


class _Voice:
    """A stream for what is said beside the work: what cannot be said costs nothing else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def open_what_is_closed() -> None:
    """Put nothing where a standard stream is closed: a file of ours would take its number."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    sys.stdout = sys.stdout or open(os.devnull, 'w')
    sys.stderr = sys.stderr or open(os.devnull, 'w')


def _drop_unwritable(stream: TextIO) -> None:
    """Leave nothing that cannot be written: Python would try once more at its end."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
