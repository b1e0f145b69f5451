# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""MSRA's models: every tensor finds its place, in a narrow network of the same names."""
from pathlib import Path

from impnet_ros.config import StreamConfig
from impnet_ros.importers import tensors
from impnet_ros.importers.msra import import_msra_dff, import_msra_fgfa, msra_name
from impnet_ros.model.network import load_network
from impnet_ros.model.paper.presets import impression_r101
from impnet_ros.model.weights import load_weights
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.types import Frame
from mxnet_writer import params_bytes, random_model, shapes
import numpy as np
import pytest
import torch

NARROW = {'width': 2, 'channels': 16, 'flow': 2}


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensors, 'impression_r101', lambda **changes: impression_r101(**{
        'width': 2, 'channels': 16, 'flow_width': 2, 'quality_channels': (4, 2), **changes}))


def write(folder: Path, arrays: dict[str, np.ndarray], version: int = 1) -> Path:
    path = folder / 'model.params'
    path.write_bytes(params_bytes(arrays, version))
    return path


@pytest.mark.parametrize('model, extra', [('dff', {}), ('fgfa', {'embedding_width': 512})])
def test_names_and_shapes_are_msras(model: str, extra: dict[str, int]) -> None:
    with torch.device('meta'):
        state = impression_r101(**extra).state_dict()
    ours = {msra_name(name): tuple(value.shape) for name, value in state.items()
            if not name.endswith('num_batches_tracked')}
    theirs = {name[4:]: shape for name, shape in shapes(model=model)}
    new = set(ours) - set(theirs)
    assert new == ({None} if model == 'dff' else
                   {None, 'Convolution5_scale_weight', 'Convolution5_scale_bias'})
    for name, shape in theirs.items():
        assert ours[name] == shape, name


@pytest.mark.parametrize('version', [0, 1, 2])
def test_dff(tmp_path: Path, version: int) -> None:
    model = random_model(**NARROW)
    model['arg:Convolution5_scale_bias'][:] = 1
    output = tmp_path / 'dff.safetensors'
    report = import_msra_dff(write(tmp_path, model, version), output)
    assert len(report.loaded) == len(model) and report.refused == ()
    assert all(name.startswith('quality_net.') for name in report.new)
    assert report.output == output and 'loaded: ' in str(report)
    state = load_network(str(output), 'cpu').state_dict()
    for ours, theirs in {
            'backbone.trunk.conv1.weight': 'arg:conv1_weight',
            'backbone.trunk.bn1.running_var': 'aux:bn_conv1_moving_var',
            'backbone.trunk.layer1.0.downsample.0.weight': 'arg:res2a_branch1_weight',
            'backbone.trunk.layer1.2.bn1.bias': 'arg:bn2c_branch2a_beta',
            'backbone.trunk.layer3.22.conv2.weight': 'arg:res4b22_branch2b_weight',
            'backbone.trunk.layer2.0.downsample.1.weight': 'arg:bn3a_branch1_gamma',
            'backbone.feat_conv.bias': 'arg:feat_conv_3x3_bias',
            'flow_net.conv1.weight': 'arg:flow_conv1_weight',
            'flow_net.predict_flow6.weight': 'arg:Convolution1_weight',
            'flow_net.predict_flow2.bias': 'arg:Convolution5_bias',
            'flow_net.upsample_flow4.weight': 'arg:upsample_flow5to4_weight',
            'flow_net.deconv3.weight': 'arg:deconv3_weight',
            'scale_map.weight': 'arg:Convolution5_scale_weight',
            'head.rpn.cls_score.weight': 'arg:rpn_cls_score_weight',
            'head.rfcn.bbox.weight': 'arg:rfcn_bbox_weight'}.items():
        np.testing.assert_array_equal(state[ours].numpy(), model[theirs])


def test_it_works_at_once(tmp_path: Path) -> None:
    output = tmp_path / 'dff.safetensors'
    import_msra_dff(write(tmp_path, random_model(**NARROW)), output)
    network = load_network(str(output), 'cpu')
    rng = np.random.default_rng(0)
    frames = [Frame(rng.integers(0, 255, (40, 60, 3), dtype=np.uint8), i / 30) for i in range(3)]
    for mode in ('per_frame', 'sparse', 'average'):
        engine = Engine(network, StreamConfig(segment_length=2, mode=mode))
        state = engine.reset()
        for frame in frames:
            results, state = engine.step(frame, state)
            assert len(results[0]) > 0


def test_fgfa(tmp_path: Path) -> None:
    model = random_model(model='fgfa', **NARROW)
    output = tmp_path / 'fgfa.safetensors'
    report = import_msra_fgfa(write(tmp_path, model), output)
    assert len(report.loaded) == len(model)
    assert {name.split('.')[0] for name in report.new} == {'quality_net', 'scale_map'}
    state = load_network(str(output), 'cpu').state_dict()
    np.testing.assert_array_equal(state['embedding_net.2.weight'].numpy(),
                                  model['arg:em_conv2_weight'])
    assert state['scale_map.weight'].eq(0).all() and state['scale_map.bias'].eq(1).all()


