# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Accuracy against cost, a point a setting."""
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from impnet_ros.evaluation.plots import new_figure, save_figure


def plot_costs(summary: Sequence[Mapping[str, Any]], path: Path) -> None:
    """
    Draw AP50 and AP75 against the share of per frame's time, a row for each kind of bursts.

    Parameters
    ----------
    summary : sequence of Mapping
        From `summarise`.
    path : Path
        The picture to write.

    """
    kinds = list(dict.fromkeys(item['bursts'] for item in summary))
    figure = new_figure(11, 3.8 * len(kinds))
    panels = figure.subplots(len(kinds), 2, squeeze=False)
    for line, bursts in zip(panels, kinds, strict=True):
        for panel, name in zip(line, ('ap50', 'ap75'), strict=True):
            for number, item in enumerate(row for row in summary if row['bursts'] == bursts):
                value = item[name]
                if value['value'] is None:
                    continue
                panel.errorbar(item['cost'], value['value'], marker='o', capsize=2, linewidth=0.7,
                               yerr=[[value['value'] - value['low']],
                                     [value['high'] - value['value']]],
                               color=f'C{number % 10}', label=item['setting'])
            panel.set_title(f'{bursts}: {name.upper()}, %')
            panel.set_xlabel('cost, share of per frame')
            panel.set_xlim(left=0)
            panel.grid(alpha=0.3)
        line[-1].legend(fontsize=7, loc='center left', bbox_to_anchor=(1.0, 0.5))
    save_figure(figure, path)
