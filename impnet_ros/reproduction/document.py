# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Write docs/reproduction.md: the paper's figures beside ours."""
from collections.abc import Mapping
from textwrap import fill
from typing import Any

from impnet_ros.reproduction.figures import contributions
from impnet_ros.reproduction.paper import PAPER

_NAMES = {'a': 'per frame', 'b': 'sparse', 'c': 'average, w = 0.5', 'd': 'impression',
          'e': 'impression, not end to end'}
_AIMS = (('d - a', 1.3, '(d) - (a)'), ('b - a', -2.0, '(b) - (a)'), ('d - e', 3.0, '(d) - (e)'),
         ('d - c', 0.0, '(d) - (c)'),
         ('key 0 - per frame, same network, degraded', 0.0,
          'causal (key 0, l = 10) - per frame, same network, degraded frames'),
         ('l = 1, causal - per frame, same network, degraded', 0.0,
          'causal (l = 1) - per frame, same network, degraded frames'))


def with_interval(item: Mapping[str, Any]) -> str:
    """Write a figure and its interval; a dash where there was nothing to find."""
    if item['value'] is None or item['low'] is None:
        return '-'
    return f"{item['value']:.1f} [{item['low']:.1f}, {item['high']:.1f}]"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Write a Markdown table."""
    lines = [head, ['---'] * len(head), *rows]
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)


def write_document(results: Mapping[str, Any], command: str) -> str:
    """
    Write the whole document.

    Parameters
    ----------
    results : Mapping
        From `make_results`.
    command : str
        What made them.

    Returns
    -------
    str
        Markdown; plots are expected in the folder 'reproduction' beside it.

    """
    parts = [_head(results, command), _aims(results), _table_1(results),
             *_other_flow(results), _table_2(results),
             _table_3(results), _figure_4(results), _figures_6_7(results), _figure_8(results)]
    return '\n\n'.join(map(_wrapped, '\n\n'.join(parts).split('\n\n'))) + '\n'


def _wrapped(paragraph: str) -> str:
    if paragraph.startswith(('#', '|', '!')):
        return paragraph
    return fill(paragraph, 100, break_long_words=False, break_on_hyphens=False)


def _head(results: Mapping[str, Any], command: str) -> str:
    seeds = ', '.join(str(seed) for seed in results['seeds'])
    network, plan = results['network'], results['plan']
    return f"""# The paper's experiments on sprites

Made by `{command}`; do not edit. What the figures mean, and where they differ from the paper, is
said in [reproduction_notes.md](notes/reproduction_notes.md). All raw figures are in
[reproduction/results.json](reproduction/results.json).

The network is the paper's, with a trunk of width {network['width']} and blocks
{tuple(network['blocks'])} (ResNet-101: 64 and (3, 4, 23, 3)), on frames of
{network['short_side']} pixels. Every method is trained for {plan['training']} steps of 8 triplets
a seed, after {plan['pretraining']} steps of 16 frames for the detector and
{plan['flow_pretraining']} of 32 pairs for the flow, which stand in for ImageNet and FlyingChairs.
The videos are synthetic: absolute figures do not compare with ImageNet VID, differences and orders
do. Training seeds: {seeds}. Held out: {results['videos']} videos, {results['frames']} frames.

