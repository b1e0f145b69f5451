# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The reproduction: its arithmetic by hand, and a very small run from end to end."""
import json
from pathlib import Path

from impnet_ros.cli import main
from impnet_ros.evaluation.matching import FrameBoxes
from impnet_ros.evaluation.predict import VideoResult
from impnet_ros.model.paper.checkpoint import load_checkpoint, save_checkpoint
from impnet_ros.model.paper.network import ImpressionNetwork
from impnet_ros.reproduction.document import write_document
from impnet_ros.reproduction.figures import contributions
from impnet_ros.reproduction.other_flow import photographs, with_other_flow
from impnet_ros.reproduction.plan import FULL, held_out, METHODS, NETWORK, QUICK, training_data
from impnet_ros.reproduction.predictions import load_found, load_key_weights, save_results
from impnet_ros.reproduction.settings import stream_settings
import numpy as np
import pytest

DOCS = Path(__file__).parents[2] / 'docs'


@pytest.mark.parametrize('gate, shares', [
    (0.0, [0.5, 0.5, 0.0]), (0.25, [0.5, 0.4375, 0.054688, 0.006836]),
    (0.5, [0.5, 0.375, 0.09375, 0.023438]), (0.75, [0.5, 0.3125, 0.117188, 0.043945]),
    (1.0, [0.5, 0.25, 0.125, 0.0625, 0.03125])])
def test_contributions_of_past_key_frames(gate, shares):
    assert contributions(gate, len(shares)) == pytest.approx(shares, abs=1e-6)


def test_settings_cover_the_paper():
    settings = stream_settings('d', FULL)
    assert {settings[f'key_{offset}'].key_offset for offset in range(10) if offset != 5} == set(
        range(10)) - {5}
    assert settings['main'].key_offset == 5 and settings['main'].memory_gate == 1.0
    assert settings['l_20'].key_offset == 10 and settings['l_1'].segment_length == 1
    assert stream_settings('b', FULL)['main'].mode == 'sparse'
    assert stream_settings('a', FULL)['main'].mode == 'per_frame'
    assert stream_settings('c', FULL)['main'].mode == 'average'


def test_at_least_what_was_promised():
    assert len(FULL.seeds) >= 3 and len(held_out(FULL)) >= 100
    assert held_out(FULL).seed not in {source.seed for source in training_data()}


def test_the_document_is_made_of_its_figures():
    results = json.loads((DOCS / 'reproduction' / 'results.json').read_text())
    text = (DOCS / 'reproduction.md').read_text()
    assert text == write_document(results, 'impnet reproduce')


def test_stored_detections_come_back(tmp_path):
    def boxes(count):
        return FrameBoxes(np.arange(4.0 * count).reshape(-1, 4), np.linspace(1, 0.5, count),
                          np.arange(count))

    videos = [VideoResult((boxes(2), boxes(0)), ((1, 0.25),), (0.0, 0.0)),
              VideoResult((boxes(1),), (), (0.0,))]
    save_results(tmp_path / 'part_0000.npz', {'main': videos})
    save_results(tmp_path / 'part_0010.npz', {'main': videos[:1]})
    found = load_found(tmp_path, 'main')
    assert [[len(frame.scores) for frame in video] for video in found] == [[2, 0], [1], [2, 0]]
    assert found[0][0].boxes.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert load_key_weights(tmp_path, 'main').tolist() == [[0, 1, 0.25], [10, 1, 0.25]]


def test_quick_run_writes_everything_and_is_not_repeated(tmp_path, capsys, clips, monkeypatch):
    monkeypatch.setenv('IMPNET_CLIPS', str(clips))
    command = ['reproduce', '--quick', '--quiet', '--output', str(tmp_path)]
    assert main(command) == 0
    results = json.loads((tmp_path / 'reproduction' / 'results.json').read_text())
    assert set(results['table_1']) == set(METHODS)
    assert list(results['table_2']) == [str(offset) for offset in range(10)]
    assert set(results['table_3']) == {'seeds', 'FGFA', 'FGFA-fast', 'impression',
                                       'impression - FGFA'}
    assert set(results['other_flow']) == {'seeds', 'd', 'e', 'd - e', 'd - a', 'd - a, degraded',
                                          'e - a'}
    text = (tmp_path / 'reproduction.md').read_text()
    assert '(d) - (e), both from a flow trained on other pictures' in text
    for name in ('Table 1', 'Table 2', 'Table 3', 'Figure 4', 'Figure 6', 'Figure 7', 'Figure 8'):
        assert f'## {name}' in text
    for name in ('table_1', 'table_2', 'figure_4', 'figure_6', 'figure_7', 'figure_8'):
        assert (tmp_path / 'reproduction' / f'{name}.png').is_file()
    weights = tmp_path / 'd_0' / 'weights.safetensors'
    written = weights.stat().st_mtime_ns
    assert main([*command, '--only-write']) == 0
    assert weights.stat().st_mtime_ns == written


def test_other_flow_differs_in_the_flow_alone(tmp_path, clips, monkeypatch):
    """The start of (e) from another flow: features of (a), the flow network of the photographs."""
    monkeypatch.setenv('IMPNET_CLIPS', str(clips))
    start = tmp_path / 'start.safetensors'
    save_checkpoint(start, ImpressionNetwork(NETWORK), {})
    changed = load_checkpoint(with_other_flow(start, QUICK, tmp_path, tmp_path / 'other' /
                                              'start.safetensors'))
    before, after = load_checkpoint(start).state_dict(), changed.state_dict()
    different = {name.split('.')[0] for name in before if not before[name].equal(after[name])}
    assert different == {'flow_net'}
    assert (tmp_path / 'flow_other' / 'log.csv').is_file()


def test_photographs_that_are_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv('IMPNET_CLIPS', str(tmp_path))
    with pytest.raises(ValueError, match='expected bikes.mp4, .* got 0 of them'):
        photographs()


def test_nothing_to_write_about(tmp_path, capsys):
    assert main(['reproduce', '--output', str(tmp_path), '--only-write']) == 2
    assert 'expected at least one seed with all methods' in capsys.readouterr().err
