# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Recipes: what is shipped is read, what is wrong is named."""
from pathlib import Path

from impnet_ros.data.export_vid import export_vid
from impnet_ros.data.sprites import SpriteConfig, SpriteSet
from impnet_ros.training.optimisers import learning_rate
from impnet_ros.training.recipe import load_recipe, recipe_from
import pytest
from small_recipe import SMALL

RECIPES = Path(__file__).parents[2] / 'config' / 'recipes'


def test_the_papers_recipes():
    one, other = (load_recipe(RECIPES / f'impression_r101_vid_{name}.yaml')
                  for name in ('8gpu', 'accumulate'))
    assert one.iterations == 120_000 and one.drops == (70_000,)
    assert (one.optimiser, one.momentum, one.weight_decay) == ('sgd', 0.9, 5e-4)
    assert one.network.blocks == (3, 4, 23, 3) and one.network.short_side == 600
    assert [item.kind for item in one.data] == ['vid', 'det']
    assert 8 * one.batch_size * one.accumulate == other.batch_size * other.accumulate == 8
    assert learning_rate(one, 0) == learning_rate(one, 69_999) == 1e-3
    assert learning_rate(one, 70_000) == pytest.approx(1e-4)


def test_all_shipped_recipes_are_read():
    paths = sorted(RECIPES.glob('*.yaml'))
    assert len(paths) >= 3
    for path in paths:
        assert load_recipe(path).iterations >= 1


def test_warm_up_and_drops():
    recipe = recipe_from({**SMALL, 'learning_rate': 1.0, 'warm_up': 3, 'drops': [10, 20]})
    rates = [learning_rate(recipe, iteration) for iteration in (0, 1, 3, 9, 10, 20)]
    assert rates == pytest.approx([0.25, 0.5, 1.0, 1.0, 0.1, 0.01])


@pytest.mark.parametrize('change, message', [
    ({'colour': 1}, 'fields: expected some of .* got .*colour'),
    ({'data': []}, 'data: expected at least one source'),
    ({'data': [{'kind': 'films'}]}, 'kind: expected one of sprites, vid, det'),
    ({'data': [{'kind': 'vid'}]}, 'root: expected a folder for vid and det'),
    ({'data': [{'kind': 'sprites', 'speedy': 1}]}, 'data: expected a mapping with kind'),
    ({'data': [{'kind': 'sprites', 'names': ['a']}]}, 'names: expected none for sprites, got'),
    ({'data': [{'kind': 'vid', 'root': 'x', 'names': 'cat'}]}, "list of class names, got 'cat'"),
    ({'data': [{'kind': 'vid', 'root': 'x', 'names': None}]}, 'list of class names, got None'),
    ({'network': {'depth': 3}}, 'depth'),
    ({'network': 'tiny'}, 'network: expected a mapping'),
    ({'variant': 'magic'}, 'variant: expected one of impression, average'),
    ({'learning_rate': 'fast'}, 'learning_rate: expected a number'),
    ({'iterations': 0}, 'iterations: expected >= 1, got 0'),
    ({'warm_up': -1}, 'warm_up: expected >= 0, got -1'),
    ({'largest_gradient': -1}, 'largest_gradient: expected >= 0, got -1'),
    ({'momentum': 2}, 'momentum: expected 0 <= momentum < 1, got 2'),
    ({'seed': -1}, 'seed: expected >= 0, got -1'),
    ({'drops': [-5]}, 'drops: expected iterations >= 0'),
    ({'drops': ['x']}, "drops: expected a value like 70000, got 'x'"),
    ({'network': {'width': 'abc'}}, "network: width: expected a value like 64, got 'abc'"),
    ({'network': {'blocks': 3}}, 'network: blocks: expected a list, got 3'),
    ({'network': {'blocks': [1, 1, 1]}}, 'blocks: expected 4 numbers >= 1'),
    ({'network': {'anchor_scales': []}}, 'anchor_scales: expected numbers > 0'),
    ({'network': {'pixel_deviation': [0, 0, 0]}}, 'pixel_deviation: expected 3 numbers > 0'),
    ({'network': {'frozen_norm': 1}}, 'frozen_norm: expected a value like True, got 1'),
    ({'data': [{'kind': 'sprites', 'size': 'big'}]}, 'data: size: expected a value like 128'),
    ({'data': [{'kind': 'vid', 'root': 5}]}, 'data: root: expected a value like'),
    ({'iterations': 1.5}, 'iterations: expected a value like 120000, got 1.5'),
    ({'precision': 'fp8'}, 'precision: expected one of fp32, bf16, fp16')])
def test_wrong_recipes_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        recipe_from({**SMALL, **change})


def test_files_that_are_no_recipes(tmp_path):
    with pytest.raises(ValueError, match='no such file'):
        load_recipe(tmp_path / 'none.yaml')
    (tmp_path / 'list.yaml').write_text('- 1')
    with pytest.raises(ValueError, match='expected a mapping in'):
        load_recipe(tmp_path / 'list.yaml')
    (tmp_path / 'broken.yaml').write_text('a: [')
    with pytest.raises(ValueError, match='expected YAML'):
        load_recipe(tmp_path / 'broken.yaml')
    (tmp_path / 'bytes.yaml').write_bytes(b'\xff\xfe\x00')
    with pytest.raises(ValueError, match='expected YAML, got .*bytes.yaml'):
        load_recipe(tmp_path / 'bytes.yaml')
    with pytest.raises(ValueError, match=r'expected a file, got .* \(a folder\)'):
        load_recipe(tmp_path)


def test_classes_of_data_and_network_must_agree(tmp_path):
    """Sprites in the VID layout have names where ImageNet has synsets; the recipe says so."""
    export_vid(SpriteSet(2, 5, SpriteConfig(64, 64, 4)), tmp_path, 'train')
    mine = recipe_from({**SMALL, 'data': [{'kind': 'vid', 'root': str(tmp_path),
                                           'names': list(SpriteSet.class_names)}]})
    videos = mine.data[0].load(mine.network.class_names)
    assert len(videos) == 2 and len(videos[0].truth(0).labels) > 0
    theirs = recipe_from({**SMALL, 'data': [{'kind': 'vid', 'root': str(tmp_path)}]})
    with pytest.raises(ValueError, match=f"expected those of {tmp_path}, .*'airplane'"):
        theirs.data[0].load(theirs.network.class_names)
    sprites = recipe_from(SMALL).data[0]
    with pytest.raises(ValueError, match="expected those of sprites, .*got \\['thing'\\]"):
        sprites.load(('thing',))
