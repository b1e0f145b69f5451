# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the set-up promises: a shell that works anywhere, one package for colcon and for pip."""
import os
from pathlib import Path
import platform
import re
import shutil
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / 'impnet_ros'
INSTALLED = ROOT / 'install' / 'impnet_ros'
ENV = ROOT / 'tools' / 'env.sh'

built = pytest.mark.skipif(
    not INSTALLED.is_dir(), reason='not built in this folder: `make setup` does that')


def executables() -> dict[str, str]:
    """Return the commands of CMakeLists.txt and the modules that they start."""
    text = (ROOT / 'CMakeLists.txt').read_text(encoding='utf-8')
    [block] = re.findall(r'set\(executables\n(.*?)\n\)', text, flags=re.DOTALL)
    return dict(re.findall(r'"(\S+) (\S+)"', block))


def in_shell(script: str, shell: str = 'bash') -> str:
    """Return what a script says in a shell that has only HOME and the system's PATH."""
    clean = {'HOME': os.environ['HOME'], 'PATH': '/usr/local/bin:/usr/bin:/bin'}
    done = subprocess.run([shell, '-euc', script], env=clean, cwd='/', capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@built
@pytest.mark.parametrize('shell', ['bash', 'zsh'])
def test_env_works_from_anywhere(shell: str) -> None:
    """Messages, rclpy and every command are found, under `set -eu` and without a variable set."""
    if not shutil.which(shell):
        pytest.skip(f'{shell} is not installed')
    script = f'. {ENV}; command -v {" ".join(executables())}; '
    script += ('python3 -c "import rclpy, vision_msgs.msg, impnet_ros.msg; '
               'print(impnet_ros.msg.__file__)"; echo "$IMPNET_CLIPS"')
    *commands, messages, clips = in_shell(script, shell).splitlines()
    assert [Path(command).name for command in commands] == list(executables())
    assert messages.startswith(str(INSTALLED))
    assert clips == str(ROOT / 'data' / 'clips')


@built
def test_env_twice_is_env_once() -> None:
    """A second sourcing adds nothing, and no helper function or variable is left behind."""
    once = in_shell(f'. {ENV}; env')
    twice = in_shell(f'. {ENV}; . {ENV}; env')

    def variables(text: str) -> set[str]:
        return {line for line in text.splitlines() if not line.startswith(('_=', 'BASH_EXEC'))}

    assert variables(once) == variables(twice)
    assert '_impnet_' not in in_shell(f'. {ENV}; set | grep -v ^BASH_EXEC')


def test_env_needs_the_setup(tmp_path: Path) -> None:
    """Before the set-up, the file says what to do, fails, and leaves the shell alive."""
    (tmp_path / 'tools').mkdir()
    copy = shutil.copy(ENV, tmp_path / 'tools')
    said = in_shell(f'. {copy} 2>&1 || echo "failed: $?"; set | grep ^_impnet_ || :')
    assert "run 'make setup'" in said and said.endswith('failed: 1\n')


@built
def test_everything_is_installed() -> None:
    """The built package has every module and data file of the source tree, and launch files."""
    [installed] = INSTALLED.glob('lib/python3*/site-packages/impnet_ros')
    sources = {path.relative_to(PACKAGE) for path in PACKAGE.rglob('*')
               if path.is_file() and '__pycache__' not in path.parts}
    missing = {str(path) for path in sources if not (installed / path).is_file()}
    assert missing == set(), 'run `make build`'
    for folder in ('launch', 'config'):
        for path in (ROOT / folder).rglob('[!.]*.*'):
            assert (INSTALLED / 'share' / 'impnet_ros' / path.relative_to(ROOT)).is_file()
    for name in executables():
        assert os.access(INSTALLED / 'lib' / 'impnet_ros' / name, os.X_OK)


@built
@pytest.mark.parametrize(('name', 'module'), executables().items())
def test_command_can_start(name: str, module: str) -> None:
    """Every command runs in the active virtual environment, and its module has a `main`."""
    script = (INSTALLED / 'lib' / 'impnet_ros' / name).read_text(encoding='utf-8')
    assert script.startswith('#!/usr/bin/env python3\n')
    where = in_shell(f'. {ENV}; python3 -c "import sys; from {module} import main; '
                     'print(sys.prefix)"')
    assert where.strip() == str(ROOT / '.venv')


@built
@pytest.mark.parametrize('name', sorted(set(executables()) - {'impnet_node',
                                                              'impnet_depth_node'}))
def test_command_explains_itself(name: str) -> None:
    """Commands say how they are used; nodes take ROS arguments only."""
    assert 'usage' in in_shell(f'. {ENV}; {name} --help').lower()


@pytest.mark.parametrize('inside', ['.', 'src/impnet_ros'])
def test_colcon_finds_one_package(tmp_path: Path, inside: str) -> None:
    """At the repository's root and in a workspace's src, colcon sees impnet_ros and no more."""
    pytest.importorskip('colcon_ros')
    if inside == '.':
        workspace = ROOT
    else:
        workspace = tmp_path
        (tmp_path / 'src').mkdir()
        (tmp_path / inside).symlink_to(ROOT)
    listed = subprocess.run(
        [sys.executable, '-m', 'colcon', '--log-base', str(tmp_path / 'log'), 'list'],
        cwd=workspace, capture_output=True, text=True, check=True)
    assert listed.stdout.split() == ['impnet_ros', inside, '(ros.ament_cmake)']


@pytest.mark.slow
def test_pip_installs_library_and_command(tmp_path: Path) -> None:
    """Without ROS, `pip install .` gives the modules, the weights and the `impnet` command."""
    pytest.importorskip('wheel')
    source, target = tmp_path / 'source', tmp_path / 'target'
    shutil.copytree(PACKAGE, source / 'impnet_ros', ignore=shutil.ignore_patterns('__pycache__'))
    for name in ('setup.py', 'setup.cfg', 'package.xml', 'README.md', 'LICENSE', 'NOTICE'):
        shutil.copy(ROOT / name, source)
    subprocess.run(
        [sys.executable, '-m', 'pip', 'install', '--quiet', '--no-deps', '--no-build-isolation',
         '--no-index', '--disable-pip-version-check', '--target', str(target), str(source)],
        check=True)

    expected = {path.relative_to(source / 'impnet_ros')
                for path in (source / 'impnet_ros').rglob('*') if path.is_file()}
    assert {path for path in expected if not (target / 'impnet_ros' / path).is_file()} == set()
    told = subprocess.run(
        [sys.executable, str(target / 'bin' / 'impnet'), '--help'], cwd=tmp_path, check=True,
        env={**os.environ, 'PYTHONPATH': str(target)}, capture_output=True, text=True)
    assert 'detect' in told.stdout


@pytest.mark.skipif(platform.machine() != 'x86_64', reason='the wheels of ROS are for x86_64')
def test_setup_says_what_is_missing(tmp_path: Path) -> None:
    """Without the Python that ROS's wheels need, the set-up stops and says how to get it."""
    copy = tmp_path / 'tools'
    copy.mkdir()
    shutil.copy(ROOT / 'tools' / 'setup.sh', copy)
    stopped = subprocess.run(
        ['bash', str(copy / 'setup.sh')], capture_output=True, text=True,
        env={'PATH': '/usr/local/bin:/usr/bin:/bin', 'IMPNET_PYTHON': '/nowhere/python'})
    assert stopped.returncode == 1
    assert 'Python 3.11 is missing' in stopped.stderr
    assert 'apt-get install python3.11' in stopped.stderr


def tool(environment: dict[str, str], *arguments: str) -> str:
    """Run the tool that installs what is missing, in a Python that has next to nothing."""
    done = subprocess.run(
        [sys.executable, '-S', str(ROOT / 'tools' / 'install_requirements.py'), *arguments],
        env={'PATH': os.environ['PATH'], **environment}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_there_is_not_asked_for_again(tmp_path: Path) -> None:
    """With pip's records or without; nothing on a bare machine, the board's own on a robot."""
    bare = tool({}, '--dry-run')
    assert 'there already: none' in bare
    for name in ('torch>=', 'torchvision>=', 'numpy>=', 'opencv-python-headless>=', 'rosbags>='):
        assert name in bare.splitlines()[1]
    for module in ('cv2', 'torchvision', 'numpy', 'yaml'):  # as apt or a board's maker has them
        (tmp_path / f'{module}.py').write_text('__version__ = "1.26.4"\n')
    (tmp_path / 'torch-2.5.0a0+nv24.8.dist-info').mkdir()
    (tmp_path / 'torch-2.5.0a0+nv24.8.dist-info' / 'METADATA').write_text(
        'Metadata-Version: 2.1\nName: torch\nVersion: 2.5.0a0+nv24.8\n')
    there, missing = tool({'PYTHONPATH': str(tmp_path)}, '--dry-run').splitlines()
    assert there == ('there already: numpy, opencv-python-headless, pyyaml, '
                     'torch 2.5.0a0+nv24.8, torchvision')
    asked = missing.removeprefix('missing: ').split(', ')
    assert {'pillow', 'safetensors', 'tqdm'} <= set(asked)
    assert not [each for each in asked if each.startswith(('torch', 'numpy', 'opencv', 'PyYAML'))]


def test_what_is_there_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The versions that are there, and for the rest those of the given file."""
    from importlib.util import module_from_spec, spec_from_file_location
    spec = spec_from_file_location('install', ROOT / 'tools' / 'install_requirements.py')
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    file = tmp_path / 'constraints.txt'
    file.write_text('# of the distribution\nnumpy<2\nempy<4\n')
    assert module.constraints([file], {'torch': '2.5.0', 'numpy': '2.1', 'rich': '1'}) == [
        'torch==2.5.0', 'numpy==2.1', 'empy<4']
    for line, name in (('PyYAML', 'pyyaml'), ('ros_x[fast]==1', 'ros-x'), ('torch>=2.4', 'torch')):
        assert module.name_of(line) == name


def test_every_requirement_has_its_tested_version() -> None:
    """constraints.txt names each package of requirements.txt, and fits its range."""
    ranges = {line.split('#')[0].strip() for line in
              (ROOT / 'requirements.txt').read_text().splitlines()} - {''}
    pinned = {re.split('[=;]', line)[0].lower() for line in
              (ROOT / 'constraints.txt').read_text().splitlines() if '==' in line}
    assert {re.split('[<>=]', line)[0].lower() for line in ranges} <= pinned
    assert not [line for line in ranges if '==' in line]
    declared = (ROOT / 'setup.cfg').read_text().split('install_requires =')[1].split('[')[0]
    assert set(declared.split()) == ranges
