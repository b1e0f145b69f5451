# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Weights on disk: safetensors with the network's configuration and where they come from.

Nothing is executed on loading, half-precision files serve full-precision networks, and the same
content gives the same bytes.
"""
from collections.abc import Mapping
from dataclasses import dataclass
import hashlib
import json
from pathlib import Path
from typing import Any

from impnet_ros.model.sight.pair_quality import PairQuality
from impnet_ros.outputs import write_whole
import safetensors
import safetensors.torch
import torch
from torch import nn, Tensor

SHIPPED = Path(__file__).parent.parent / 'weights'
"""Folder of the weights that come with the package, with their SHA256SUMS."""

# All the metadata is one JSON string: safetensors writes several keys in any order, and the same
# content should give the same bytes.
_KEY = 'impnet'


@dataclass(frozen=True)
class Weights:
    """
    The content of a weights file.

    Attributes
    ----------
    tensors : dict
        Name -> tensor, as stored.
    config : dict
        What is needed to build the network; plain JSON values.
    provenance : dict
        Source, version, licence, hashes of the source files; plain JSON values.

    """

    tensors: dict[str, Tensor]
    config: dict[str, Any]
    provenance: dict[str, Any]


def sha256(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def save_weights(path: Path, weights: Weights) -> str:
    """
    Write a safetensors file, in one move; the same content always gives the same bytes.

    Returns
    -------
    str
        SHA-256 of the file.

    """
    text = json.dumps({'config': weights.config, 'provenance': weights.provenance},
                      sort_keys=True)
    tensors = {name: tensor.detach().cpu().contiguous()
               for name, tensor in weights.tensors.items()}
    # Through memory: the library's own file writing makes files that only the owner can read.
    write_whole(path, safetensors.torch.save(tensors, {_KEY: text}))
    return sha256(path)


def load_weights(path: Path, expected_sha256: str | None = None) -> Weights:
    """
    Read a file of `save_weights`.

    Parameters
    ----------
    path : Path
        The file.
    expected_sha256 : str, optional
        If given, the file must have this SHA-256.

    Raises
    ------
    ValueError
        If the file is missing, has another hash, or is not a file of `save_weights`.

    """
    if not path.is_file():
        raise ValueError(f'weights: no file {path}')
    if expected_sha256 is not None and (got := sha256(path)) != expected_sha256:
        raise ValueError(f'weights: {path} is damaged or was changed: expected sha256 '
                         f'{expected_sha256}, got {got}')
    try:
        with safetensors.safe_open(path, framework='pt') as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except safetensors.SafetensorError as error:
        raise ValueError(f'weights: {path} is not a readable safetensors file: {error}') from error
    if _KEY not in metadata:
        raise ValueError(f'weights: {path}: expected metadata {_KEY!r} (configuration and '
                         f'provenance), got {sorted(metadata)}')
    return Weights(tensors, **json.loads(metadata[_KEY]))


def load_shipped(name: str) -> Weights:
    """
    Read weights that come with the package and hold them to the hash in SHA256SUMS.

    Parameters
    ----------
    name : str
        File name without '.safetensors', as in SHA256SUMS.

    Raises
    ------
    ValueError
        If there is no such file, or it is not the one that was shipped.

    """
    sums = {file: digest for digest, file in
            (line.split() for line in (SHIPPED / 'SHA256SUMS').read_text().splitlines())}
    file = f'{name}.safetensors'
    if file not in sums:
        raise ValueError(f'weights: expected one of {sorted(sums)}, got {file!r}')
    return load_weights(SHIPPED / file, sums[file])


def load_into(network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """
    Copy tensors into a network's parameters and buffers, all of them, converted to their types.

    Parameters
    ----------
    network : torch.nn.Module
        Takes the values; keeps its own number types and device.
    tensors : mapping
        Name -> tensor, as in the network's `state_dict()`.

    Raises
    ------
    ValueError
        If a tensor is missing, unexpected, of another shape or not finite; the network is then
        unchanged.

    """
    own = network.state_dict()
    problems = [f'missing {name}' for name in own if name not in tensors]
    problems += [f'unexpected {name}' for name in tensors if name not in own]
    problems += [f'{name}: expected {tuple(own[name].shape)}, got {tuple(tensor.shape)}'
                 for name, tensor in tensors.items()
                 if name in own and own[name].shape != tensor.shape]
    problems += [f'{name}: expected finite numbers, got NaN or infinity'
                 for name, tensor in tensors.items()
                 if tensor.is_floating_point() and not bool(tensor.isfinite().all())]
    if problems:
        more = f' and {len(problems) - 8} more' if len(problems) > 8 else ''
        raise ValueError(f'weights do not fit {type(network).__name__}: '
                         f'{"; ".join(problems[:8])}{more}')
    with torch.no_grad():
        network.load_state_dict(dict(tensors))


def save_quality(path: Path, quality: PairQuality, provenance: Mapping[str, Any]) -> str:
    """Write N_q for `load_quality`; gives the SHA-256 of the file."""
    config = {'hidden': quality.hidden}
    return save_weights(path, Weights(quality.state_dict(), config, dict(provenance)))


def load_quality(path: str | Path) -> PairQuality:
    """
    Read N_q from a file of `impnet distil`, for `Network.quality`.

    Raises
    ------
    ValueError
        If the file is missing or holds something else.

    """
    weights = load_weights(Path(path))
    hidden = weights.config.get('hidden')
    if not isinstance(hidden, int) or not 0 < hidden <= 1024:
        raise ValueError(f'weights: {path}: expected N_q as `impnet distil` writes it, with '
                         f"'hidden' in its configuration, got {weights.config}")
    quality = PairQuality(hidden)
    load_into(quality, weights.tensors)
    return quality.eval()
