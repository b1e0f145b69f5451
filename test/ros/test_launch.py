# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The launch files: their arguments, and that arguments override the parameters file."""
import ast
from collections.abc import Iterator
from contextlib import nullcontext
from importlib import import_module
from importlib.util import find_spec
import os
from pathlib import Path
import re
import runpy
import signal
import subprocess
import sys
from time import monotonic, sleep
from types import SimpleNamespace
from unittest.mock import MagicMock

import cv2
from impnet_ros.ros.bags.write import write_bag
from impnet_ros.ros.depth.settings import DepthSettings
from impnet_ros.ros.depth.settings import ROWS as DEPTH_ROWS
from impnet_ros.ros.settings import ROWS
import numpy as np
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / 'launch').glob('*.launch.py'))
DETECTORS = [file for file in FILES if file.name != 'depth.launch.py']
DEPTH = [file for file in FILES if 'depth' in file.name]
_LAUNCHING = ('impnet_ros.ros.launching', 'impnet_ros.ros.depth.launching')
# On PyPI another package is called `launch`; ROS's comes with launch_ros.
HAS_LAUNCH = all(find_spec(name) for name in ('launch', 'launch_ros')) and bool(
    find_spec('launch.launch_description'))

HAS_RVIZ = any(Path(prefix, 'share', 'rviz2').is_dir()
               for prefix in os.environ.get('AMENT_PREFIX_PATH', '').split(':'))

