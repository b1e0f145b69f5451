# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Import torchvision's ResNet-101, trained to classify ImageNet: where training starts from."""
from pathlib import Path

from impnet_ros.importers.report import ImportReport
from impnet_ros.importers.tensors import import_tensors, own_names, read_state_dict, start_network
from impnet_ros.model.paper.config import TORCHVISION_DEVIATION, TORCHVISION_MEAN

_TRUNK = 'backbone.trunk.'


def import_resnet101(path: Path, output: Path, base: Path | None = None) -> ImportReport:
    """
    Import the trunk; everything behind it is left new.

    The network gets torchvision's stride style (on the 3x3), mean and standard deviation.

    Parameters
    ----------
    path : Path
        A state dict, safetensors or PyTorch file.
    output : Path
        The safetensors file to write.
    base : Path, optional
        A checkpoint to put the trunk into, instead of an untrained network.

    Raises
    ------
    ValueError
        If the file is not such a state dict.

    """
    found = read_state_dict(Path(path))
    network = start_network(base, stride_style='torchvision', pixel_mean=TORCHVISION_MEAN,
                            pixel_deviation=TORCHVISION_DEVIATION)
    names = {name: name.removeprefix(_TRUNK) for name in own_names(network)
             if name.startswith(_TRUNK)}
    refused = dict.fromkeys(('fc.weight', 'fc.bias'), 'the classifier, detection has its own')
    refused |= dict.fromkeys((name for name in found if name.endswith('num_batches_tracked')),
                             'a counter of training steps')
    return import_tensors(network, found, names, refused, 'resnet101', Path(path), Path(output),
                          {'source': 'torchvision resnet101', 'licence': 'BSD-3-Clause'}, base)
