# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A detector's own N_q, as `impnet distil` taught it, in the metadata of its one file."""
import base64
from collections.abc import Mapping
import json
from typing import Any

from impnet_ros.model.onnx.declaration import Declaration, QUALITY, seal
from impnet_ros.model.sight.pair_quality import PairQuality
from impnet_ros.model.weights import load_into
import onnx
import safetensors
import safetensors.torch

MOST_HIDDEN = 1024


def with_quality(model: onnx.ModelProto, declaration: Declaration, quality: PairQuality,
                 provenance: Mapping[str, Any]) -> onnx.ModelProto:
    """Give a sealed copy of an imported model that brings its own N_q along."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    tensors = {name: item.detach().cpu().contiguous()
               for name, item in quality.state_dict().items()}
    told = {'hidden': quality.hidden, 'provenance': dict(provenance),
            'safetensors': base64.b64encode(safetensors.torch.save(tensors)).decode()}
    onnx.helper.set_model_props(made, {
        **{item.key: item.value for item in made.metadata_props}, QUALITY: json.dumps(told)})
    seal(made, declaration)
    return made


def quality_of(model: onnx.ModelProto) -> PairQuality | None:
    """
    Read a model's own N_q.

    Returns
    -------
    PairQuality or None
        None for a model that nobody taught.

    Raises
    ------
    ValueError
        If the metadata hold something else.

    """
    props = {item.key: item.value for item in model.metadata_props}
    if QUALITY not in props:
        return None
    try:
        told = json.loads(props[QUALITY])
        hidden = int(told['hidden'])
        if not 0 < hidden <= MOST_HIDDEN:
            raise ValueError(f'hidden: expected 1 to {MOST_HIDDEN}, got {hidden}')
        tensors = safetensors.torch.load(base64.b64decode(told['safetensors'], validate=True))
        quality = PairQuality(hidden)
        load_into(quality, tensors)
    except (ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
        raise ValueError('expected N_q as `impnet distil` writes it into the metadata '
                         f'{QUALITY}, got something else ({error})') from error
    return quality.eval()