pytestmark = pytest.mark.ros
needs_launch = pytest.mark.skipif(not HAS_LAUNCH, reason='launch and launch_ros are not installed')


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let launch files run where launch is not installed; arguments are kept as they are given."""
    modules = {name: MagicMock() for name in (
        'launch', 'launch.actions', 'launch.conditions', 'launch.event_handlers',
        'launch.substitutions', 'launch_ros', 'launch_ros.actions',
        'launch_ros.parameter_descriptions', 'launch_ros.substitutions')}
    modules['launch'].LaunchDescription = list
    modules['launch.actions'].DeclareLaunchArgument = (
        lambda name, **told: SimpleNamespace(name=name, **told))
    modules['launch_ros.parameter_descriptions'].ParameterValue = (
        lambda text, value_type: value_type)
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    for name in _LAUNCHING:
        sys.modules.pop(name, None)
    yield
    for name in _LAUNCHING:
        sys.modules.pop(name, None)


@pytest.mark.parametrize('file', DETECTORS, ids=lambda file: file.name)
def test_every_parameter_is_an_argument(file: Path, stand_ins: None) -> None:
    """Once, with the meaning and the choices of the parameter; empty leaves it to the file."""
    declared = [each for each in runpy.run_path(str(file))['generate_launch_description']()
                if isinstance(each, SimpleNamespace)]
    arguments = {each.name: each for each in declared}
    assert len(arguments) == len(declared)
    for row in ROWS:
        argument = arguments[row.word]
        several = (file.name, row.word) == ('cameras.launch.py', 'cameras')
        assert argument.default_value == ('front,rear' if several else '')
        assert row.text in argument.description
        words = row.choices and not row.bounds
        more = ('True', 'False') if True in row.choices else ()
        assert argument.choices == (('', *row.choice_words, *more) if words else None)


@pytest.mark.parametrize('file', DEPTH, ids=lambda file: file.name)
def test_every_parameter_of_the_depth_node_is_an_argument(file: Path, stand_ins: None) -> None:
    """Once; and every camera that can be chosen has its file, with parameters that there are."""
    declared = [each for each in runpy.run_path(str(file))['generate_launch_description']()
                if isinstance(each, SimpleNamespace)]
    arguments = {each.name: each for each in declared}
    assert len(arguments) == len(declared)
    assert {row.word for row in DEPTH_ROWS} <= set(arguments)
    assert all(len(each.description) > 10 for each in declared)
    cameras = [name for name in arguments['camera'].choices if name != 'none']
    files = {each.stem: each for each in (ROOT / 'config' / 'depth').glob('*.yaml')}
    assert set(cameras) == set(files)
    for camera in cameras:
        told = yaml.safe_load(files[camera].read_text())['/**']['ros__parameters']
        DepthSettings(**told)
        assert {'depth_topic', 'depth_info_topic'} <= set(told)


@pytest.mark.parametrize(('word', 'text', 'expected'), [
    ('model', '1e3', str), ('mode', 'sparse', str), ('l', '5', None), ('g', '1', None),
    ('autostart', 'false', None), ('autostart', 'True', None),
    ('box_memory', 'auto', str), ('box_memory', 'true', None),
    ('use_sim_time', 'true', None), ('classes', 'person, car', ['person', 'car']),
    ('classes', "['person']", ['person']), ('cameras', '[]', [''])])
def test_types_of_arguments(word: str, text: str, expected: object, stand_ins: None) -> None:
    """Words stay words, numbers become numbers, lists are split."""
    kind = {row.word: row.kind for row in ROWS}.get(word, bool)
    assert import_module('impnet_ros.ros.launching')._value(word, text, kind) == expected


@pytest.mark.parametrize('file', FILES, ids=lambda file: file.name)
def test_files_compile(file: Path) -> None:
    """Without launch too: no mistake of syntax, and no code that is run by a shell or eval."""
    calls = {getattr(node.func, 'id', getattr(node.func, 'attr', ''))
             for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)}
    assert calls and not calls & {'eval', 'exec', 'system', 'popen', 'Popen', 'run', 'call'}


@needs_launch
@pytest.mark.parametrize('file', DETECTORS, ids=lambda file: file.name)
def test_every_argument_is_described(file: Path) -> None:
    """`--show-args` is complete: all arguments at the top level, each with a description."""
    from launch.launch_description_sources import get_launch_description_from_python_launch_file
    description = get_launch_description_from_python_launch_file(str(file))
    arguments = {each.name: each for each in description.get_launch_arguments()}
    for name in ('params_file', 'namespace', 'use_sim_time', 'autostart', 'use_respawn',
                 'log_level', 'rviz', 'model', 'device', 'l', 'g'):
        assert name in arguments
    for argument in arguments.values():
        assert len(argument.description) > 10
    assert list(arguments['mode'].choices) == [
        '', 'auto', 'impression', 'average', 'sparse', 'per_frame']


@needs_launch
@pytest.mark.timeout(300)
def test_an_argument_overrides_the_file_only_when_given(tmp_path: Path) -> None:
    """A real launch: l from the file, g from the argument; Ctrl-C ends it."""
    from ros_harness import Client
    file = tmp_path / 'mine.yaml'
    file.write_text(yaml.safe_dump({'/robot/impnet_node': {'ros__parameters': {
        'l': 7, 'g': 0.25, 'threads': 1}}}))
    script = ('import sys; from launch import LaunchService; from launch.actions import '
              'IncludeLaunchDescription as I; s = LaunchService(); '
              's.include_launch_description(I(sys.argv[1], launch_arguments=['
              'a.split(":=") for a in sys.argv[2:]])); sys.exit(s.run())')
    environment = dict(os.environ, PATH=f'{ROOT}/install/impnet_ros/lib/impnet_ros:'
                       f'{os.environ["PATH"]}')
    launched = subprocess.Popen(
        [sys.executable, '-c', script, str(ROOT / 'launch' / 'impnet.launch.py'), 'g:=1',
         'classes:=person,dog', 'image:=/camera/image_raw', 'namespace:=robot',
         f'params_file:={file}'],
        env=environment, preexec_fn=lambda: signal.signal(signal.SIGINT,
                                                          signal.default_int_handler))
    client = Client('robot/impnet_node')
    try:
        client.until(lambda: client.node.count_subscribers('/camera/image_raw') == 1, 120)
        assert client.parameter('l') == 7
        assert client.parameter('g') == 1
        assert list(client.parameter('classes')) == ['person', 'dog']
        assert client.parameter('mode') == 'auto'
    finally:
        client.close()
        launched.send_signal(signal.SIGINT)
        deadline = monotonic() + 60
        while launched.poll() is None and monotonic() < deadline:
            sleep(0.1)
    assert launched.returncode == 0


def launched(file: str, *arguments: str) -> tuple[int, str, bool]:
    """Launch a file that ends by itself: its exit code, what it said, and if a node is left."""
    script = ('import sys; from launch import LaunchService; from launch.actions import '
              'IncludeLaunchDescription as I; s = LaunchService(); '
              's.include_launch_description(I(sys.argv[1], launch_arguments=['
              'a.split(":=") for a in sys.argv[2:]])); sys.exit(s.run())')
    done = subprocess.run([sys.executable, '-c', script, str(ROOT / 'launch' / file), *arguments],
                          capture_output=True, text=True, timeout=120)
    said = done.stdout + done.stderr
    started = [int(pid) for pid in re.findall(r'process started with pid \[(\d+)\]', said)]
    return done.returncode, said, any(Path('/proc', str(pid)).exists() for pid in started)


@needs_launch
@pytest.mark.slow
@pytest.mark.parametrize(('file', 'arguments', 'reason'), [
    ('replay.launch.py', ['bag:=/none'], 'the bag was not played to its end'),
    ('replay.launch.py', ['bag:=/none', 'rate:=fast'], 'the bag was not played to its end'),
    ('replay.launch.py', ['bag:=/none', 'rviz:=true'], 'expected the package rviz2'),
    ('impnet.launch.py', ['rviz:=true'], 'expected the package rviz2'),
    ('cameras.launch.py', ['rviz:=true'], 'expected the package rviz2'),
    ('depth.launch.py', ['rviz:=true'], 'expected the package rviz2'),
    ('cameras.launch.py', ['cameras:=a,b', 'images:=/a'], 'images: expected 2 topics'),
    ('cameras.launch.py', ['cameras:=1a,b'], 'cameras: expected names'),
    ('cameras.launch.py', ['cameras:=a,b', 'images:=/a,/1'], 'image: expected a topic name'),
    ('impnet.launch.py', ['image:=bad name'], 'image: expected a topic name'),
    ('impnet.launch.py', ['l:=abc'], 'l (segment_length): expected auto or an int'),
    ('impnet.launch.py', ['params_file:=/none.yaml'], 'expected a file, got /none.yaml'),
    ('impnet.launch.py', ['params_file:=~/none.yaml'], f'got {Path.home()}/none.yaml'),
    ('depth.launch.py', ['slop:=far'], 'slop: expected a number'),
    ('depth.launch.py', ['depth_params_file:=/none.yaml'], 'expected a file, got /none.yaml'),
    ('impnet_depth.launch.py', ['slop:=far'], 'slop: expected a number')])
@pytest.mark.timeout(150)
def test_what_cannot_run_ends_with_an_error(file: str, arguments: list[str], reason: str) -> None:
    """Not zero, with the reason, and nothing is left behind."""
    if 'rviz2' in reason and HAS_RVIZ:
        pytest.skip('rviz2 is installed')
    code, said, is_left = launched(file, *arguments)
    assert code == 1 and reason in said and not is_left


@needs_launch
@pytest.mark.timeout(150)
def test_a_replay_whose_node_cannot_be_configured(tmp_path: Path) -> None:
    """It ends soon after the node said why, not when the player has waited long enough."""
    cv2.imwrite(str(tmp_path / '0.png'), np.zeros((8, 12, 3), np.uint8))
    write_bag(tmp_path, tmp_path / 'bag', quiet=True)
    begin = monotonic()
    code, said, is_left = launched('replay.launch.py', f'bag:={tmp_path}/bag', 'model:=/none.onnx',
                                   'log_level:=fatal')
    assert code == 1 and not is_left and monotonic() < begin + 60
    assert '/none.onnx: no such file' in said and 'the node could not be configured' in said


@pytest.mark.parametrize(('word', 'text', 'fits'), [
    ('l', '5', True), ('l', 'auto', True), ('l', 'abc', False), ('l', '0', False),
    ('l', '[', False), ('l', '5.5', False), ('g', '1', True), ('g', '.nan', False),
    ('g', '1.5', False), ('threads', 'many', False), ('glance', 'off', True),
    ('box_memory', 'true', True), ('box_memory', 'True', True), ('enabled', 'False', True),
    ('model', '1e3', True), ('model', 'true', False),
    ('classes', 'person, car', True), ('classes', '[]', True)])
def test_arguments_that_the_node_would_refuse(word: str, text: str, fits: bool, stand_ins: None
                                              ) -> None:
    """They are refused before it is started, with its words; all others are taken."""
    [row] = [row for row in ROWS if row.word == word]
    with nullcontext() if fits else pytest.raises(ValueError, match='expected'):
        import_module('impnet_ros.ros.launching')._require_value(row, text)


@pytest.mark.parametrize(('content', 'said'), [
    (b'/**:\n  ros__parameters:\n    l: 5\n    classes: !names [person]\n---\n', ''),
    (b'impnet_node:\n  l: 5\n', 'line 2: expected the name.*got .l. '),
    (b'a: [', 'while parsing'), (b'# cam\xe9ra\n', "can't decode"), (None, 'expected a file')])
def test_parameters_files(content: bytes | None, said: str, stand_ins: None, tmp_path: Path
                          ) -> None:
    """One that is missing, a folder, not YAML or not of ROS is refused with its name."""
    file = tmp_path if content is None else tmp_path / 'mine.yaml'
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ValueError, match=said) if said else nullcontext() as caught:
        import_module('impnet_ros.ros.launching')._require_parameters(str(file))
    assert caught is None or str(file) in str(caught.value)


@needs_launch
@pytest.mark.parametrize(('around', 'own', 'logger'), [
    ('', '', 'impnet_node'), ('', 'robot', 'robot.impnet_node'),
    ('', '/robot/front', 'robot.front.impnet_node'),
    ('/fleet', 'robot', 'fleet.robot.impnet_node'),
    ('/fleet', '', 'fleet.impnet_node'), ('/fleet', '/robot', 'robot.impnet_node')])
def test_the_logger_has_the_namespace(around: str, own: str, logger: str) -> None:
    """So log_level reaches the node there too."""
    from impnet_ros.ros.launching import _logger
    from launch import LaunchContext
    context = LaunchContext()
    context.launch_configurations.update(namespace=own, **({'ros_namespace': around} if around
                                                           else {}))
    assert _logger(context, 'impnet_node') == logger


@needs_launch
@pytest.mark.parametrize('set_here', [None, 'FASTDDS_BUILTIN_TRANSPORTS',
                                      'FASTRTPS_DEFAULT_PROFILES_FILE'])
def test_the_profile_for_fast_dds(set_here: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the terminal has settings of its own."""
    from impnet_ros.ros.launching import PROFILES, shared_memory
    for name in (*PROFILES, 'FASTDDS_BUILTIN_TRANSPORTS'):
        monkeypatch.delenv(name, raising=False)
    if set_here:
        monkeypatch.setenv(set_here, 'mine')
    assert tuple(shared_memory()) == (() if set_here else PROFILES)


