# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Importing NanoDet-g, on a graph of the same structure with random constants.

The real package is too large to be kept here; `test_detector.py` holds the weights that
were imported from it against the original graph's outputs.
"""
import json
from pathlib import Path
import tarfile
from typing import Any

from impnet_ros.model.nanodet.detector import NanoDet
from impnet_ros.model.nanodet.importing import import_nanodet_g
from impnet_ros.model.weights import load_into, load_weights
import numpy as np
import pytest
import torch


class _Graph:
    """A tfjs graph like the original's: Pad, Transpose, Conv2D, Add for each convolution."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.nodes: list[dict[str, Any]] = [{'name': 'input_1', 'op': 'Placeholder'}]
        self.constants: list[tuple[str, np.ndarray]] = []
        network = NanoDet()
        layers = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
        for index, layer in enumerate(layers):
            number = f'_{index}' if index else ''
            out, inputs, height, width = layer.weight.shape
            kernel = rng.normal(size=(height, width, inputs, out)).astype('<f2')
            self.constants += [(f'perm{number}', np.array([0, 2, 3, 1], '<i4')),
                               (f'split{number}', kernel),
                               (f'bias{number}', rng.normal(size=out).astype('<f2'))]
            source = 'input_1'
            if layer.padding == (1, 1):
                self.constants.append((f'pads{number}', np.array([[0, 0], [0, 0], [1, 1], [1, 1]],
                                                                 '<i4')))
                self._node(f'Pad{number}', 'Pad', source, f'pads{number}')
                source = f'Pad{number}'
            self._node(f'transpose{number}', 'Transpose', source, f'perm{number}')
            strides = ['1', *(str(value) for value in layer.stride), '1']
            self._node(f'convolution{number}', 'Conv2D', f'transpose{number}', f'split{number}',
                       strides={'list': {'i': strides}})
            self._node(f'Add{number}', 'Add', f'convolution{number}', f'bias{number}')

    def _node(self, name: str, op: str, *inputs: str, **attributes: Any) -> None:
        self.nodes.append({'name': name, 'op': op, 'input': list(inputs), 'attr': attributes})

    def write(self, folder: Path) -> Path:
        """Write an unpacked package; gives its folder."""
        models = folder / 'package' / 'models'
        models.mkdir(parents=True)
        weights = [{'name': name, 'shape': list(value.shape),
                    'dtype': 'float32' if value.dtype.kind == 'f' else 'int32',
                    **({'quantization': {'dtype': 'float16'}} if value.dtype.kind == 'f' else {})}
                   for name, value in self.constants]
        (models / 'nanodet.bin').write_bytes(b''.join(v.tobytes() for _, v in self.constants))
        (models / 'nanodet.json').write_text(json.dumps({
            'format': 'graph-model', 'modelTopology': {'node': self.nodes},
            'weightsManifest': [{'paths': ['nanodet.bin'], 'weights': weights}]}))
        (models.parent / 'package.json').write_text(json.dumps({'name': 'p', 'version': '1.2'}))
        return models.parent

    def value(self, name: str) -> np.ndarray:
        """Give a constant by name."""
        return dict(self.constants)[name]

    def replace(self, name: str, value: np.ndarray) -> None:
        """Change a constant."""
        self.constants = [(n, value if n == name else v) for n, v in self.constants]


def test_every_tensor_arrives(tmp_path: Path) -> None:
    """68 tensors fill the network; kernels are turned to torch's order of axes."""
    graph = _Graph()
    output = tmp_path / 'out' / 'n.safetensors'
    report = import_nanodet_g(graph.write(tmp_path), output)
    assert (report.tensors, report.parameters) == (68, 3_786_068)
    weights = load_weights(output, report.sha256)
    network = NanoDet()
    load_into(network, weights.tensors)
    kernel = torch.from_numpy(graph.value('split').astype(np.float32))
    torch.testing.assert_close(network.stem.weight.detach(), kernel.permute(3, 2, 0, 1))
    last_bias = torch.from_numpy(graph.value('bias_33').astype(np.float32))
    torch.testing.assert_close(network.heads[2].bias.detach(), last_bias)
    assert all(tensor.dtype == torch.float16 for tensor in weights.tensors.values())
    assert 'p 1.2' in weights.provenance['source']
    assert set(weights.provenance['sha256']) == {'nanodet.json', 'nanodet.bin'}
    assert 'NOT the files this project was tested with' in str(report)


