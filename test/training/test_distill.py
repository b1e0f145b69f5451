# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Distillation in seconds: its videos, its teacher, its losses, and a resumed training."""
from dataclasses import replace
from pathlib import Path

import cv2
from dense_network import Blobs, MirroredBlobs
from impnet_ros.cli import main
from impnet_ros.model.nanodet.detector import BINS, CHANNELS, CLASSES
from impnet_ros.model.nanodet.network import NanoDetNetwork
from impnet_ros.model.sight.pair_quality import PairQuality
from impnet_ros.model.weights import load_quality, load_weights
from impnet_ros.training.distill_losses import sequence_losses
from impnet_ros.training.distill_pieces import hold_back, make_pieces
from impnet_ros.training.distill_recipe import DistillRecipe
from impnet_ros.training.distill_scenes import (BACKDROPS, clip_pieces, moving_pictures, OBJECTS,
                                                spoil)
from impnet_ros.training.distill_teacher import CLASSES_KEPT, make_piece
from impnet_ros.training.distill_training import train
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
def network():
    """Give the default detector."""
    return NanoDetNetwork.load(torch.device('cpu'))


@pytest.fixture(scope='module')
def piece(pictures, network):
    """Give a piece of five frames."""
    video = moving_pictures(pictures, 5, np.random.default_rng(0))
    return make_piece(network, video, [spoil(video, np.random.default_rng(4))])


def test_videos_are_their_seed(pictures):
    one, two = (moving_pictures(pictures, 3, np.random.default_rng(7)) for _ in range(2))
    assert len(one) == 3 and one[0].shape == (352, 480, 3)
    assert all(np.array_equal(a, b) for a, b in zip(one, two))


def test_spoiling_leaves_some_frames_as_they_are(pictures):
    video = moving_pictures(pictures, 3, np.random.default_rng(7)) * 8
    kept = [a is b for a, b in zip(spoil(video, np.random.default_rng(0)), video)]
    assert 4 < sum(kept) < 22


def test_in_the_mirror_left_and_right_change_places(network):
    level = torch.zeros(1, CHANNELS, 2, 3)
    level[0, 7, 1, 0] = 1.0               # a class, in the leftmost column
    level[0, CLASSES + 4, 1, 0] = 2.0     # a bin of the left side, which come first
    level[0, CLASSES + BINS, 1, 0] = 3.0  # of the top
    back = network.mirrored(level, 0)
    assert back[0, 7, 1, 2] == 1.0 and back[0, CLASSES + 2 * BINS + 4, 1, 2] == 2.0
    assert back[0, CLASSES + BINS, 1, 2] == 3.0 and back.sum() == 6.0


def test_a_piece_shares_what_was_not_spoilt(piece):
    sharp, spoilt = piece.versions
    assert len(piece.teacher) == 5
    assert piece.teacher[0][0].shape[1] == CHANNELS and len(piece.classes) == CLASSES_KEPT
    for number in range(5):
        if sharp[0][number] is spoilt[0][number]:
            assert torch.equal(sharp[1][number][0], spoilt[1][number][0])


def test_losses_are_finite_and_reach_the_net(network, piece):
    quality = PairQuality()
    recipe = DistillRecipe(clips=(), segment_lengths=(1,))
    losses = sequence_losses(network, quality, piece, np.random.default_rng(0), recipe)
    (losses['classes'] + losses['boxes']).backward()
    last = quality.layers[-1]
    assert torch.isfinite(last.weight.grad).all() and last.weight.grad.abs().sum() > 0
    assert losses['classes'] >= 0 and losses['boxes'] >= 0


def test_what_the_teacher_says_costs_nothing(network, piece):
    as_told = replace(piece, versions=[(piece.versions[0][0], piece.teacher)])
    recipe = DistillRecipe(clips=(), segment_lengths=(1,))
    losses = sequence_losses(network, PairQuality(), as_told, np.random.default_rng(0), recipe)
    assert losses['alone'] == pytest.approx(0.0, abs=1e-5)