def with_test_copy(model: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Add what training saves beside: the box layer times the deviations."""
    deviations = np.repeat(np.array([.1, .1, .2, .2] * 2, np.float32), 49)
    model['arg:rfcn_bbox_weight_test'] = (model['arg:rfcn_bbox_weight']
                                          * deviations[:, None, None, None])
    model['arg:rfcn_bbox_bias_test'] = model['arg:rfcn_bbox_bias'] * deviations
    return model


def test_box_layer_as_trained_and_for_test(tmp_path: Path) -> None:
    model = with_test_copy(random_model(**NARROW))
    report = import_msra_dff(write(tmp_path, model), tmp_path / 'both.safetensors')
    assert len(report.refused) == 2 and 'times the deviations' in report.refused[0]
    both = load_network(str(tmp_path / 'both.safetensors'), 'cpu')
    assert both.config.box_deviations == (.1, .1, .2, .2)

    for name in ('weight', 'bias'):
        model[f'arg:rfcn_bbox_{name}'] = model.pop(f'arg:rfcn_bbox_{name}_test')
    import_msra_dff(write(tmp_path, model), tmp_path / 'one.safetensors')
    one = load_network(str(tmp_path / 'one.safetensors'), 'cpu')
    assert one.config.box_deviations == (1, 1, 1, 1)

    image = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    with torch.inference_mode():
        found, other = (
            network.task(network.features(network.prepare(image)), None, network.detection)
            for network in (both, one))
    torch.testing.assert_close(found[0], other[0])


def test_a_changed_test_copy_is_preferred_as_in_the_reference(tmp_path: Path) -> None:
    model = with_test_copy(random_model(**NARROW))
    model['arg:rfcn_bbox_weight_test'] += 1
    report = import_msra_dff(write(tmp_path, model), tmp_path / 'x.safetensors')
    assert report.refused == ('rfcn_bbox_weight: differs from the copy for test',
                              'rfcn_bbox_bias: differs from the copy for test')
    state = load_network(str(tmp_path / 'x.safetensors'), 'cpu').state_dict()
    np.testing.assert_array_equal(state['head.rfcn.bbox.weight'].numpy(),
                                  model['arg:rfcn_bbox_weight_test'])


def test_unknown_tensors_are_reported(tmp_path: Path) -> None:
    model = random_model(**NARROW)
    model['arg:fc1_weight'] = np.ones((3, 3), np.float32)
    report = import_msra_dff(write(tmp_path, model), tmp_path / 'x.safetensors')
    assert report.refused == ('fc1_weight: has no place in this network',)
    assert 'fc1_weight' in str(report)


def test_missing_tensor(tmp_path: Path) -> None:
    model = random_model(**NARROW)
    del model['arg:res4b7_branch2b_weight']
    with pytest.raises(ValueError, match=r'missing 1 of \d+ tensors: res4b7_branch2b_weight'):
        import_msra_dff(write(tmp_path, model), tmp_path / 'x.safetensors')
    assert not (tmp_path / 'x.safetensors').exists()


def test_fgfa_is_not_dff(tmp_path: Path) -> None:
    path = write(tmp_path, random_model(model='fgfa', **NARROW))
    with pytest.raises(ValueError, match='missing 1 of .* Convolution5_scale_weight'):
        import_msra_dff(path, tmp_path / 'x.safetensors')


def test_wrong_shape(tmp_path: Path) -> None:
    model = random_model(**NARROW)
    model['arg:conv1_weight'] = np.ones((2, 3, 5, 5), np.float32)
    with pytest.raises(ValueError, match=r'conv1_weight: expected \(2, 3, 7, 7\) for backbone.tr'
                                         r'unk.conv1.weight, got \(2, 3, 5, 5\)'):
        import_msra_dff(write(tmp_path, model), tmp_path / 'x.safetensors')


def test_values_that_are_not_finite(tmp_path: Path) -> None:
    model = random_model(**NARROW)
    model['arg:conv2_bias'][0] = np.nan
    with pytest.raises(ValueError, match='conv2_bias: has values that are not finite'):
        import_msra_dff(write(tmp_path, model), tmp_path / 'x.safetensors')


def test_foreign_file(tmp_path: Path) -> None:
    path = write(tmp_path, {'arg:fc_weight': np.ones((2, 2), np.float32)})
    with pytest.raises(ValueError, match=r'missing \d+ of .*the file has fc_weight'):
        import_msra_dff(path, tmp_path / 'x.safetensors')


def test_provenance(tmp_path: Path) -> None:
    output = tmp_path / 'x.safetensors'
    import_msra_dff(write(tmp_path, random_model(**NARROW)), output)
    provenance = load_weights(output).provenance
    assert provenance['licence'] == 'MIT' and len(provenance['sha256']) == 64
    assert provenance['command'] == 'impnet import-weights msra_dff'