def test_all_forms_give_the_same_bytes(tmp_path: Path) -> None:
    """Tarball, package folder, models folder and JSON file, each read twice."""
    package = _Graph().write(tmp_path)
    tarball = tmp_path / 'human-models.tgz'
    with tarfile.open(tarball, 'w:gz') as archive:
        archive.add(package, 'package')
    sources = [tarball, tmp_path, package, package / 'models', package / 'models' / 'nanodet.json']
    hashes = {import_nanodet_g(source, tmp_path / f'{index}.safetensors').sha256
              for index, source in enumerate(sources * 2)}
    assert len(hashes) == 1


def test_a_changed_graph_is_noticed(tmp_path: Path) -> None:
    """Wrong kernel, stride, padding, a missing bias, a convolution too few, a tensor too many."""
    def complaint(name: str, graph: _Graph) -> str:
        with pytest.raises(ValueError) as caught:
            import_nanodet_g(graph.write(tmp_path / name), tmp_path / 'n.safetensors')
        return str(caught.value)

    graph = _Graph()
    graph.replace('split_3', np.zeros((3, 3, 16, 8), '<f2'))
    assert 'convolution_3 as stages.0.blocks.0.second: expected' in complaint('kernel', graph)
    graph = _Graph()
    next(n for n in graph.nodes if n['name'] == 'convolution_5')['attr'] = {
        'strides': {'list': {'i': ['1', '1', '1', '1']}}}
    assert 'convolution_5 as stages.1.entry' in complaint('stride', graph)
    graph = _Graph()
    graph.replace('pads_7', np.array([[0, 0], [0, 0], [0, 1], [0, 1]], '<i4'))
    assert '[[0, 0], [0, 0], [0, 1], [0, 1]]' in complaint('padding', graph)
    graph = _Graph()
    graph.nodes = [n for n in graph.nodes if n['name'] != 'Add_9']
    assert 'convolution_9' in complaint('bias', graph)
    graph = _Graph()
    graph.nodes = [n for n in graph.nodes if n['name'] != 'convolution_33']
    assert 'expected 34 convolutions, got 33' in complaint('count', graph)
    graph = _Graph()
    graph.constants.append(('surplus', np.zeros(7, '<f2')))
    assert "belong to no layer: ['surplus']" in complaint('surplus', graph)


def test_wrong_files_are_named(tmp_path: Path) -> None:
    """Missing, truncated, unreadable and foreign files give errors that say what is wrong."""
    def complaint(path: Path) -> str:
        with pytest.raises(ValueError) as caught:
            import_nanodet_g(path, tmp_path / 'n.safetensors')
        return str(caught.value)

    assert 'expected the npm tarball' in complaint(tmp_path / 'nowhere')
    package = _Graph().write(tmp_path)
    binary = package / 'models' / 'nanodet.bin'
    content = binary.read_bytes()
    binary.write_bytes(content[:-2])
    assert f'expected {len(content)} bytes, got {len(content) - 2}' in complaint(package)
    binary.unlink()
    assert 'no models/nanodet.bin, which models/nanodet.json names' in complaint(package)
    model = package / 'models' / 'nanodet.json'
    model.write_text('{"format": "layers-model"}')
    assert "expected format 'graph-model', got 'layers-model'" in complaint(package)
    model.write_text('not json')
    assert 'is not JSON' in complaint(package)
    (tmp_path / 'other.tgz').write_bytes(b'no archive')
    assert 'not a readable tar archive' in complaint(tmp_path / 'other.tgz')