@pytest.mark.parametrize('file', FILES, ids=lambda file: file.name)
def test_every_node_is_started_alike(file: Path, stand_ins: None) -> None:
    """With the profile for Fast DDS, a logger that has its namespace, and no RViz left over."""
    sys.modules['launch.actions'].OpaqueFunction = SimpleNamespace
    sys.modules['launch.substitutions'].LaunchConfiguration = (
        lambda name: SimpleNamespace(perform=lambda context: ''))
    launching = import_module('impnet_ros.ros.launching')
    launching.shared_memory, launching._require_rviz = (lambda: {'PROFILE': 'ours'}), MagicMock()
    launching._require_parameters = launching.topic_problem = lambda given: ''
    context = MagicMock()
    context.launch_configurations = {'ros_namespace': '/fleet'}
    todo = [each for each in runpy.run_path(str(file))['generate_launch_description']()
            if hasattr(each, 'function')]
    while todo:
        found = todo.pop().function(context)
        todo += [each for each in found if hasattr(each, 'function')]
    nodes = [call.kwargs for call in launching.Node.call_args_list
             if call.kwargs['executable'] in ('impnet_node', 'impnet_depth_node')]
    assert len(nodes) == (2 if file.name == 'impnet_depth.launch.py' else 1)
    assert launching._require_rviz.call_count == len(nodes)
    for node in nodes:
        assert node['additional_env'] == {'PROFILE': 'ours'}
        logger = node['arguments'][2][0]
        assert logger == f'fleet.{node["executable"]}'
