# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Plots of the reproduction: the paper's figures with ours."""
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impnet_ros.evaluation.plots import new_figure, save_figure
from impnet_ros.reproduction.paper import PAPER


def draw_figures(results: Mapping[str, Any], folder: Path) -> None:
    """
    Draw all plots.

    Parameters
    ----------
    results : Mapping
        From `make_results`.
    folder : Path
        Where the files go; made when missing.

    """
    folder.mkdir(parents=True, exist_ok=True)
    _table_1(results, folder / 'table_1.png')
    _curve(results['table_2'], PAPER['table_2'], 'key frame in its segment of 10',
           folder / 'table_2.png')
    _curve(results['figure_7'], PAPER['figure_7'], 'memory gate g', folder / 'figure_7.png')
    _figure_4(results['figure_4'], folder / 'figure_4.png')
    _figure_6(folder / 'figure_6.png')
    _figure_8(results, folder / 'figure_8.png')


def _errors(values: list[Mapping[str, Any]]) -> list[list[float]]:
    return [[item['value'] - item['low'] for item in values],
            [item['high'] - item['value'] for item in values]]


def _table_1(results: Mapping[str, Any], path: Path) -> None:
    figure = new_figure()
    axes = figure.subplots()
    methods = list(results['table_1'])
    for shift, (part, colour) in enumerate((('clean', 'tab:green'), ('mAP', 'tab:blue'),
                                            ('degraded', 'tab:red'))):
        values = [results['table_1'][method][part] for method in methods]
        axes.bar([place + 0.27 * (shift - 1) for place in range(len(methods))],
                 [item['value'] for item in values], 0.25, yerr=_errors(values), color=colour,
                 label={'mAP': 'all'}.get(part, part) + ' frames')
    names = ('per frame', 'sparse', 'average', 'impression', 'not end to end')
    axes.set_xticks(range(len(methods)),
                    [f'({method}) {name}' for method, name in zip(methods, names)], fontsize=8)
    axes.set_ylabel('mAP, %')
    axes.legend(fontsize=8)
    save_figure(figure, path)


def _curve(values: Mapping[str, Any], paper: Mapping[str, float], label: str, path: Path) -> None:
    figure = new_figure()
    axes = figure.subplots()
    places = [float(name) for name in values]
    axes.errorbar(places, [item['value'] for item in values.values()],
                  yerr=_errors(list(values.values())), marker='o', capsize=3, label='sprites')
    axes.set_xlabel(label)
    axes.set_ylabel('mAP on sprites, %')
    handles = axes.get_lines()[:1]
    if paper:
        other = axes.twinx()
        handles += other.plot([float(name) for name in paper], list(paper.values()),
                              marker='s', color='tab:orange')
        other.set_ylabel('mAP in the paper, %')
        axes.legend(handles, ['sprites', 'paper'], fontsize=8)
    save_figure(figure, path)


def _figure_4(values: Mapping[str, Any], path: Path) -> None:
    figure = new_figure()
    axes = figure.subplots()
    groups = values['after_a_sharp_key_frame']
    axes.bar(range(len(groups)), [item['mean'] for item in groups.values()],
             yerr=[1.96 * item['error'] for item in groups.values()], capsize=3)
    axes.axhline(0.5, color='black', linewidth=0.8)
    axes.set_xticks(range(len(groups)), [f"{name}\n({item['count']})"
                                         for name, item in groups.items()])
    means = [item['mean'] for item in groups.values()]
    axes.set_ylim(min(means) - 0.05, max(means) + 0.05)
    axes.set_ylabel('mean w_k after a sharp key frame')
    save_figure(figure, path)


def _figure_6(path: Path) -> None:
    figure = new_figure()
    axes = figure.subplots()
    for gate in (0.0, 0.25, 0.5, 0.75, 1.0):
        axes.plot(range(8), contributions(gate, 8), marker='o', label=f'g = {gate:g}')
    axes.set_xlabel('key frames back')
    axes.set_ylabel('share in f_task (w = 0.5)')
    axes.legend(fontsize=8)
    save_figure(figure, path)


def contributions(gate: float, count: int, weight: float = 0.5) -> list[float]:
    """
    Shares of the newest key frames in f_task, newest first, by eqs. (3) and (4).

    Parameters
    ----------
    gate : float
        g.
    count : int
        How many key frames back.
    weight : float
        w_k, the same for all.

    """
    # f_imp = (1 - g) f_k + g f_task = (1 - g + g w) f_k + g (1 - w) f_imp'
    shares = [weight]
    carried = 1 - weight
    for _ in range(count - 1):
        shares.append(carried * (1 - gate + gate * weight))
        carried *= gate * (1 - weight)
    return shares


def _figure_8(results: Mapping[str, Any], path: Path) -> None:
    figure = new_figure()
    axes = figure.subplots()
    speed = results['ms_a_frame']
    for method, name in (('b', 'sparse (DFF)'), ('d', 'impression')):
        values = results['figure_8'][method]
        places = [speed[f'{method}, l = {length}'] for length in values]
        axes.errorbar(places, [item['value'] for item in values.values()],
                      yerr=_errors(list(values.values())), marker='o', capsize=2, label=name)
        for place, (length, item) in zip(places, values.items()):
            axes.annotate(length, (place, item['value']), fontsize=7)
    axes.plot(speed['a'], results['table_1']['a']['mAP']['value'], 'k*', label='per frame')
    axes.set_xlabel('ms a frame, one thread')
    axes.set_ylabel('mAP, %')
    axes.legend(fontsize=8)
    save_figure(figure, path)
