# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From rows to the table, the intervals and the plot."""
from impnet_ros.evaluation.clips.plot import plot_costs
from impnet_ros.evaluation.clips.summary import summarise
from impnet_ros.evaluation.clips.table import tables, with_interval
import numpy as np
import pytest


def row(clip, setting, ap50, seed=0, bursts='strong', switches=None, spoilt=np.nan, ms=20.0):
    return {'clip': clip, 'setting': setting, 'seed': seed, 'bursts': bursts,
            'ap': ap50 / 2, 'ap50': ap50, 'ap75': ap50 / 4,
            'by': {'spoilt': {'ap': spoilt, 'ap50': spoilt, 'ap75': spoilt}}, 'frames': 10,
            'objects': 20, 'matches': 10, 'false': 5, 'reported': 15, 'unsupported': 3,
            'id_switches': switches, 'fragmentations': 2, 'breaks': 4, 'frame_ms': ms,
            'keys_per_frame': 0.5}


ROWS = [row('a', 'per frame', 40.0), row('a', 'per frame', 60.0, 1), row('b', 'per frame', 80.0),
        row('b', 'per frame', 80.0, 1),
        row('a', 'l=3', 60.0, ms=5.0, switches=1, spoilt=10.0),
        row('a', 'l=3', 80.0, 1, ms=5.0, switches=0, spoilt=20.0),
        row('b', 'l=3', 90.0, ms=5.0, switches=2), row('b', 'l=3', 90.0, 1, ms=5.0, switches=1)]


def test_mean_over_draws_then_over_clips():
    before, after = summarise(ROWS, 'per frame')
    assert (before['setting'], after['setting']) == ('per frame', 'l=3')
    assert (after['clips'], after['draws']) == (2, 2)
    assert before['ap50'] == {'value': 65.0, 'low': 50.0, 'high': 80.0}
    assert after['ap50']['value'] == 80.0 and after['ap75']['value'] == 20.0
    # a gains 20, b 10: with two clips all that can be drawn is 10, 15 and 20.
    assert after['difference']['ap50'] == {'value': 15.0, 'low': 10.0, 'high': 20.0}
    assert before['difference']['ap50'] == {'value': 0.0, 'low': 0.0, 'high': 0.0}


def test_a_draw_in_which_nothing_is_spoilt_leaves_the_others():
    rows = [row('a', 'l=1', 60.0, spoilt=10.0), row('a', 'l=1', 60.0, 1)]
    [summary] = summarise(rows, 'l=1')
    assert summary['by']['spoilt']['ap50'] == 10.0


def test_rates_are_sums_over_sums_and_cost_is_a_share():
    before, after = summarise(ROWS, 'per frame')
    assert (after['found'], after['false_a_frame'], after['unsupported']) == (50.0, 0.5, 20.0)
    assert (after['switches'], after['fragmentations'], after['breaks']) == (10.0, 20.0, 40.0)
    assert before['switches'] is None
    assert (after['frame_ms'], after['cost'], after['keys_per_frame']) == (5.0, 0.25, 0.5)


def test_clips_without_an_object_of_a_kind_are_left_out():
    before, after = summarise(ROWS, 'per frame')
    assert after['by']['spoilt']['ap50'] == 15.0 and before['by']['spoilt']['ap50'] is None


def test_table_and_plot(tmp_path):
    summary = summarise(ROWS + [row('a', 'per frame', 90.0, bursts='clean')], 'per frame')
    clean, by_clean, strong, by_strong = sorted(tables(summary))
    assert clean.startswith('| clean, 1 clips ') and strong.startswith('| strong, 2 clips, 2 dra')
    line = [cell.strip() for cell in strong.splitlines()[3].split('|')]
    assert line[1:7] == ['l=3', '80.0 [70.0, 90.0]', '20.0 [17.5, 22.5]', '40.0',
                         '+15.0 [+10.0, +20.0]', '+3.8 [+2.5, +5.0]']
    assert len({text.count('|') for text in strong.splitlines()}) == 1
    assert by_clean.startswith('| clean') and by_strong.startswith('| strong')
    plot_costs(summary, tmp_path / 'plot.png')
    assert (tmp_path / 'plot.png').stat().st_size > 5000


def test_a_figure_that_is_not_known_is_a_dash():
    assert with_interval({'value': None, 'low': None, 'high': None}) == '-'
    assert with_interval({'value': 1.0, 'low': -1.0, 'high': 3.0}, '+.1f') == '+1.0 [-1.0, +3.0]'


def test_two_clips_of_which_one_has_nothing_to_find():
    rows = [row('a', 'per frame', np.nan), row('b', 'per frame', 50.0)]
    assert summarise(rows, 'per frame')[0]['ap50']['value'] == pytest.approx(50.0)