mAP is in per cent, MSRA convention (tolerance threshold, area under the curve), mean over the
seeds; brackets hold 95 % of a bootstrap over videos and, where there are several, seeds.
Milliseconds are processor time on one thread, measured in the same run."""


def _aims(results: Mapping[str, Any]) -> str:
    rows = []
    for name, aim, text in _AIMS:
        item = results['differences'][name]
        rows.append([text, f'{aim:+.1f}', with_interval(item), _yes(item['value'] >= aim),
                     _yes(item['low'] > 0)])
    if 'other_flow' in results:
        item = results['other_flow']['d - e']
        rows.append(['(d) - (e), both from a flow trained on other pictures, as in the paper',
                     '+3.0', with_interval(item), _yes(item['value'] >= 3),
                     _yes(item['low'] > 0)])
    speed = results['ms_a_frame']
    ratio = speed['a'] / speed['d']
    rows.append(['(d) faster than (a), l = 10', '3.0 x', f'{ratio:.1f} x', _yes(ratio >= 3), ''])
    return '## What was to be shown\n\n' + table(
        ['difference', 'at least', 'found', 'reached', 'interval above zero'], rows)


def _yes(condition: bool) -> str:
    return 'yes' if condition else 'no'


def _table_1(results: Mapping[str, Any]) -> str:
    rows = []
    for method, (value, time) in PAPER['table_1'].items():
        ours = results['table_1'][method]
        motion = [f'{sum(ours["by_motion"][speed]) / len(ours["by_motion"][speed]):.1f}'
                  for speed in ('slow', 'medium', 'fast')]
        others = [f'{sum(ours[name]) / len(ours[name]):.1f}' for name in ('mega', 'coco')]
        rows.append([f'({method}) {_NAMES[method]}', f'{value}', with_interval(ours['mAP']),
                     f"{ours['clean']['value']:.1f}", f"{ours['degraded']['value']:.1f}", *motion,
                     *others, f'{time}', f"{results['ms_a_frame'][method]:.2f}"])
    kinds = list(results['table_1']['a']['by_kind'])
    by_kind = [[f'({method}) {_NAMES[method]}',
                *(with_interval(ours['by_kind'][kind]) for kind in kinds)]
               for method, ours in results['table_1'].items()]
    differences = [[name, with_interval(item), ', '.join(f'{value:+.1f}' for value in
                                                         item['seeds'])]
                   for name, item in results['differences'].items()]
    return ('## Table 1: the methods, l = 10, key frame 5, g = 1\n\n' + table(
        ['method', 'paper mAP', 'our mAP', 'sharp frames', 'degraded frames', 'slow', 'medium',
         'fast', 'MEGA convention', 'COCO AP50', 'paper ms', 'our ms'], rows)
        + '\n\n![table 1](reproduction/table_1.png)\n\nBy degradation:\n\n'
        + table(['method', *(kind.replace('_', ' ') for kind in kinds)], by_kind)
        + '\n\nPaired differences:\n\n'
        + table(['difference', 'points', 'each seed'], differences))


def _other_flow(results: Mapping[str, Any]) -> list[str]:
    if 'other_flow' not in results:
        return []
    ours = results['other_flow']
    rows = [[name, with_interval(ours[key]), ', '.join(
        f'{value:.1f}' if len(key) == 1 else f'{value:+.1f}' for value in ours[key]['seeds'])]
            for key, name in (('d', '(d)'), ('e', '(e)'), ('d - e', '(d) - (e); paper: +5.2'),
                              ('d - a', '(d) - (a)'), ('d - a, degraded', '(d) - (a), degraded'),
                              ('e - a', '(e) - (a)'))]
    seeds = ', '.join(str(seed) for seed in ours['seeds'])
    return ['### From a flow trained on other pictures\n\n'
            "The paper's flow network came from FlyingChairs. Here it was trained as above, but "
            'on moving parts of photographs, and (d) and (e) were trained from it. Training '
            f'seeds: {seeds}.\n\n' + table(['', 'ours', 'each seed'], rows)]


def _table_2(results: Mapping[str, Any]) -> str:
    rows = [[offset, f'{PAPER["table_2"].get(offset, "")}', with_interval(item)]
            for offset, item in results['table_2'].items()]
    return ('## Table 2: which frame of a segment is the key frame, (d)\n\nThe paper gives 0 to 5 '
            'only. 0 is causal: no delay.\n\n' + table(['key frame', 'paper', 'ours'], rows)
            + '\n\n![table 2](reproduction/table_2.png)')


def _table_3(results: Mapping[str, Any]) -> str:
    ours = results.get('table_3', {})
    rows = []
    for name, (value, time) in PAPER['table_3'].items():
        if name in ours:
            speed = results['ms_a_frame']['d' if name == 'impression' else name]
            mine = [with_interval(ours[name]), f'{speed:.2f}']
        else:
            mine = ['not measured', '']
        rows.append([name, f'{value}', mine[0], f'{time}', mine[1]])
    head = '## Table 3: dense aggregation\n\n'
    if ours:
        seeds = ', '.join(str(seed) for seed in ours['seeds'])
        head += f'Training seeds: {seeds}.\n\n'
    return head + table(['method', 'paper mAP', 'our mAP', 'paper ms', 'our ms'], rows)


def _figure_4(results: Mapping[str, Any]) -> str:
    ours = results['figure_4']
    mean, deviation = PAPER['figure_4']
    rows = [[name, f"{item['mean']:.3f} +- {1.96 * item['error']:.3f}", str(item['count'])]
            for name, item in ours['after_a_sharp_key_frame'].items()]
    return ('## Figure 4: weights against degradation\n\nMean w_k of all fused key frames: '
            f"{ours['mean']:.3f}, deviation {ours['deviation']:.3f} (paper: {mean}, {deviation}). "
            'Below: key frames whose predecessor was sharp. Correlation of w_k with the strength '
            f"of the degradation: {ours['correlation_with_strength']:+.2f}.\n\n"
            + table(['key frame is', 'mean w_k', 'key frames'], rows)
            + '\n\n![figure 4](reproduction/figure_4.png)')


def _figures_6_7(results: Mapping[str, Any]) -> str:
    shares = [[f'{gate:g}', *(f'{share:.4f}' for share in contributions(gate, 5))]
              for gate in (0.0, 0.25, 0.5, 0.75, 1.0)]
    rows = [[gate, with_interval(item)] for gate, item in results['figure_7'].items()]
    return ('## Figure 6: share of past key frames, w = 0.5\n\n'
            + table(['g', 'this', '1 back', '2 back', '3 back', '4 back'], shares)
            + '\n\n![figure 6](reproduction/figure_6.png)\n\n## Figure 7: memory gate\n\n'
            'The paper gives a rising curve without numbers; its end, g = 1, is 75.5.\n\n'
            + table(['g', 'our mAP'], rows) + '\n\n![figure 7](reproduction/figure_7.png)')


def _figure_8(results: Mapping[str, Any]) -> str:
    rows = []
    for length in results['figure_8']['d']:
        row = [length]
        for method in ('b', 'd'):
            row += [with_interval(results['figure_8'][method][length]),
                    f"{results['ms_a_frame'][f'{method}, l = {length}']:.2f}"]
        rows.append(row)
    return ('## Figure 8: speed against accuracy\n\nPer frame: '
            f"{with_interval(results['table_1']['a']['mAP'])} in "
            f"{results['ms_a_frame']['a']:.2f} ms. Key frame l // 2.\n\n"
            + table(['l', 'sparse mAP', 'ms', 'impression mAP', 'ms'], rows)
            + '\n\n![figure 8](reproduction/figure_8.png)')
