# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Import MSRA's trained Deep Feature Flow and FGFA models (MXNet `.params`, MIT licence).

Both are ResNet-101 R-FCN with FlowNet-S for the 30 classes of ImageNet VID: class 0 is the
background, images are RGB minus a mean, strides are on the first 1x1. Deep Feature Flow has the
scale map, FGFA the embedding network. Neither has N_q, which is left new.
"""
from pathlib import Path

from impnet_ros.importers.mxnet_params import read_params
from impnet_ros.importers.report import ImportReport
from impnet_ros.importers.tensors import import_tensors, own_names, start_network
from impnet_ros.model.paper.config import ImpressionNetworkConfig, MSRA_MEAN
import torch
from torch import Tensor

_DEFAULT = ImpressionNetworkConfig()
_BINS = 49

_FLOW = {'conv1': 'flow_conv1', 'predict_flow6': 'Convolution1', 'predict_flow5': 'Convolution2',
         'predict_flow4': 'Convolution3', 'predict_flow3': 'Convolution4',
         'predict_flow2': 'Convolution5', 'upsample_flow5': 'upsample_flow6to5',
         'upsample_flow4': 'upsample_flow5to4', 'upsample_flow3': 'upsample_flow4to3',
         'upsample_flow2': 'upsample_flow3to2'}
_HEAD = {'rpn.cls_score': 'rpn_cls_score', 'rpn.bbox_pred': 'rpn_bbox_pred',
         'rfcn.cls': 'rfcn_cls', 'rfcn.bbox': 'rfcn_bbox'}
_EMBEDDING = {'0': 'em_conv1', '2': 'em_conv2', '4': 'em_conv3'}
_NORM = {'weight': 'gamma', 'bias': 'beta', 'running_mean': 'moving_mean',
         'running_var': 'moving_var'}


def _block(stage: int, index: int, blocks: int) -> str:
    """Name of a residual block: 2a 2b 2c, 3a 3b1 3b2 3b3, 4a 4b1 ... 4b22, 5a 5b 5c."""
    if blocks <= 3:
        return f'{stage}{"abc"[index]}'
    return f'{stage}{"a" if index == 0 else f"b{index}"}'


def _trunk_name(name: str) -> str:
    """Translate a name of the trunk, e.g. layer1.0.conv2.weight to res2a_branch2b_weight."""
    *place, field = name.split('.')
    if len(place) == 1:  # conv1, bn1
        return 'conv1_weight' if place == ['conv1'] else f'bn_conv1_{_NORM[field]}'
    stage, index, layer = int(place[0].removeprefix('layer')), int(place[1]), place[2]
    block = _block(stage + 1, index, _DEFAULT.blocks[stage - 1])
    branch = '1' if layer == 'downsample' else f'2{"abc"[int(layer[-1]) - 1]}'
    is_norm = layer.startswith('bn') or place[-1] == '1' and layer == 'downsample'
    return (f'bn{block}_branch{branch}_{_NORM[field]}' if is_norm
            else f'res{block}_branch{branch}_weight')


def msra_name(name: str) -> str | None:
    """Translate the name of one of our tensors; None for those that only this network has."""
    part, _, rest = name.partition('.')
    layer, _, field = rest.rpartition('.')
    if rest.startswith('trunk.'):
        return _trunk_name(rest.removeprefix('trunk.'))
    if part == 'backbone':
        return f'feat_conv_3x3_{field}'
    if part == 'flow_net':
        return f'{_FLOW.get(layer, layer)}_{field}'
    if part == 'scale_map':
        return f'Convolution5_scale_{rest}'
    if part == 'head':
        return f'{_HEAD[layer]}_{field}'
    return f'{_EMBEDDING[layer]}_{field}' if part == 'embedding_net' else None


def import_msra_dff(path: Path, output: Path) -> ImportReport:
    """
    Import Deep Feature Flow: features, flow, scale map and R-FCN.

    Parameters
    ----------
    path : Path
        rfcn_dff_flownet_vid-0000.params, or a checkpoint of one's own training.
    output : Path
        The safetensors file to write.

    Raises
    ------
    ValueError
        If the file is not such a model.

    """
    return _import('msra_dff', Path(path), Path(output), embedding_width=0)


def import_msra_fgfa(path: Path, output: Path) -> ImportReport:
    """
    Import FGFA: features, flow, embedding network and R-FCN; the scale map stays 1.

    Parameters
    ----------
    path : Path
        rfcn_fgfa_flownet_vid-0000.params, or a checkpoint of one's own training.
    output : Path
        The safetensors file to write.

    Raises
    ------
    ValueError
        If the file is not such a model.

    """
    return _import('msra_fgfa', Path(path), Path(output), embedding_width=512)


def _import(source: str, path: Path, output: Path, embedding_width: int) -> ImportReport:
    found = {name.removeprefix('arg:').removeprefix('aux:'): torch.tensor(values)
             for name, values in read_params(path).items()}
    suffix, deviations, refused = _box_layer(found)
    network = start_network(None, stride_style='msra', pixel_mean=MSRA_MEAN,
                            flow_mean=MSRA_MEAN, pixel_deviation=(1.0, 1.0, 1.0),
                            embedding_width=embedding_width, box_deviations=deviations)
    names = {ours: theirs for ours in own_names(network) if (theirs := msra_name(ours))}
    for kind in ('weight', 'bias'):
        names[f'head.rfcn.bbox.{kind}'] += suffix
    if source == 'msra_fgfa':
        names = {ours: theirs for ours, theirs in names.items() if 'scale_map' not in ours}
    elif names['scale_map.bias'] not in found:  # it is one and stays so, with or without a file
        del names['scale_map.bias']
    project = {'msra_dff': 'Deep-Feature-Flow', 'msra_fgfa': 'Flow-Guided-Feature-Aggregation'}
    return import_tensors(network, found, names, refused, source, path, output, {
        'source': f'github.com/msracver/{project[source]}', 'licence': 'MIT'})


def _box_layer(found: dict[str, Tensor]) -> tuple[str, tuple[float, ...], dict[str, str]]:
    """
    Find out which copy of the box layer to use, and what its deltas are normalised by.

    Training saves the layer twice: as trained, and times the deviations under names with `_test`,
    which the reference's loader prefers. The trained one is used where both say the same. A single
    one is what the reference would run as it stands, so its deviations are 1. Either way no weight
    is changed.

    Returns
    -------
    suffix : str
        Of the names to use, '' or '_test'.
    deviations : tuple of float
        For the configuration.
    refused : dict
        The other copy's names, and why it is not used.

    """
    plain = (1.0, 1.0, 1.0, 1.0)
    trained, test = found.get('rfcn_bbox_weight'), found.get('rfcn_bbox_weight_test')
    if trained is None or test is None:
        return '' if test is None else '_test', plain, {}
    names = ('rfcn_bbox_weight', 'rfcn_bbox_bias')
    deviations = torch.tensor(_DEFAULT.box_deviations * 2).repeat_interleave(_BINS)
    if trained.shape == test.shape and len(test) == len(deviations) and torch.allclose(
            trained * deviations.view(-1, 1, 1, 1), test, rtol=1e-3, atol=1e-6):
        return '', _DEFAULT.box_deviations, dict.fromkeys(
            (f'{name}_test' for name in names), 'the layer without _test, times the deviations')
    return '_test', plain, dict.fromkeys(names, 'differs from the copy for test')
