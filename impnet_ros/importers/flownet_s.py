# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Import FlowNet-S, trained on FlyingChairs, in the naming of open-mmlab/mmtracking.

Its pictures are RGB / 255 minus (.411, .432, .450). Its decoder has no biases: ours are zero.
"""
from pathlib import Path

from impnet_ros.importers.report import ImportReport
from impnet_ros.importers.tensors import import_tensors, own_names, read_state_dict, start_network
import torch

_FLOW = 'flow_net.'
_MEAN = (0.411 * 255, 0.432 * 255, 0.450 * 255)


def mmtracking_name(name: str) -> str | None:
    """
    Translate the name of a tensor of our `flow_net`; 'motion.' comes in front.

    conv3_1.weight is conv3.1.conv.weight there, predict_flow2.weight predict_flow.conv.weight.
    None for biases that it does not have.
    """
    layer, field = name.split('.')
    if layer.startswith('conv'):
        number, _, second = layer.partition('_')
        return f'{number}.{second or 0}.conv.{field}'
    if field == 'bias':
        return None
    return f'{"predict_flow" if layer == "predict_flow2" else layer}.conv.{field}'


def import_flownet_s(path: Path, output: Path, base: Path | None = None) -> ImportReport:
    """
    Import FlowNet-S; everything else is left new.

    Parameters
    ----------
    path : Path
        A state dict, safetensors or PyTorch file: FlowNet-S alone, or a whole model of mmtracking,
        of which the detector, Faster R-CNN, does not fit.
    output : Path
        The safetensors file to write.
    base : Path, optional
        A checkpoint to put the flow network into, instead of an untrained network.

    Raises
    ------
    ValueError
        If the file is not such a state dict.

    """
    found = read_state_dict(Path(path))
    network = start_network(base, flow='flownet_s', flow_mean=_MEAN)
    prefix = 'motion.' if any(name.startswith('motion.') for name in found) else ''
    ours = [name for name in own_names(network) if name.startswith(_FLOW)]
    theirs = {name: mmtracking_name(name.removeprefix(_FLOW)) for name in ours}
    names = {name: prefix + other for name, other in theirs.items() if other is not None}
    with torch.no_grad():  # also where a base checkpoint had others
        for name in ours:
            if name not in names:
                network.get_parameter(name).zero_()
    refused = {name: 'not a part of the flow network' for name in found
               if prefix and not name.startswith(prefix)}
    return import_tensors(network, found, names, refused, 'flownet_s', Path(path), Path(output), {
        'source': 'FlowNet-S as named in github.com/open-mmlab/mmtracking',
        'licence': 'Apache-2.0 (mmtracking)'}, base)
