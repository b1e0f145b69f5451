# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The executable: `impnet_node`."""
import os
import sys
from typing import Any

from impnet_ros.ros.running import run
from impnet_ros.threads import spin_briefly


def main(args: list[str] | None = None) -> int:
    """
    Run the node until it is told to stop; see `run` for what it returns.

    This thread serves services, parameters, timers, the clock and takes in images; another one
    computes: at most one image of each camera in turn, the newest. So no camera waits for more
    than one image of each other one, none can starve, and the network is never entered twice.
    """
    # OpenCV would print a line for each broken picture; ours are throttled.
    os.environ.setdefault('OPENCV_LOG_LEVEL', 'ERROR')
    spin_briefly()
    return run('impnet_node', _load, args)


def _load() -> Any:
    from impnet_ros.ros.lifecycle import DetectorNode
    return DetectorNode


if __name__ == '__main__':
    sys.exit(main())
