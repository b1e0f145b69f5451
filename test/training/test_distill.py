# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Distillation in seconds: its videos, its teacher, its losses, and a resumed training."""
from dataclasses import replace
from pathlib import Path

import cv2
from impnet_ros.model.nanodet.detector import BINS, CLASSES
from impnet_ros.model.nanodet.network import NanoDetNetwork
from impnet_ros.model.sight.pair_quality import PairQuality
from impnet_ros.training.distill import make_pieces, train
from impnet_ros.training.distill_losses import sequence_losses
from impnet_ros.training.distill_recipe import DistillRecipe
from impnet_ros.training.distill_scenes import BACKDROPS, moving_pictures, OBJECTS, spoil
from impnet_ros.training.distill_teacher import _mirrored, CLASSES_KEPT, make_piece
import numpy as np
import pytest
import torch

RECIPE = Path(__file__).parents[2] / 'config/distillation/nanodet_g_memory.yaml'


@pytest.fixture(scope='module')
def pictures(tmp_path_factory):
    """Give a folder of textures under the names of the pictures."""
    folder = tmp_path_factory.mktemp('pictures')
    for number, name in enumerate({*OBJECTS, *BACKDROPS}):
        coarse = np.random.default_rng(number).integers(0, 256, (32, 44, 3), np.uint8)
        cv2.imwrite(str(folder / name), cv2.resize(coarse, (704, 512)))
    return folder


@pytest.fixture(scope='module')
def piece(pictures):
    """Give a piece of five frames."""
    video = moving_pictures(pictures, 5, np.random.default_rng(0))
    network = NanoDetNetwork.load(torch.device('cpu'))
    return make_piece(network, video, [spoil(video, np.random.default_rng(4))])


def test_videos_are_their_seed(pictures):
    one, two = (moving_pictures(pictures, 3, np.random.default_rng(7)) for _ in range(2))
    assert len(one) == 3 and one[0].shape == (352, 480, 3)
    assert all(np.array_equal(a, b) for a, b in zip(one, two))


def test_spoiling_leaves_some_frames_as_they_are(pictures):
    video = moving_pictures(pictures, 3, np.random.default_rng(7)) * 8
    kept = [a is b for a, b in zip(spoil(video, np.random.default_rng(0)), video)]
    assert 4 < sum(kept) < 22


@torch.inference_mode()
def test_a_symmetric_image_is_seen_alike_in_the_mirror():
    network = NanoDetNetwork.load(torch.device('cpu'))
    coarse = np.random.default_rng(0).integers(0, 256, (12, 6, 3), np.uint8)
    half = cv2.resize(coarse, (208, 416))
    whole = np.ascontiguousarray(np.concatenate((half, half[:, ::-1]), axis=1))
    for level, mirrored in zip(network.features(network.prepare(whole)).maps,
                               _mirrored(network, whole)):
        left, right = (slice(CLASSES + side * BINS, CLASSES + (side + 1) * BINS)
                       for side in (0, 2))
        assert torch.allclose(level[:, right].flip(3), mirrored[:, left], atol=1e-3)
        assert torch.allclose(level[:, :CLASSES].flip(3), mirrored[:, :CLASSES], atol=1e-3)


def test_a_piece_shares_what_was_not_spoilt(piece):
    sharp, spoilt = piece.versions
    assert len(piece.teacher) == 5
    assert piece.teacher[0][0].shape[1] == CLASSES_KEPT + 4 * BINS
    for number in range(5):
        if sharp[0][number] is spoilt[0][number]:
            assert torch.equal(sharp[1][number][0], spoilt[1][number][0])


def test_losses_are_finite_and_reach_the_net(piece):
    quality = PairQuality()
    recipe = DistillRecipe(clips=(), segment_lengths=(1,))
    losses = sequence_losses(quality, piece, np.random.default_rng(0), recipe)
    (losses['classes'] + losses['boxes']).backward()
    last = quality.layers[-1]
    assert torch.isfinite(last.weight.grad).all() and last.weight.grad.abs().sum() > 0
    assert losses['classes'] >= 0 and losses['boxes'] >= 0


def test_a_training_cut_in_two_ends_as_one_that_was_not(piece, tmp_path):
    path = tmp_path / 'piece.pt'
    torch.save(piece, path)
    recipe = DistillRecipe(clips=(), segment_lengths=(1, 2), frames=5, steps=4, batch_size=1)
    whole = train(recipe, [path], tmp_path / 'whole')
    train(recipe, [path], tmp_path / 'cut', until=2)
    again = train(recipe, [path], tmp_path / 'cut')
    for name, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])
    with pytest.raises(ValueError, match='one that differs in learning_rate; choose another'):
        train(replace(recipe, learning_rate=1.0), [path], tmp_path / 'cut')


def test_recipe_is_checked(tmp_path):
    assert DistillRecipe.load(RECIPE).segment_lengths[0] == 1
    wrong = tmp_path / 'wrong.yaml'
    wrong.write_text('clips: []\nsegment_lengths: [1]\nsteep: 3\n')
    with pytest.raises(ValueError, match="got \\['steep'\\]"):
        DistillRecipe.load(wrong)
    wrong.write_text('clips: []\n')
    with pytest.raises(ValueError, match="expected the fields \\['segment_lengths'\\] too"):
        DistillRecipe.load(wrong)
    for text, message in (
            ('- 1', 'expected a mapping'), ('clips: []\nsegment_lengths: 4', 'a list'),
            ('clips: [1]\nsegment_lengths: [1]', 'clips: expected names of files'),
            ('clips: []\nsegment_lengths: [a]', 'segment_lengths: expected lengths'),
            ('clips: []\nsegment_lengths: [1]\nframes: x', 'a value like 24')):
        wrong.write_text(text)
        with pytest.raises(ValueError, match=message):
            DistillRecipe.load(wrong)


@pytest.mark.parametrize(('changes', 'message'), [
    ({'frames': 15}, 'frames: expected 16 or more, .* got 15'),
    ({'segment_lengths': ()}, 'segment_lengths: expected lengths of 1 or more, got'),
    ({'segment_lengths': (0, 1)}, 'segment_lengths: expected lengths of 1 or more, got'),
    ({'moving_pictures': -1}, 'moving_pictures: expected 0 or more, got -1'),
    ({'box_share': -1.0}, 'box_share: expected 0 or more, got -1.0'),
    ({'learning_rate': -1.0}, 'learning_rate: expected more than 0, got -1.0'),
    ({'most_keys': 1}, 'most_keys: expected 2 or more, got 1'),
    ({'spoilt_versions': 0}, 'spoilt_versions: expected 1 or more, got 0')])
def test_impossible_recipes(changes, message):
    with pytest.raises(ValueError, match=message):
        DistillRecipe(**{'clips': (), 'segment_lengths': (1, 8), **changes})


def test_nothing_to_learn_from_and_pieces_of_another_recipe(piece, tmp_path):
    recipe = DistillRecipe(clips=(), segment_lengths=(1,), moving_pictures=0)
    with pytest.raises(ValueError, match='expected clips of 24 frames or more, or moving pict'):
        make_pieces(recipe, tmp_path, tmp_path, tmp_path / 'pieces')
    torch.save(piece, tmp_path / 'piece.pt')
    with pytest.raises(ValueError, match='expected 24 frames, as the recipe says, got 5'):
        train(recipe, [tmp_path / 'piece.pt'], tmp_path)