def test_a_training_cut_in_two_ends_as_one_that_was_not(tmp_path):
    blobs = Blobs()
    video = moving_ball(5)
    piece = make_piece(blobs, video, [spoil(video, np.random.default_rng(4))])
    path = tmp_path / 'piece.pt'
    torch.save(piece, path)
    recipe = DistillRecipe(clips=(), segment_lengths=(1, 2), frames=5, steps=4, batch_size=1)
    whole = train(recipe, blobs, [path], tmp_path / 'whole')
    train(recipe, blobs, [path], tmp_path / 'cut', until=2)
    again = train(recipe, blobs, [path], tmp_path / 'cut')
    for name, value in whole.state_dict().items():
        assert torch.allclose(value, again.state_dict()[name], rtol=0, atol=1e-6)  # rounding
    with pytest.raises(ValueError, match='one that differs in learning_rate; choose another'):
        train(replace(recipe, learning_rate=1.0), blobs, [path], tmp_path / 'cut')
    other = path.rename(tmp_path / 'other.pt')
    with pytest.raises(ValueError, match='one that differs in pieces; choose another'):
        train(recipe, blobs, [other], tmp_path / 'cut')


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
    ({'spoilt_versions': 0}, 'spoilt_versions: expected 1 or more, got 0'),
    ({'held_out': 1.0}, 'held_out: expected a share of 0 or more and below 1, got 1.0')])
def test_impossible_recipes(changes, message):
    with pytest.raises(ValueError, match=message):
        DistillRecipe(**{'clips': (), 'segment_lengths': (1, 8), **changes})


def test_nothing_to_learn_from(tmp_path):
    recipe = DistillRecipe(clips=(), segment_lengths=(1,), moving_pictures=0)
    with pytest.raises(ValueError, match='expected clips of 24 frames or more, or moving pict'):
        make_pieces(recipe, Blobs(), [], tmp_path, tmp_path / 'pieces')


def moving_ball(frames, size=(96, 128)):
    """Give a video of a red ball that rolls over grey texture."""
    rng = np.random.default_rng(1)
    ground = cv2.resize(rng.integers(60, 160, (12, 16), np.uint8), size[::-1])
    video = []
    for number in range(frames):
        image = np.repeat(ground[..., None], 3, axis=2)
        cv2.circle(image, (20 + 3 * number, 48), 18, (230, 20, 20), -1)
        video.append(image)
    return video


def write_folder(folder, video):
    """Write a folder of images."""
    folder.mkdir()
    for number, image in enumerate(video):
        cv2.imwrite(str(folder / f'{number}.png'), image[..., ::-1])
    return folder


def test_a_network_without_a_mirror_is_taught_without(tmp_path):
    video = moving_ball(3)
    plain, mirroring = Blobs(), MirroredBlobs()
    one, two = (make_piece(item, video, []) for item in (plain, mirroring))
    assert (plain.looks, mirroring.looks) == (3, 6)
    assert one.classes.tolist() == [0, 1] and one.best > 0.9
    # A picture's mirror image, mirrored back, says what the picture says.
    for a, b in zip(one.teacher, two.teacher):
        assert all(torch.allclose(x.float(), y.float(), atol=0.02) for x, y in zip(a, b))


def test_pieces_have_one_size_and_a_limit(tmp_path, capsys):
    small, large = moving_ball(5), moving_ball(9, (112, 128))
    folder = write_folder(tmp_path / 'mixed', [*small, *large])
    cut = list(clip_pieces(folder, 4))
    assert [number for number, _ in cut] == [0, 1, 2]
    assert [video[0].shape[0] for _, video in cut] == [96, 112, 112]
    assert np.array_equal(cut[1][1][0], large[0])
    assert [number for number, _ in clip_pieces(folder, 4, every=2)] == [0, 2]
    (folder / 'broken.png').write_bytes(b'no picture')
    assert len(list(clip_pieces(folder, 4))) == 3
    assert 'broken.png: expected a whole JPEG' in capsys.readouterr().err
    recipe = DistillRecipe(clips=(), segment_lengths=(1,), frames=4, moving_pictures=0,
                           most_pieces=2)
    made, none = make_pieces(recipe, Blobs(), [folder], tmp_path, tmp_path / 'pieces')
    assert len(made) == 2 and none == []
    again, _ = make_pieces(recipe, Blobs(), [folder], tmp_path, tmp_path / 'pieces')
    other, _ = make_pieces(replace(recipe, seed=1), Blobs(), [folder], tmp_path,
                           tmp_path / 'pieces')
    assert again == made and not {*other} & {*made}


