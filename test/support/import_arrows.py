# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Which part of the package may import which: the arrows of docs/architecture.md, and their check.

A part is a subpackage or a root module. What a part may import is a list of parts, or of single
modules of one (`model.impression`).
"""
import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKAGE = 'impnet_ros'

# Small modules at the root that stand below everything.
BASICS = ('arguments', 'config', 'setting', 'labels', 'boxes', 'resizing', 'threads', 'outputs',
          'stamps', 'stopping', 'command_line', 'picture_size')
# Pictures in and out: files, bags, encodings, drawings. They know the stream's data types.
MEDIA = ('images', 'video', 'drawing', 'sources')
# What the stream knows of networks: the contract, its data, and the equations of the paper.
CONTRACT = ('model.contract', 'model.levels', 'model.impression', 'model.sight')

ALLOWED: dict[str, tuple[str, ...]] = {
    '__init__': (*BASICS, 'model', 'stream'),
    'arguments': ('setting',),
    'config': ('setting',),
    'setting': (),
    'labels': (),
    'boxes': (),
    'resizing': (),
    'threads': (),
    'outputs': (),
    'picture_size': (),
    'stamps': (),
    'stopping': (),
    'command_line': ('outputs', 'stopping'),
    'images': BASICS,
    'sources': (*BASICS, 'images', 'stream.types'),
    'video': (*BASICS, 'images', 'sources', 'stream.types'),
    'drawing': (*BASICS, 'images', 'stream.types'),
    'model': BASICS,
    'stream': (*BASICS, *CONTRACT),
    'depth': (),
    'importers': (*BASICS, *MEDIA, 'model', 'stream.types'),
    'data': (*BASICS, *MEDIA, 'depth'),
    'results': (*BASICS, *MEDIA, 'stream.types'),
    'detect': (*BASICS, *MEDIA, 'model', 'stream', 'results'),
    'archive': (*BASICS, *MEDIA, 'model', 'stream'),
    'profile': (*BASICS, *MEDIA, 'model', 'stream', 'data'),
    'training': (*BASICS, *MEDIA, 'model', 'data', 'stream', 'evaluation'),
    'evaluation': (*BASICS, *MEDIA, 'model', 'data', 'stream'),
    'export': (*BASICS, 'model'),
    'benchmark': (*BASICS, *MEDIA, 'model', 'stream', 'data', 'evaluation'),
    'reproduction': (*BASICS, *MEDIA, 'model', 'data', 'stream', 'training', 'evaluation'),
    'cli': (*BASICS, *MEDIA, 'model', 'stream', 'data', 'detect', 'archive', 'profile',
            'training', 'evaluation', 'importers', 'benchmark', 'export', 'reproduction'),
    'ros': (*BASICS, *MEDIA, 'model', 'stream', 'depth', 'benchmark', 'msg'),
}

# What rooms of `model` must not know of it: detectors nothing of each other, what they share
# nothing of detectors, and only a table of names in `model.network` brings them together.
DETECTORS = ('model.nanodet', 'model.paper')
APART: dict[str, tuple[str, ...]] = {
    'model': (*DETECTORS, 'model.onnx'),
    'model.sight': (*DETECTORS, 'model.onnx', 'model.contract', 'model.network'),
    'model.onnx': (*DETECTORS, 'model.network'),
    'model.nanodet': ('model.paper', 'model.network'),
    'model.paper': ('model.nanodet', 'model.onnx', 'model.network'),
}

# Rooms that no other part may import: their networks are made by `model.network`, by name.
BY_NAME = ('model.nanodet',)

# What only the part `ros` may import, besides every package named *_msgs or *_interfaces.
ROS_PACKAGES = ('rclpy', 'cv_bridge', 'tf2_ros', 'launch', 'launch_ros', 'ament_index_python')


def imported_modules(source: str, module: str, is_package: bool) -> Iterator[tuple[int, str]]:
    """Yield line and absolute name of each module that `source`, the text of `module`, imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ''
            if node.level:
                parents = module.split('.')
                parents = parents[:len(parents) - node.level + (1 if is_package else 0)]
                base = '.'.join([*parents, base] if base else parents)
            # `from impnet_ros import x` may name a part, so the name belongs to it.
            for alias in node.names:
                yield node.lineno, f'{base}.{alias.name}'


def is_ros(name: str) -> bool:
    """Tell whether a module belongs to ROS."""
    top = name.split('.')[0]
    return top in ROS_PACKAGES or top.endswith(('_msgs', '_interfaces', '_srvs'))


def within(name: str, rooms: Iterable[str]) -> bool:
    """Tell whether a module is one of some parts or rooms, or in one of them."""
    return any(name == room or name.startswith(f'{room}.') for room in rooms)


def wrong_imports(package: Path) -> list[str]:
    """
    Return one line for each import in the folder `package` that goes against the arrows.

    A part that ALLOWED does not know is a wrong one too: its place has to be decided.
    """
    wrong = []
    for path in sorted(package.rglob('*.py')):
        inner = path.relative_to(package).with_suffix('')
        part = inner.parts[0]
        is_package = inner.name == '__init__'
        names = inner.parts[:-1] if is_package else inner.parts
        module = '.'.join([PACKAGE, *names])
        where = f'{PACKAGE}/{path.relative_to(package)}'
        if part not in ALLOWED:
            wrong.append(f'{where}: the part {part!r} has no entry in ALLOWED')
            continue
        for line, name in imported_modules(path.read_text(encoding='utf-8'), module, is_package):
            if is_ros(name) and part != 'ros':
                wrong.append(f'{where}:{line}: {part} imports {name} of ROS')
            if name.split('.')[0] != PACKAGE or name == PACKAGE:
                continue
            target = name[len(PACKAGE) + 1:]
            if not within(target, (part, *ALLOWED[part])) or (
                    part != 'model' and within(target, BY_NAME)):
                wrong.append(f'{where}:{line}: {part} imports {name}')
            room = '.'.join(names[:2])
            room = room if room in APART else part
            if within(target, APART.get(room, ())):
                wrong.append(f'{where}:{line}: {room} imports {name}')
    return wrong
