# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Install what is missing of some requirements, and leave alone what is there.

    python3 tools/install_requirements.py [LIST ...] [-c CONSTRAINTS ...] [--dry-run]

What can be imported counts as there, however it came: from the distribution, from the maker of
the board, built by hand. pip knows nothing of many of these, and would put its own before them: a
PyTorch without the board's GPU, a NumPy that ROS's cv_bridge cannot use. So they are left out of
what pip is asked for, and the versions of PyTorch, NumPy and OpenCV are held.
"""
import argparse
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path
import re
import subprocess
import sys
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
MODULES = {'opencv-python-headless': 'cv2', 'pyyaml': 'yaml', 'pillow': 'PIL',
           'protobuf': 'google.protobuf', 'types-pyyaml': 'yaml-stubs',
           'colcon-common-extensions': 'colcon_core',
           'pytest-timeout': 'pytest_timeout', 'ros-ament-lint': 'ament_lint',
           'flake8-class-newline': 'flake8_class_newline'}
HELD = ('torch', 'torchvision', 'numpy', 'opencv-python', 'opencv-python-headless',
        'opencv-contrib-python', 'opencv-contrib-python-headless')


def name_of(requirement: str) -> str:
    """Give the normalised name of the package that a line asks for."""
    return re.sub('[-_.]+', '-', re.split(r'[\s\[<>=!~;@]', requirement, maxsplit=1)[0]).lower()


def lines_of(files: list[Path]) -> list[str]:
    """Give the requirements of some lists, without comments."""
    return [line for file in files for raw in file.read_text('utf-8').splitlines()
            if (line := raw.split('#')[0].strip())]


def versions() -> dict[str, str]:
    """Give the version of every installed package that pip knows of."""
    return {name_of(name): each.version for each in distributions()
            if (name := each.metadata['Name'])}


def is_there(requirement: str, installed: dict[str, str]) -> bool:
    """Whether a package is there, known to pip or not."""
    name = name_of(requirement)
    if name in installed:
        return True
    try:
        return find_spec(MODULES.get(name, name.replace('-', '_'))) is not None
    except (ImportError, ValueError):
        return False


def constraints(files: list[Path], installed: dict[str, str]) -> list[str]:
    """Hold what matters at the version that is there; the given files speak for the rest."""
    held = [f'{name}=={installed[name]}' for name in HELD if name in installed]
    if 'numpy' not in installed and find_spec('numpy'):
        import numpy
        held.append(f'numpy=={numpy.__version__}')
    return held + [line for line in lines_of(files) if name_of(line) not in installed
                   and not any(each.startswith(f'{name_of(line)}==') for each in held)]


def main() -> int:
    """Run the command; pip's own exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').strip().split('\n')[0])
    parser.add_argument('lists', nargs='*', type=Path, default=[ROOT / 'requirements.txt'])
    parser.add_argument('-c', '--constraint', action='append', type=Path, default=[],
                        dest='files', help='versions for what is missing')
    parser.add_argument('--dry-run', action='store_true', help='only say what would be installed')
    options = parser.parse_args()
    installed = versions()
    wanted = lines_of(options.lists)
    missing = [line for line in wanted if not is_there(line, installed)]
    print('there already:', ', '.join(
        f'{name} {installed.get(name, "")}'.strip()
        for name in sorted({name_of(line) for line in wanted if line not in missing})) or 'none')
    print('missing:', ', '.join(missing) or 'none', flush=True)
    if not missing or options.dry_run:
        return 0
    with TemporaryDirectory() as folder:
        file = Path(folder, 'constraints.txt')
        file.write_text('\n'.join(constraints(options.files, installed)) + '\n')
        code = subprocess.run([sys.executable, '-m', 'pip', 'install', '-c', str(file),
                               '--disable-pip-version-check', *missing]).returncode
    if code and any(name_of(line) == 'torchvision' for line in missing) and 'torch' in installed:
        print(f'torchvision has to fit torch {installed["torch"]}, which stays: take it from '
              f'where that torch came.', file=sys.stderr)
    return code


if __name__ == '__main__':
    sys.exit(main())
