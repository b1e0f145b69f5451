# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Steps that all importers of the paper's network share: read, place by name, write."""
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
import pickle
from typing import Any

from impnet_ros.importers.report import ImportReport
from impnet_ros.model.paper.checkpoint import load_checkpoint, save_checkpoint
from impnet_ros.model.paper.network import ImpressionNetwork
from impnet_ros.model.paper.presets import impression_r101
from impnet_ros.model.weights import load_weights, sha256
import safetensors
import safetensors.torch
import torch
from torch import Tensor

Tensors = Mapping[str, Tensor]
_SHOWN = 5


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """
    Read a state dict from a safetensors file or a PyTorch file, running no code of theirs.

    Parameters
    ----------
    path : Path
        What torch.save wrote; the state dict may be the value of 'state_dict' or 'model'.

    Raises
    ------
    ValueError
        If the file is missing, damaged, holds objects other than tensors and plain values, or
        holds no tensors.

    """
    if not path.is_file():
        raise ValueError(f'{path}: no such file')
    content: Any
    try:
        if path.suffix == '.safetensors':
            content = safetensors.torch.load_file(path)
        else:
            content = torch.load(path, map_location='cpu', weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(f'{path}: refused, nothing in it was run: it is no file of tensors or '
                         f'has Python objects in it ({_first_line(error)})') from error
    except (safetensors.SafetensorError, RuntimeError, OSError, EOFError, KeyError) as error:
        raise ValueError(f'{path}: cannot be read, truncated or not a file of tensors '
                         f'({_first_line(error)})') from error
    for key in ('state_dict', 'model'):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    tensors = ({name: value for name, value in content.items() if isinstance(value, Tensor)}
               if isinstance(content, Mapping) else {})
    if not tensors:
        raise ValueError(f'{path}: expected a state dict, name -> tensor, '
                         f'got {type(content).__name__} without any')
    return tensors


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def start_network(base: Path | None, **changes: Any) -> ImpressionNetwork:
    """
    Build the network to import into.

    Parameters
    ----------
    base : Path or None
        A checkpoint whose tensors are kept where the import brings no others; else the network
        starts untrained.
    **changes
        Fields of `ImpressionNetworkConfig` that the source requires.

    """
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(0)
        if base is None:
            return impression_r101(**changes)
        old = load_checkpoint(base)
        network = ImpressionNetwork(replace(old.config, **changes)).eval()
    kept = network.state_dict()
    kept.update({name: value for name, value in old.state_dict().items() if name in kept})
    network.load_state_dict(kept)
    return network


def own_names(network: ImpressionNetwork) -> list[str]:
    """Tensors of a network that hold weights; not the counters of batch normalisation."""
    return [name for name in network.state_dict() if not name.endswith('num_batches_tracked')]


def import_tensors(network: ImpressionNetwork, found: Tensors, names: Mapping[str, str],
                   refused: Mapping[str, str], source: str, path: Path, output: Path,
                   provenance: Mapping[str, Any], base: Path | None = None) -> ImportReport:
    """
    Fill a network with tensors of other names, write it and report.

    Parameters
    ----------
    network : ImpressionNetwork
        Takes the values.
    found : mapping
        The source's tensors.
    names : mapping
        The network's names to the source's; all of them must be there.
    refused : mapping
        Why a tensor of the source that `names` does not mention is not used; the others are said
        to have no place.
    source : str
        Name of the importer.
    path, output : Path
        File read, file to write.
    provenance : mapping
        Origin and licence.
    base : Path, optional
        See `start_network`.

    Raises
    ------
    ValueError
        If a tensor is missing, has another shape, or is not finite; nothing is written then.

    """
    own = network.state_dict()
    missing = sorted(theirs for theirs in names.values() if theirs not in found)
    if missing:
        foreign = ', '.join(list(found)[:3])
        raise ValueError(f'{source}: {path}: missing {len(missing)} of {len(names)} tensors: '
                         f'{_some(missing)}' + (f' (the file has {foreign}, ...)'
                                                if len(missing) == len(names) else ''))
    wrong = [f'{theirs}: expected {tuple(own[ours].shape)} for {ours}, '
             f'got {tuple(found[theirs].shape)}' for ours, theirs in names.items()
             if own[ours].shape != found[theirs].shape]
    wrong += [f'{theirs}: has values that are not finite' for theirs in names.values()
              if not found[theirs].isfinite().all()]
    if wrong:
        raise ValueError(f'{source}: {path}: {_some(wrong)}')
    network.load_state_dict({**own, **{ours: found[theirs] for ours, theirs in names.items()}})
    used = set(names.values())
    report = ImportReport(
        source=f'{source}: {path}' + (f' into {base}' if base else ''),
        loaded=tuple(f'{ours} <- {theirs}' for ours, theirs in names.items()),
        new=tuple(name for name in own_names(network) if name not in names),
        refused=tuple(f'{name}: {refused.get(name, "has no place in this network")}'
                      for name in found if name not in used),
        output=output)
    save_checkpoint(output, network, {
        **provenance, 'command': f'impnet import-weights {source}', 'file': path.name,
        'sha256': sha256(path), 'left_new': list(report.new),
        **({'base': load_weights(base).provenance} if base else {})})
    return report


def _some(items: list[str]) -> str:
    more = len(items) - _SHOWN
    return '; '.join(items[:_SHOWN]) + (f' and {more} more' if more > 0 else '')
