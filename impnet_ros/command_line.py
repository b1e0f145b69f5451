# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""How a command ends: with an exit code and, if not well, one line on stderr."""
from collections.abc import Callable
import os
import sys

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
    _drop_unwritable()
    return code


def _drop_unwritable() -> None:
    """Leave nothing in stdout that cannot be written: Python would try once more at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
