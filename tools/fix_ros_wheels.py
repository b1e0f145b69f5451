# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Make the CMake files of the ROS wheels point at this Python, not at the one that built them."""

from pathlib import Path
import re
import sys
import sysconfig

import numpy

# What the build machine wrote: its Python's headers and, below the same root, numpy's.
BUILD_PYTHON = r'/opt/python/cp3\d+-cp3\d+'
PYTHON_INCLUDE = re.compile(BUILD_PYTHON + r'/include/python3\.\d+')
NUMPY_INCLUDE = re.compile(
    BUILD_PYTHON + r'/lib/python3\.\d+/site-packages/numpy/_?core/include')


def fix(text: str) -> str:
    """Return `text` with the build machine's include folders replaced by those of this Python."""
    text = NUMPY_INCLUDE.sub(lambda _: numpy.get_include(), text)
    return PYTHON_INCLUDE.sub(lambda _: sysconfig.get_path('include'), text)


def main() -> None:
    """Rewrite every exported CMake file of this virtual environment that needs it."""
    fixed = 0
    for path in sorted(Path(sys.prefix, 'share').glob('*/cmake/*.cmake')):
        before = path.read_text(encoding='utf-8')
        after = fix(before)
        if after != before:
            path.write_text(after, encoding='utf-8')
            fixed += 1
    print(f'{fixed} CMake files of the ROS wheels adapted to {sys.executable}')


if __name__ == '__main__':
    main()
