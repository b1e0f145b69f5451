# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Training: exact resume, accumulation, frozen parts, processes."""
from contextlib import nullcontext
import csv
from dataclasses import replace
import os
from pathlib import Path
import subprocess
import sys

from impnet_ros.data.sprites import SpriteConfig, SpriteSet
from impnet_ros.data.triplets import TripletSet
from impnet_ros.model.paper.checkpoint import load_checkpoint
from impnet_ros.threads import on_threads
from impnet_ros.training import loop
from impnet_ros.training.batches import Batch, collate
from impnet_ros.training.loop import start_network, train
from impnet_ros.training.processes import Process
from impnet_ros.training.recipe import load_recipe, recipe_from
from impnet_ros.training.training_forward import TrainingForward
from impnet_ros.training.variants import task_feature
import pytest
from small_recipe import SMALL, small_batch, small_gradients, start_small
import torch
import yaml


@pytest.fixture(autouse=True)
def one_thread():
    with on_threads(1):
        yield


def tensors(path):
    return load_checkpoint(path).state_dict()


def test_a_killed_training_goes_on_as_if_nothing_had_happened(tmp_path):
    recipe = recipe_from({**SMALL, 'seed': 3})
    whole = tensors(train(recipe, tmp_path / 'whole', 'cpu', progress=False))
    assert train(recipe, tmp_path / 'parts', 'cpu', progress=False, stop_after=2) is None
    parts = tensors(train(recipe, tmp_path / 'parts', 'cpu', progress=False))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    rows = [list(csv.DictReader((tmp_path / name / 'log.csv').open()))
            for name in ('whole', 'parts')]
    assert [row['loss'] for row in rows[0]] == [row['loss'] for row in rows[1]]
    assert [row['iteration'] for row in rows[1]] == ['1', '2', '3', '4']
    with pytest.raises(ValueError, match='differs in seed'):
        train(recipe_from({**SMALL, 'seed': 4}), tmp_path / 'parts', 'cpu', progress=False)


def test_what_decides_nothing_may_change_and_what_does_may_not(tmp_path, monkeypatch):
    recipe = recipe_from({**SMALL, 'iterations': 2})
    train(recipe, tmp_path, 'cpu', progress=False, stop_after=1)
    again = replace(recipe, save_every=7, log_every=5)
    train(again, tmp_path, 'cpu', progress=False, stop_after=1)
    monkeypatch.setattr(loop, 'joined_processes',
                        lambda device: nullcontext(Process(0, 2, torch.device('cpu'))))
    with pytest.raises(ValueError, match='differs in processes'):
        train(recipe, tmp_path, 'cpu', progress=False)


@pytest.mark.parametrize('content', [b'', b'PK not what it was'])
def test_a_damaged_state_is_named(tmp_path, content):
    (tmp_path / 'training_state.pt').write_bytes(content)
    with pytest.raises(ValueError, match='training_state.pt: expected the state .* damaged'):
        train(recipe_from(SMALL), tmp_path, 'cpu', progress=False)


def test_a_training_that_diverges_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, '_MOST_LOST', 2)
    recipe = recipe_from({**SMALL, 'optimiser': 'sgd', 'learning_rate': 1e9, 'iterations': 20})
    with pytest.raises(ValueError, match='gradient: expected a finite one, got none in 2 steps'):
        train(recipe, tmp_path, 'cpu', progress=False)


def test_devices_that_are_not_there(tmp_path):
    with pytest.raises(ValueError, match="device: expected auto, cpu, cuda or cuda:n, got 'tpu'"):
        train(recipe_from(SMALL), tmp_path, 'tpu', progress=False)
    with pytest.raises(ValueError, match="'cuda:99' was asked for"):
        train(recipe_from(SMALL), tmp_path, 'cuda:99', progress=False)


def test_training_reduces_the_loss(tmp_path):
    recipe = recipe_from({**SMALL, 'iterations': 30, 'learning_rate': 3e-3, 'drops': [],
                          'network': {**SMALL['network'], 'frozen_norm': False}})
    train(recipe, tmp_path, 'cpu', progress=False)
    losses = [float(row['loss']) for row in csv.DictReader((tmp_path / 'log.csv').open())]
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])


def test_accumulated_gradients_are_those_of_the_whole_batch():
    forward = TrainingForward(start_small(), 'impression').train()
    whole = small_gradients(forward, [0, 1])
    parts = small_gradients(forward, [0], [1])
    assert set(whole) == set(parts)
    for name in whole:
        assert torch.allclose(whole[name], parts[name], rtol=1e-3, atol=1e-6), name


@pytest.mark.parametrize('variant, moving, fixed', [
    ('impression', ('backbone', 'flow_net', 'scale_map', 'quality_net', 'head'), ()),
    ('average', ('backbone', 'flow_net', 'scale_map', 'head'), ('quality_net',)),
    ('sparse', ('backbone', 'flow_net', 'scale_map', 'head'), ('quality_net',)),
    ('per_frame', ('backbone', 'head'), ('flow_net', 'scale_map', 'quality_net')),
    ('not_end_to_end', ('quality_net', 'head'), ('backbone', 'flow_net', 'scale_map'))])
