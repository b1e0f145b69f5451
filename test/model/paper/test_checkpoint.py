# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of the paper's network."""
from pathlib import Path

from impnet_ros.model.network import load_network
from impnet_ros.model.paper.checkpoint import save_checkpoint
from impnet_ros.model.paper.presets import tiny
from impnet_ros.model.weights import load_weights, save_weights, Weights
import pytest
import torch


def test_round_trip(tmp_path: Path) -> None:
    net = tiny(class_names=('cat', 'dog'), flow='dis', pixel_mean=(1.0, 2.0, 3.0))
    path = tmp_path / 'net.safetensors'
    save_checkpoint(path, net, {'source': 'a test'})
    again = load_network(str(path), 'cpu')
    assert again.config == net.config and again.class_names == ('cat', 'dog')
    assert load_weights(path).provenance == {'source': 'a test'}
    for name, value in net.state_dict().items():
        assert value.equal(again.state_dict()[name])


def test_missing_and_foreign_tensors_are_named(tmp_path: Path) -> None:
    path = tmp_path / 'net.safetensors'
    save_checkpoint(path, tiny(), {})
    weights = load_weights(path)
    tensors = {**weights.tensors, 'foreign': torch.zeros(3)}
    del tensors['head.rpn.cls_score.bias']
    save_weights(path, Weights(tensors, weights.config, {}))
    with pytest.raises(ValueError, match='missing head.rpn.cls_score.bias; unexpected foreign'):
        load_network(str(path), 'cpu')


def test_another_models_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / 'other.safetensors'
    save_weights(path, Weights({}, {'model': 'other'}, {}))
    with pytest.raises(ValueError, match="expected model 'impression', got 'other'"):
        load_network(str(path), 'cpu')


def test_unknown_settings(tmp_path: Path) -> None:
    path = tmp_path / 'new.safetensors'
    save_weights(path, Weights({}, {'model': 'impression', 'network': {'depth': 3}}, {}))
    with pytest.raises(ValueError, match='depth'):
        load_network(str(path), 'cpu')


def test_no_such_file() -> None:
    with pytest.raises(ValueError, match='no file'):
        load_network('/nowhere/net.safetensors', 'cpu')