def test_the_last_share_is_held_back():
    assert hold_back([1, 2, 3, 4, 5], 0.4) == ([1, 2, 3], [4, 5])
    assert hold_back([1, 2], 0.01) == ([1], [2]) == hold_back([1, 2], 0.99)
    assert hold_back([1], 0) == ([1], [])
    with pytest.raises(ValueError, match='expected two pieces or more .* got 1'):
        hold_back([1], 0.2)


@pytest.fixture(scope='module')
def own(tmp_path_factory):
    """Give a recipe and somebody's own videos."""
    folder = tmp_path_factory.mktemp('own')
    recipe = folder / 'recipe.yaml'
    recipe.write_text('clips: []\nmoving_pictures: 0\nframes: 6\nsteps: 8\nbatch_size: 1\n'
                      'segment_lengths: [1, 2]\nlicence: MIT\n')
    return ['distil', str(recipe), '--clips', str(write_folder(folder / 'a', moving_ball(18))),
            str(write_folder(folder / 'b', moving_ball(12)))]


def test_a_better_memory_is_kept_and_can_be_used(own, tmp_path, capsys):
    arguments = ['--model', 'dense_network:Stubborn', '--output', str(tmp_path)]
    assert main([*own, *arguments]) == 0
    said = capsys.readouterr().out
    assert 'held out: 1 pieces; loss against the teacher 0.' in said
    assert 'with the N_q that it has' in said and 'better on 1 of 1' in said
    path = tmp_path / 'my_blobs_memory.safetensors'
    assert f'kept: {path}' in said
    provenance = load_weights(path).provenance
    assert provenance['recipe']['clips'] == ['a', 'b'] and provenance['licence'] == 'MIT'
    assert provenance['recipe']['model'] == 'dense_network:Stubborn'
    blobs = Blobs()
    blobs.quality = load_quality(path)
    levels = [blobs.features(blobs.prepare(image)) for image in moving_ball(2)]
    assert all(0 <= item.min() and item.max() <= 1 for item in blobs.weights(*levels))
    assert main([*own, *arguments]) == 0  # trained already: the same again
    assert capsys.readouterr().out.splitlines()[-1] == said.splitlines()[-1]


def test_a_memory_that_is_no_better_is_not_kept(own, tmp_path, capsys):
    recipe = tmp_path / 'recipe.yaml'
    recipe.write_text(Path(own[1]).read_text().replace('steps: 8', 'steps: 1')
                      + 'learning_rate: 1e-30\n')
    arguments = ['--model', 'dense_network:Blobs', '--output', str(tmp_path / 'out')]
    assert main(['distil', str(recipe), *own[2:], *arguments]) == 0
    said = capsys.readouterr().out
    assert 'with the rule, as it has no N_q,' in said and 'better on 0 of 1' in said
    assert 'not kept' in said and not list((tmp_path / 'out').glob('*.safetensors'))


@pytest.mark.parametrize(('model', 'message'), [
    ('dense_network:BoxesOnly', 'expected one whose features can be carried'),
    ('dense_network:Silent', 'got no score above 0.2 of model'),
    ('tiny', 'expected levels with facts of the picture')])
def test_networks_that_cannot_be_taught(own, tmp_path, capsys, model, message):
    assert main([*own, '--model', model, '--output', str(tmp_path)]) == 2
    assert message in capsys.readouterr().err


def test_a_file_that_is_no_memory(tmp_path):
    shipped = Path(__file__).parents[2] / 'impnet_ros/weights'
    assert load_quality(shipped / 'nanodet_g_memory.safetensors').hidden == 24
    with pytest.raises(ValueError, match='expected N_q as `impnet distil` writes it'):
        load_quality(shipped / 'nanodet_g.safetensors')