def test_what_each_variant_trains(variant, moving, fixed):
    found = small_gradients(TrainingForward(start_small(), variant).train(), [0, 1])
    changed = {name.split('.')[1] for name, grad in found.items() if grad.abs().sum() > 0}
    assert changed == set(moving)
    assert not changed & set(fixed)
    assert not any('conv1.weight' in name and 'trunk.conv1' in name for name in found)


def test_aggregation_of_equal_frames_is_the_frame_itself():
    recipe = recipe_from({**SMALL, 'variant': 'fgfa',
                          'network': {**SMALL['network'], 'embedding_width': 4}})
    network = start_network(recipe).eval()
    torch.nn.init.zeros_(network.flow_net.predict_flow2.weight)  # no flow: nothing moves
    batch = small_batch([0])
    same = Batch(batch.current, batch.current, batch.current, batch.still, batch.boxes,
                 batch.labels)
    assert torch.allclose(task_feature(network, same, 'fgfa'),
                          task_feature(network, same, 'per_frame'), atol=1e-5)
    forward = TrainingForward(network, 'fgfa').train()
    changed = {name.split('.')[1] for name, grad in small_gradients(forward, [0]).items()
               if grad.abs().sum() > 0}
    assert changed == {'backbone', 'flow_net', 'scale_map', 'head', 'embedding_net'}


def test_still_pictures_bypass_warp_and_fusion():
    network = start_small().eval()
    stills = SpriteSet(30, 1, SpriteConfig(height=64, width=64, frames=1))
    batch = collate([TripletSet([stills], 10, 0)[0, 3]])
    assert batch.still.all()
    expected = task_feature(network, batch, 'per_frame')
    for variant in ('sparse', 'average', 'impression'):
        assert torch.allclose(task_feature(network, batch, variant), expected, atol=1e-5)


def test_average_is_impression_with_equal_weights():
    network = start_small().eval()
    torch.nn.init.zeros_(network.quality_net[-1].weight)
    batch = small_batch([0, 1])
    assert torch.allclose(task_feature(network, batch, 'average'),
                          task_feature(network, batch, 'impression'), atol=1e-6)


def test_start_weights_must_fit(tmp_path):
    weights = train(recipe_from({**SMALL, 'iterations': 1}), tmp_path, 'cpu', progress=False)
    start = {**SMALL, 'start': str(weights)}
    assert torch.equal(start_network(recipe_from(start)).state_dict()['head.rfcn.cls.weight'],
                       tensors(weights)['head.rfcn.cls.weight'])
    wrong = {**start, 'network': {**SMALL['network'], 'channels': 64}}
    with pytest.raises(ValueError, match='start: expected tensors of the network'):
        start_network(recipe_from(wrong))


def test_two_processes_give_the_gradients_of_one(tmp_path):
    worker = Path(__file__).parents[1] / 'support' / 'gradients_of_a_process.py'
    root = str(worker.parents[2])
    result = subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2',
         str(worker), str(tmp_path)], capture_output=True, text=True, timeout=120,
        env={**os.environ, 'PYTHONPATH': root, 'OMP_NUM_THREADS': '1'})
    assert result.returncode == 0, result.stderr[-2000:]
    alone = small_gradients(TrainingForward(start_small(), 'impression').train(), [0, 1])
    for rank in range(2):
        shared = torch.load(tmp_path / f'{rank}.pt', weights_only=True)
        assert set(shared) == set(alone)
        for name in alone:
            assert torch.allclose(shared[name], alone[name], rtol=1e-3, atol=1e-6), name


def test_two_processes_train_as_one_that_accumulates(tmp_path):
    """Pictures are large enough that anchors are drawn at random (256 of 1536)."""
    recipe = tmp_path / 'recipe.yaml'
    recipe.write_text(yaml.safe_dump({
        **SMALL, 'network': {**SMALL['network'], 'short_side': 256, 'long_side': 256},
        'data': [{'kind': 'sprites', 'videos': 4, 'size': 256, 'frames': 12}],
        'batch_size': 1, 'iterations': 2}))
    alone = train(load_recipe(recipe, {'accumulate': 2}), tmp_path / 'one', 'cpu', progress=False)
    result = subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2',
         '-m', 'impnet_ros.cli', 'train', str(recipe), '--output', str(tmp_path / 'two'),
         '--device', 'cpu', '--quiet'], capture_output=True, text=True, timeout=120,
        env={**os.environ, 'OMP_NUM_THREADS': '1'})
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout.count('weights: ') == 1
    one, two = tensors(alone), tensors(tmp_path / 'two' / 'weights.safetensors')
    for name, value in one.items():
        assert torch.allclose(value, two[name], rtol=1e-5, atol=1e-7), name
    logs = [list(csv.DictReader((tmp_path / name / 'log.csv').open())) for name in ('one', 'two')]
    for one, two in zip(*logs, strict=True):
        assert float(one['loss']) == pytest.approx(float(two['loss']), rel=1e-4)


def test_mixed_precision_trains(tmp_path):
    recipe = recipe_from({**SMALL, 'precision': 'bf16', 'iterations': 2})
    state = tensors(train(recipe, tmp_path, 'cpu', progress=False))
    assert all(item.dtype != torch.bfloat16 and torch.isfinite(item.float()).all()
               for item in state.values())
