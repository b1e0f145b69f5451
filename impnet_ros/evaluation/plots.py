# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Plots of an evaluation."""
from collections.abc import Mapping
import math
from pathlib import Path
from typing import Any

from impnet_ros.outputs import written_whole
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


def new_figure(width: float = 6.0, height: float = 3.6) -> Figure:
    """Make a figure (inches) that needs no display and leaves no global state behind."""
    figure = Figure(figsize=(width, height), layout='constrained')
    FigureCanvasAgg(figure)
    return figure


def require_picture(name: str, path: Path | None) -> None:
    """Refuse, before the work, a name that no plot can have; ValueError."""
    known = sorted(FigureCanvasAgg.get_supported_filetypes())
    if path is not None and path.suffix.lower().removeprefix('.') not in known:
        raise ValueError(f'{name}: expected a name that ends with one of .{", .".join(known)}, '
                         f'got {path}')


def save_figure(figure: Figure, path: Path, dpi: int = 100) -> None:
    """Write a figure in one move."""
    with written_whole(path) as part:
        figure.savefig(part, dpi=dpi)


def plot_report(result: Mapping[str, Any], folder: Path) -> list[Path]:
    """
    Draw average precision by class, motion and degradation, a file for each convention.

    Parameters
    ----------
    result : Mapping
        From `report`.
    folder : Path
        Where the files go; made when missing.

    Returns
    -------
    list of Path
        The files.

    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, part in result['conventions'].items():
        figure = new_figure(10, 4)
        panels = figure.subplots(1, 3, sharey=True,
                                 width_ratios=[max(len(part['by_class']), 4), 4, 6])
        for panel, key in zip(panels, ('by_class', 'by_motion', 'by_degradation')):
            _bars(panel, part[key], key.replace('_', ' '))
        panels[0].set_ylabel(f'AP, % ({name} convention)')
        path = folder / f'average_precision_{name}.png'
        save_figure(figure, path)
        paths.append(path)
    return paths


def _bars(panel: Any, values: Mapping[str, Any], title: str) -> None:
    plain = [item['value'] if isinstance(item, Mapping) else item for item in values.values()]
    # What has no object has no precision, not one of 0: its place stays empty, and says so.
    panel.bar(range(len(plain)), [math.nan if value is None else value for value in plain],
              color='tab:blue')
    for place, value in enumerate(plain):
        if value is None:
            panel.text(place, 2, 'no object', rotation=90, ha='center', color='gray', fontsize=8)
    for place, item in enumerate(values.values()):
        if isinstance(item, Mapping) and item['low'] is not None:
            panel.plot([place, place], [item['low'], item['high']], color='black')
    panel.set_xticks(range(len(plain)), list(values), rotation=60, ha='right', fontsize=8)
    panel.set_title(title)
    panel.set_ylim(0, 100)
