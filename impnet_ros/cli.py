# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The `impnet` command; needs no ROS."""
import argparse
from collections.abc import Sequence
from importlib import import_module
import os
import sys

from impnet_ros.command_line import run_command
from impnet_ros.threads import spin_briefly

_COMMANDS = {
    'detect': ('impnet_ros.detect', 'detect objects in a video file, image folder or bag'),
    'label': ('impnet_ros.archive.command', 'label archives of bags and videos'),
    'label-cost': ('impnet_ros.archive.cost', 'what labelling a large archive takes'),
    'find': ('impnet_ros.archive.find', 'look into what label found'),
    'import-weights': ('impnet_ros.importers.command', 'convert published weights'),
    'import-detector': ('impnet_ros.importers.detector',
                        'make any detector in an ONNX file one of the models'),
    'profile': ('impnet_ros.profile', 'parameters and multiply-adds of a model'),
    'check-data': ('impnet_ros.data.check', 'say what is missing of a data set'),
    'train': ('impnet_ros.training.command', 'train a network from a recipe'),
    'evaluate': ('impnet_ros.evaluation.command', 'mean average precision of a model'),
    'evaluate-clips': ('impnet_ros.evaluation.clips.command',
                       'settings side by side on your own clips'),
    'distil': ('impnet_ros.training.distill', 'teach the memory of a model without labels'),
    'streaming': ('impnet_ros.benchmark.streaming', 'accuracy of the newest result in time'),
    'export': ('impnet_ros.export', 'write a network as ONNX for other runtimes'),
    'bench': ('impnet_ros.benchmark.command', 'time all modes of a model side by side'),
    'reproduce': ('impnet_ros.reproduction.command', "repeat the paper's experiments on sprites"),
}

_RESUMED = ('train', 'distil', 'reproduce', 'label')


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run one command; each lives in a module with `add_arguments(parser)` and `run(args)`.

    Returns
    -------
    int
        0, or 1 where `check-data` found something missing; else see `run_command`. argparse
        gives 2 as well.

    """
    spin_briefly()
    os.environ.setdefault('OPENCV_LOG_LEVEL', 'SILENT')  # we say ourselves what cannot be read
    arguments = list(sys.argv[1:] if argv is None else argv)
    name = arguments[0] if arguments else ''

    def work() -> int | None:
        args = _parser(arguments).parse_args(arguments)
        return args.run(args)

    return run_command(f'impnet {name}', work, hint='; the same command goes on where it was saved'
                       if name in _RESUMED else '')


def _parser(arguments: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='impnet', description='Impression Network: video '
                                     'object detection, fast and robust against bad frames.')
    subparsers = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for name, (module, text) in _COMMANDS.items():
        subparser = subparsers.add_parser(name, help=text, description=text)
        if arguments[:1] == [name]:  # a command loads what it needs, not what the others need
            command = import_module(module)
            command.add_arguments(subparser)
            subparser.set_defaults(run=command.run)
    return parser


if __name__ == '__main__':
    sys.exit(main())
