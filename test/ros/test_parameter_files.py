# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A parameter file that is for other nodes is told; rcl says which files are for this one."""
from pathlib import Path

from impnet_ros.ros.parameter_files import of_no_use, require_parameters
import pytest
import rclpy
from rclpy.context import Context
from ros_harness import await_text, Client, process

pytestmark = pytest.mark.ros

NAMES = ['/**', '**', '/*', '*', '/*/n', '/**/n', 'n', '/n', 'ns/n', '/ns/n', '/ns/*', '/ns/**',
         '/a/**/n', 'other', '/ns/other']


def taken(args: list[str], namespace: str) -> bool:
    """Whether rcl gives the file's parameter to a node called n."""
    context = Context()
    rclpy.init(context=context, args=args)
    node = rclpy.create_node('n', namespace=namespace, context=context)
    found = 'l' in node._parameter_overrides
    node.destroy_node()
    context.try_shutdown()
    return found


@pytest.mark.parametrize('namespace', ['', '/ns', '/a/b'])
def test_as_rcl_understands_names(namespace: str, tmp_path: Path) -> None:
    """Wild cards, names without a slash: told exactly where rcl leaves the file aside."""
    file = tmp_path / 'p.yaml'
    args = ['--ros-args', '--params-file', str(file)]
    for name in NAMES:
        file.write_text(f'{name!r}:\n  ros__parameters:\n    l: 4\n')
        assert bool(of_no_use(args, f'{namespace}/n')) != taken(args, namespace), name


@pytest.mark.parametrize('content', [
    '', 'hello\n', '[1, 2]\n', 'l: 4\n', 'n:\n', 'n: {l: 4}\n', 'n: {ros__parameters: }\n',
    'n: {ros__parameters: 4}\n', 'n: {ros__parameters: {}}\n', 'n: {ros__parameters: {l: 4}}\n',
    'n: {ros__parameters: {a: {b: [1, 2]}}}\n', 'ns: {n: {ros__parameters: {l: 4}}, l: 4}\n',
    'ns: {n: {ros__parameters: {l: 4}}}\n', 'n: {ros__parameters: {a: &x 4, b: *x}}\n',
    'n: &x {ros__parameters: {l: 4}}\nm: *x\n', 'n: &x {m: *x}\n'])
def test_refused_as_rcl_refuses(content: str, tmp_path: Path) -> None:
    """What launch would start a node with is what the node can start with."""
    file = tmp_path / 'p.yaml'
    file.write_text(content)
    try:
        taken(['--ros-args', '--params-file', str(file)], '')
    except Exception:  # noqa: B902 - rclpy has an exception class for each kind
        with pytest.raises(ValueError, match=r'line \d+: expected'):
            require_parameters(str(file))
    else:
        require_parameters(str(file))


def test_says_whom_a_file_is_for(tmp_path: Path) -> None:
    """Namespaces as levels of the file; a file of nobody."""
    other, empty, mine = (tmp_path / name for name in ('other.yaml', 'empty.yaml', 'mine.yaml'))
    other.write_text('ns:\n  n:\n    ros__parameters: {l: 4}\n  m:\n    ros__parameters: {}\n')
    empty.write_text('')
    mine.write_text('/**:\n  ros__parameters: {l: 4}\n')
    args = ['--ros-args', *(part for file in (other, empty, mine)
                            for part in ('--params-file', str(file)))]
    first, second = of_no_use(args, '/n')
    assert f'{other} has no parameters for /n' in first and '/ns/m, /ns/n' in first
    assert f'{empty} has no parameters for /n' in second and 'no node' in second


def test_files_that_cannot_be_read_a_second_time_are_no_matter(tmp_path: Path) -> None:
    """Launch gives lists a tag of Python's; a pipe is empty by then; several documents."""
    of_launch, gone, odd = (tmp_path / name for name in ('launch.yaml', 'gone', 'odd.yaml'))
    of_launch.write_text('/**:\n  ros__parameters:\n    classes: !!python/tuple [person]\n'
                         '---\nother:\n  ros__parameters: {l: !mine 4}\n')
    odd.write_text('a: [')
    args = [part for file in (of_launch, gone, odd) for part in ('--params-file', str(file))]
    assert of_no_use(args, '/n') == []


@pytest.mark.timeout(100)
def test_the_node_takes_a_file_of_launch(tmp_path: Path) -> None:
    """A list in it as launch_ros writes lists."""
    file = tmp_path / 'p.yaml'
    file.write_text('/**:\n  ros__parameters:\n    classes: !!python/tuple\n    - person\n')
    log = tmp_path / 'log'
    with process('node', '--ros-args', '--params-file', str(file), log=log) as running:
        await_text(log, ' -> ', running)
        client = Client()
        assert list(client.parameter('classes')) == ['person']
        client.close()
