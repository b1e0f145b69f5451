# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The `impnet` command; needs no ROS."""
import argparse
from collections.abc import Sequence
from importlib import import_module
import sys

from impnet_ros.threads import spin_briefly

_COMMANDS = {
    'detect': ('impnet_ros.detect', 'detect objects in a video file, image folder or bag'),
    'import-weights': ('impnet_ros.importers.command', 'convert published weights'),
    'profile': ('impnet_ros.profile', 'parameters and multiply-adds of a model'),
    'check-data': ('impnet_ros.data.check', 'say what is missing of a data set'),
    'train': ('impnet_ros.training.command', 'train a network from a recipe'),
    'evaluate': ('impnet_ros.evaluation.command', 'mean average precision of a model'),
    'evaluate-clips': ('impnet_ros.evaluation.clips.command',
                       'settings side by side on your own clips'),
    'schedule-curve': ('impnet_ros.evaluation.schedules',
                       'fixed against adaptive key frames at equal cost'),
    'distil': ('impnet_ros.training.distill', 'teach the memory of a model without labels'),
    'streaming': ('impnet_ros.benchmark.streaming', 'accuracy of the newest result in time'),
    'export': ('impnet_ros.export', 'write a network as ONNX for other runtimes'),
    'bench': ('impnet_ros.benchmark.command', 'time all modes of a model side by side'),
    'reproduce': ('impnet_ros.reproduction.command', "repeat the paper's experiments on sprites"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run one command; each lives in a module with `add_arguments(parser)` and `run(args)`.

    Returns
    -------
    int
        0, or 1 where `check-data` found something missing, 2 when the input cannot be used (said
        on stderr) as argparse does, 130 on Ctrl-C.

    """
    spin_briefly()
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog='impnet', description='Impression Network: video '
                                     'object detection, fast and robust against bad frames.')
    subparsers = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for name, (module, text) in _COMMANDS.items():
        subparser = subparsers.add_parser(name, help=text, description=text)
        if arguments[:1] == [name]:  # a command loads what it needs, not what the others need
            command = import_module(module)
            command.add_arguments(subparser)
            subparser.set_defaults(run=command.run)
    args = parser.parse_args(arguments)
    try:
        return args.run(args) or 0
    except (ValueError, OSError) as error:
        print(f'impnet {args.command}: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == '__main__':
    sys.exit(main())
