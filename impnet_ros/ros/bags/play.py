# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet_bag_play`: publish a rosbag2 through rclpy, for machines without `ros2 bag`."""
import argparse
from pathlib import Path
import sys

from impnet_ros.arguments import least_0
from impnet_ros.command_line import open_what_is_closed
from impnet_ros.outputs import said
from impnet_ros.ros.bags.names import topic_problem
from impnet_ros.ros.bags.rates import rate, rate_or_0
from impnet_ros.ros.shutdown import StopFlag


def main(args: list[str] | None = None) -> int:
    """Run the command; 1 with a line on stderr when the bag cannot be played."""
    open_what_is_closed()
    parser = argparse.ArgumentParser(
        prog='impnet_bag_play', description='Publish the messages of a rosbag2 in their own '
        'time. While it runs, `ros2 service call /impnet_bag_play/pause std_srvs/srv/SetBool '
        '"{data: true}"` pauses it, and false resumes.')
    parser.add_argument('bags', type=_path, nargs='+', metavar='bag',
                        help='folder of a bag, or its .mcap or .db3 file; several play together, '
                        'each message at its time, as a bag and what impnet label made of it')
    parser.add_argument('--rate', type=rate, default=1.0, help='speed (1.0)')
    parser.add_argument('--loop', action='store_true', help='begin again at the end')
    parser.add_argument('--clock', type=rate_or_0, default=0.0, metavar='HZ',
                        help='publish the time of the bag on /clock (off)')
    parser.add_argument('--topics', nargs='+', default=[], help='only these topics')
    parser.add_argument('--remap', nargs='+', default=[], type=_renaming, metavar='OLD:=NEW',
                        help='play a topic under another name')
    reliability = parser.add_mutually_exclusive_group()
    reliability.add_argument('--reliable', dest='reliability', action='store_const',
                             const='reliable', help='offer reliable, whatever was recorded')
    reliability.add_argument('--best-effort', dest='reliability', action='store_const',
                             const='best_effort', help='offer best effort')
    parser.set_defaults(reliability='recorded')
    parser.add_argument('--start-paused', action='store_true', help='wait for the pause service')
    parser.add_argument('--start-offset', type=least_0, default=0.0, metavar='S',
                        help='begin S seconds into the bag')
    parser.add_argument('--wait', type=least_0, default=10.0, metavar='S',
                        help='wait for a subscriber of every topic, S seconds at most (10)')
    parser.add_argument('--wait-for', default='', metavar='TOPIC',
                        help='wait for a subscriber of this topic, or one below it, only; an '
                        'error if none comes')
    parser.add_argument('--log', type=Path, metavar='FILE',
                        help='write a line "topic bag_ns published_ns" for each message')
    parser.add_argument('--quiet', action='store_true', help='no progress bar')
    options, ros_args = parser.parse_known_args(args)
    if ros_args and ros_args[0] != '--ros-args':
        parser.error(f'unknown arguments: {" ".join(ros_args)}')
    stop = StopFlag()
    try:
        from impnet_ros.ros.bags.player import play
        stop.wait_for_end()
        return play(options, ros_args, stop)
    except (OSError, ValueError) as error:
        print(f'impnet_bag_play: {said(error)}', file=sys.stderr)
        return 1
    except ImportError as error:
        print(f'impnet_bag_play: {error}; docs/install.md says what a terminal needs',
              file=sys.stderr)
        return 1
    finally:
        stop.ignore_further()


def _path(text: str) -> Path:
    """Read a path; no shell looks at the ~ of a launch argument."""
    return Path(text).expanduser()


def _renaming(text: str) -> str:
    old, _, new = text.partition(':=')
    if not old or topic_problem(f'/{new.removeprefix("/")}'):
        raise argparse.ArgumentTypeError(f'expected OLD:=NEW with the names of topics, got '
                                         f'{text!r}')
    return text


if __name__ == '__main__':
    sys.exit(main())
