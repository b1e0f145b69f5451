# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The surface of the code: ament's linters, types, copyright headers, well-formed files."""
from pathlib import Path
import re
import shutil
import subprocess
import sys

import pytest
import yaml

pytestmark = pytest.mark.linter

ROOT = Path(__file__).resolve().parents[1]
PYTHON_FOLDERS = ('impnet_ros', 'launch', 'test', 'tools')
HEADER = ['Copyright 2026 The impnet_ros contributors', 'SPDX-License-Identifier: Apache-2.0']


def files(*patterns: str) -> list[Path]:
    """Return the project's own files that match, not those of the virtual environment or build."""
    made = {'.venv', 'build', 'install', 'log', 'data', 'out', 'dist', '.git'}
    found = [path for pattern in patterns for path in ROOT.glob(pattern)]
    for folder in ROOT.iterdir():
        if folder.is_dir() and folder.name not in made:
            found += [path for pattern in patterns for path in folder.rglob(pattern)]
    return sorted(found)


def lint(module: str, *arguments: str) -> None:
    """Run a linter in the project's folder; what it complains of is the failure's text."""
    pytest.importorskip(module.split('.')[0])
    result = subprocess.run([sys.executable, '-m', module, *arguments],
                            cwd=ROOT, capture_output=True, text=True)
    said = (result.stdout + result.stderr).splitlines()
    complaints = '\n'.join(line for line in said if re.match(r'\S+:\d+[: ]', line))
    if result.returncode:
        pytest.fail(complaints or '\n'.join(said), pytrace=False)


def test_flake8() -> None:
    """Hold the code to flake8 with the rules of ament_flake8."""
    lint('ament_flake8.main', *PYTHON_FOLDERS, 'setup.py')


def test_pep257() -> None:
    """Hold the docstrings to PEP 257 with the exceptions of ament_pep257."""
    lint('ament_pep257.main', *PYTHON_FOLDERS, 'setup.py')


def test_types() -> None:
    """Hold the streaming core and what it knows of networks to `mypy --strict` (setup.cfg)."""
    model = [f'impnet_ros/model/{name}' for name in (
        'contract.py', 'levels.py', 'impression.py', 'network.py', 'weights.py', 'sight',
        'nanodet', 'onnx')]
    lint('mypy', 'impnet_ros/__init__.py', 'impnet_ros/setting.py', 'impnet_ros/config.py',
         'impnet_ros/stream', *model)


def test_copyright() -> None:
    """Every file of code says whose it is and under which licence, in its first lines."""
    code = files('*.py', '*.py.in', '*.sh', '*.cmake', 'CMakeLists.txt', 'Makefile')
    assert len(code) > 20
    missing = []
    for path in code:
        lines = path.read_text(encoding='utf-8').splitlines()
        if lines and lines[0].startswith('#!'):
            lines = lines[1:]
        if lines[:2] != [f'# {line}' for line in HEADER]:
            missing.append(str(path.relative_to(ROOT)))
    assert missing == []


def test_xml() -> None:
    """Package manifests are well-formed, as are launch, RViz and DDS files in XML."""
    etree = pytest.importorskip('lxml.etree')
    manifests = files('*.xml')
    assert ROOT / 'package.xml' in manifests
    for path in manifests:
        etree.parse(str(path))
        if shutil.which('xmllint'):
            subprocess.run(['xmllint', '--noout', str(path)], check=True)


def test_manifests() -> None:
    """Manifests satisfy catkin_pkg, which every ROS tool reads them with."""
    packages = pytest.importorskip('catkin_pkg.package')
    for folder in (ROOT, *(ROOT / 'interfaces' / name for name in ('vision_msgs', 'tf2_msgs'))):
        warnings: list[str] = []
        package = packages.parse_package(str(folder), warnings=warnings)
        assert warnings == []
        # colcon silently takes a package with an invalid address for a plain Python one.
        package.validate()
        assert package.get_build_type() == 'ament_cmake'
        assert 'rosidl_interface_packages' in [group.name for group in package.member_of_groups]


def test_one_version() -> None:
    """Colcon and pip get the same version, and the change log speaks of it or of what comes."""
    packages = pytest.importorskip('catkin_pkg.package')
    version = packages.parse_package(str(ROOT)).version
    assert f'version = {version}' in (ROOT / 'setup.cfg').read_text().splitlines()
    changes = (ROOT / 'CHANGELOG.rst').read_text().splitlines()
    assert any(line == 'Forthcoming' or line.startswith(f'{version} (') for line in changes)


def test_yaml() -> None:
    """Parameter files and RViz configurations can be parsed."""
    for path in files('*.yaml', '*.rviz'):
        assert yaml.safe_load(path.read_text(encoding='utf-8')) is not None, path


@pytest.mark.parametrize('shell', ['bash', 'zsh'])
def test_shell_syntax(shell: str) -> None:
    """Scripts parse; the environment file does so in zsh too."""
    if not shutil.which(shell):
        pytest.skip(f'{shell} is not installed')
    scripts = files('*.sh') if shell == 'bash' else [ROOT / 'tools' / 'env.sh']
    for path in scripts:
        subprocess.run([shell, '-n', str(path)], check=True)
    if shell == 'bash' and shutil.which('shellcheck'):
        subprocess.run(['shellcheck', '--severity=warning', '--exclude=SC1090,SC1091',
                        *map(str, scripts)], check=True)
