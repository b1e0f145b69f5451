# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Read TensorFlow.js graph models without TensorFlow.

Such a model is a JSON file (the graph's nodes and a manifest of its constants) and binary files
with the constants one after the other.
"""
from collections.abc import Callable
from dataclasses import dataclass
import hashlib
import json
from pathlib import Path
import tarfile
from typing import Any

import numpy as np

_DTYPES: dict[str, np.dtype[Any]] = {
    'float32': np.dtype('<f4'), 'int32': np.dtype('<i4'), 'float16': np.dtype('<f2')}


@dataclass(frozen=True)
class GraphModel:
    """
    A graph and its constants.

    Attributes
    ----------
    nodes : dict
        Node name -> node as in the JSON file: 'op', 'input' (names), 'attr'.
    constants : dict
        Node name -> array, as stored (float16 where quantised to it).
    sha256 : dict
        File name -> SHA-256 of each file read.
    package : dict
        `package.json` of the npm package that the files lie in; empty where there is none.

    """

    nodes: dict[str, dict[str, Any]]
    constants: dict[str, np.ndarray[Any, Any]]
    sha256: dict[str, str]
    package: dict[str, Any]


def read_graph_model(path: Path, name: str) -> GraphModel:
    """
    Read a model from an npm package or from its own files.

    Parameters
    ----------
    path : Path
        npm tarball (.tgz), a folder (unpacked package or the models' own), or the JSON file.
    name : str
        The model's JSON file, e.g. 'nanodet.json'; looked for in `models/` of a package.

    Raises
    ------
    ValueError
        If the files are missing or do not hold what their manifest says.

    """
    if path.is_file() and path.suffix in ('.tgz', '.gz', '.tar'):
        try:
            with tarfile.open(path) as archive:
                return _read(path, f'package/models/{name}', _tar_reader(archive))
        except tarfile.TarError as error:
            raise ValueError(f'{path}: not a readable tar archive: {error}') from error
    candidates = [path] if path.is_file() else [
        path / name, path / 'models' / name, path / 'package' / 'models' / name]
    for candidate in candidates:
        if candidate.is_file():
            root = candidate.parent.parent
            return _read(path, f'{candidate.parent.name}/{candidate.name}',
                         lambda file: _read_file(root / file))
    raise ValueError(f'{path}: expected the npm tarball (.tgz), a folder with {name}, or {name} '
                     'itself, found none of them')


def _read_file(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _tar_reader(archive: tarfile.TarFile) -> Callable[[str], bytes | None]:
    def read(name: str) -> bytes | None:
        try:
            member = archive.extractfile(name)
        except KeyError:
            return None
        return member.read() if member else None
    return read


def _read(path: Path, model: str, read: Callable[[str], bytes | None]) -> GraphModel:
    """Read the model file and what it names, paths relative to the folder above the model's."""
    text = read(model)
    if text is None:
        raise ValueError(f'{path}: no {model} in it')
    try:
        graph = json.loads(text)
    except ValueError as error:
        raise ValueError(f'{path}: {model} is not JSON: {error}') from error
    if not isinstance(graph, dict) or graph.get('format') != 'graph-model':
        got = graph.get('format') if isinstance(graph, dict) else type(graph).__name__
        raise ValueError(f"{path}: {model}: expected format 'graph-model', got {got!r}")
    folder, _, file = model.rpartition('/')
    hashes = {file: hashlib.sha256(text).hexdigest()}
    constants: dict[str, np.ndarray[Any, Any]] = {}
    for group in graph['weightsManifest']:
        data = b''
        for binary in group['paths']:
            part = read(f'{folder}/{binary}')
            if part is None:
                raise ValueError(f'{path}: no {folder}/{binary}, which {model} names')
            hashes[binary] = hashlib.sha256(part).hexdigest()
            data += part
        constants.update(_unpack(data, group['weights'], f'{path}: {", ".join(group["paths"])}'))
    package = json.loads(read(f'{model.split("/")[0]}/package.json')
                         or read('package.json') or b'{}')
    nodes = {node['name']: node for node in graph['modelTopology']['node']}
    return GraphModel(nodes, constants, hashes, package)


def _unpack(data: bytes, specs: list[dict[str, Any]],
            where: str) -> dict[str, np.ndarray[Any, Any]]:
    """Cut the constants of a manifest out of their bytes, which must fit exactly."""
    layout = []
    for spec in specs:
        stored = spec.get('quantization', spec)['dtype']
        if stored not in _DTYPES:
            raise ValueError(f'{where}: {spec["name"]}: expected one of {sorted(_DTYPES)}, '
                             f'got {stored}')
        layout.append((spec['name'], _DTYPES[stored], tuple(spec['shape'])))
    expected = sum(dtype.itemsize * int(np.prod(shape)) for _, dtype, shape in layout)
    if len(data) != expected:
        raise ValueError(f'{where}: expected {expected} bytes, got {len(data)}')
    constants = {}
    start = 0
    for name, dtype, shape in layout:
        count = int(np.prod(shape))
        constants[name] = np.frombuffer(data, dtype, count, start).reshape(shape)
        start += dtype.itemsize * count
    return constants
