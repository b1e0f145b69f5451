# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The executable: `impnet_depth_node`."""
import sys
from typing import Any

from impnet_ros.ros.running import run


def main(args: list[str] | None = None) -> int:
    """Run the node until it is told to stop; see `run` for what it returns."""
    return run('impnet_depth_node', _load, args)


def _load() -> Any:
    from impnet_ros.ros.depth.lifecycle import DepthNode
    return DepthNode


if __name__ == '__main__':
    sys.exit(main())
