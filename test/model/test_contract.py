# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the base gives a network, with maps and flows worked out by hand."""
import math

from impnet_ros.config import StreamConfig
from impnet_ros.model.contract import Network
from impnet_ros.model.levels import Flow, Levels
from impnet_ros.model.sight import pair_quality
from impnet_ros.model.sight.pair_quality import ASTRAY, FACTS
from impnet_ros.stream.engine import Engine
from impnet_ros.stream.types import Frame
from impnet_ros.threads import on_threads
import numpy as np
import pytest
import torch

ZERO = torch.zeros(1, 2, 4, 8)


class Plain(Network):
    """Two levels; finds nothing."""

    name = 'plain'
    class_names = ('any',)
    strides = (8, 16)

    def features(self, picture):
        return self.levels_of(picture, [torch.zeros(1, 3, *size) for size in self.cells(picture)])

    def task(self, levels, flow, detection):
        return torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.long)


def noise(height=60, width=124, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def test_a_contract_must_be_fulfilled():
    class Half(Plain):
        task = Network.task

    with pytest.raises(TypeError, match='abstract'):
        Half()


def test_levels_and_flow_fit_the_picture():
    """Of 60 x 124 pixels 8 x 16 cells of 8 and 4 x 8 cells of 16, the last ones not full."""
    network = Plain()
    picture = network.prepare(noise())
    assert picture.size == picture.image_size == (60, 124)
    assert network.cells(picture) == [(8, 16), (4, 8)]
    levels, flow = network.features(picture), network.flow(picture, picture)
    assert levels.image_size == (60, 124)
    sizes = [(8, 16), (4, 8)]
    assert [tuple(item.shape) for item in levels.facts] == [(1, FACTS, *size) for size in sizes]
    assert [tuple(item.shape) for item in flow.levels] == [(1, 2, *size) for size in sizes]
    assert flow.scale is None and flow.dense.grey.shape == (30, 62)
    assert len(network.flows([picture, picture, picture], picture)) == 3


@pytest.mark.parametrize('mode, asked', [('per_frame', 0), ('sparse', 0), ('impression', 3)])
def test_facts_are_made_only_for_who_asks(mode, asked, monkeypatch):
    pictures = []

    def facts(grey, sizes, device):
        pictures.append(grey)
        return [torch.zeros(1, FACTS, *size) for size in sizes]

    monkeypatch.setattr(pair_quality, 'picture_facts', facts)
    engine = Engine(Plain(), StreamConfig(mode=mode, segment_length=1, box_memory=False))
    state = engine.reset()
    for index in range(3):
        _, state = engine.step(Frame(noise(), index / 10), state)
    assert len(pictures) == asked


def test_a_network_of_one_size_says_so():
    with pytest.raises(ValueError, match='plain: takes pictures of one size, got side 320'):
        Plain().prepare(noise(), 320)
    with pytest.raises(ValueError, match=r'expected uint8 \(H, W, 3\), got float32'):
        Plain().prepare(noise().astype(np.float32))


def test_propagation_carries_maps_and_facts_and_notes_the_journey():
    """One cell to the right: zeros come in; the journey is one more, its way a cell."""
    network = Plain()
    picture = network.prepare(noise())
    levels = network.features(picture)
    ones = Levels(tuple(item + 1 for item in levels.maps), (60, 124), levels.facts)
    still = network.flow(picture, picture)
    carried = network.propagate(ones, still)
    assert all(torch.allclose(item, torch.ones(())) for item in carried.maps)
    for before, after in zip(levels.facts, carried.facts):
        torch.testing.assert_close(after[:, :4], before[:, :4])
        assert after[:, 4].unique().tolist() == [1] and float(after[:, 5].max()) < 0.1
    right = Flow(tuple(torch.stack((torch.ones(size), torch.zeros(size)))[None]
                       for size in network.cells(picture)))
    moved = network.propagate(ones, right)
    for item in moved.maps:
        assert item[..., :-1].unique().tolist() == [1] and item[..., -1].unique().tolist() == [0]
    assert moved.facts[0][:, 4].unique().tolist() == [0]  # a learned flow tells no journey
    assert moved.image_size == (60, 124)


def test_a_learned_scale_multiplies_what_is_carried():
    levels = Levels((torch.full((1, 3, 4, 8), 2.0),), (64, 128))
    assert Plain().propagate(levels, Flow((ZERO,), torch.tensor(3.0))).maps[0].unique() == 6


def test_mismatch_follows_the_flow_on_a_grid_of_its_own():
    """A shift of 16 pixels: one cell of level 16, two of the grid of 8, on which it is told."""
    network = Plain()
    network.strides = (16,)
    wide = np.kron(noise(4, 10), np.ones((16, 16, 1), np.uint8))
    key, picture = (network.prepare(np.ascontiguousarray(wide[:, start:start + 128]))
                    for start in (16, 0))
    true = torch.zeros(1, 2, 4, 8)
    true[:, 0] = -1.0
    none, explained = (network.mismatch(picture, key, Flow((item,))) for item in (ZERO, true))
    assert none.shape == explained.shape == (1, 1, 8, 16)
    assert float(none.mean()) > 0.1 and float(explained[..., 4:].max()) < 0.05


def test_trust_falls_with_what_went_astray():
    """Half a cell: 4 pixels at stride 8 leave 1 / e; 8 at stride 16 e^-4. Without facts: all."""
    facts = tuple(torch.zeros(1, FACTS, 1, 1) for _ in range(2))
    for item in facts:
        item[:, ASTRAY] = 0.5
    maps = tuple(torch.zeros(1, 3, 1, 1) for _ in range(2))
    found = Plain().trust(Levels(maps, (8, 8), facts))
    assert [float(item) for item in found] == pytest.approx([math.exp(-1), math.exp(-4)])
    assert [float(item) for item in Plain().trust(Levels(maps, (8, 8)))] == [1, 1]


def test_weights_go_by_the_pictures_unless_a_quality_was_learned():
    """The same picture twice: a half by rule; otherwise what N_q says, a level at a time."""
    network = Plain()
    levels = network.features(network.prepare(noise()))
    for weight in network.weights(levels, levels):
        torch.testing.assert_close(weight, torch.full_like(weight, 0.5))
    asked = []
    network.quality = lambda old, new, before, after, number: asked.append(
        (old.shape[1], before.shape[1], number))
    network.weights(levels, levels)
    assert asked == [(1, FACTS, 0), (1, FACTS, 1)]


def test_clarity_is_of_the_picture():
    sharp = np.kron(noise(8, 16), np.ones((8, 8, 1), np.uint8))
    flat = np.full_like(sharp, 90)
    network = Plain()
    clear, dull = (network.clarity(network.prepare(item)) for item in (sharp, flat))
    assert clear > dull + 3 and dull == pytest.approx(math.log(0.1))


def test_a_spare_thread_where_there_is_one():
    network = Plain()
    with on_threads(1):
        assert network.spare_thread is None
    with on_threads(2):
        assert network.spare_thread is not None
        network.device = torch.device('cuda')
        assert network.spare_thread is None
