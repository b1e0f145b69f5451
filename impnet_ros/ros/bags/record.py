# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet_bag_record`: topics become a rosbag2, for machines without `ros2 bag`."""
import argparse
from pathlib import Path
import sys

from impnet_ros.command_line import open_what_is_closed
from impnet_ros.outputs import said
from impnet_ros.ros.bags.storage import STORAGES
from impnet_ros.ros.shutdown import StopFlag


def main(args: list[str] | None = None) -> int:
    """Run the command until SIGINT; 1 with a line on stderr when the bag cannot be written."""
    open_what_is_closed()
    parser = argparse.ArgumentParser(
        prog='impnet_bag_record', description='Record topics to a rosbag2 until Ctrl-C.')
    parser.add_argument('bag', type=Path, help='folder of the new bag')
    parser.add_argument('topics', nargs='+', help='topics; each is awaited until it is there')
    parser.add_argument('--storage', choices=sorted(STORAGES), default='mcap')
    options, ros_args = parser.parse_known_args(args)
    if ros_args and ros_args[0] != '--ros-args':
        parser.error(f'unknown arguments: {" ".join(ros_args)}')
    stop = StopFlag()
    try:
        from impnet_ros.ros.bags.recorder import record
        stop.wait_for_end()
        counts = record(options.bag, options.topics, options.storage, ros_args, stop)
        for topic, count in counts.items():
            print(f'{topic}: {count} messages')
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        print(f'impnet_bag_record: {said(error)}', file=sys.stderr)
        return 1
    except ImportError as error:
        print(f'impnet_bag_record: {error}; docs/install.md says what a terminal needs',
              file=sys.stderr)
        return 1
    finally:
        stop.ignore_further()
    return 0


if __name__ == '__main__':
    sys.exit(main())
