# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A picture from above: where things were, and where the depth node put them."""
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
import numpy as np


def plan(file: Path, instants: Sequence[Any], sightings: Sequence[Any]) -> None:
    """
    Draw each scene's truth (lines), estimates (dots) and camera.

    Parameters
    ----------
    file : Path
        PNG to write.
    instants : sequence
        With `scene`, `eye` (3,) and `things`, in the order of time; metres in the map.
    sightings : sequence
        With `scene`, `name`, `number`, `truth` (3,) and `place` (3,) or None.

    """
    scenes = list(dict.fromkeys(each.scene for each in instants))
    figure = Figure(figsize=(7 * len(scenes), 6.5), layout='constrained')
    for panel, scene in zip(np.atleast_1d(figure.subplots(1, len(scenes))), scenes, strict=True):
        eyes = np.array([each.eye for each in instants if each.scene == scene])
        panel.plot(eyes[:, 1], eyes[:, 0], color='black', linewidth=3, label='camera')
        tracks: dict[tuple[int, str], list[Any]] = {}
        for instant in instants:
            for thing in instant.things if instant.scene == scene else ():
                tracks.setdefault((thing['number'], thing['name']), []).append(thing['position'])
        for number, name in sorted(tracks):
            truth = np.array(tracks[number, name])
            colour = f'C{number % 10}'
            panel.plot(truth[:, 1], truth[:, 0], color=colour, linewidth=7, alpha=0.3,
                       solid_capstyle='round')
            panel.plot(*truth[-1, 1::-1], color=colour, marker='s', markersize=12,
                       fillstyle='none')
            dots = np.array([each.place for each in sightings if each.place is not None
                             and (each.scene, each.number) == (scene, number)])
            if len(dots):
                panel.plot(dots[:, 1], dots[:, 0], 'o', color=colour, markersize=4,
                           markeredgecolor='black', markeredgewidth=0.3, zorder=5, label=name)
        panel.set(title=f'{scene}, from above: truth (pale) and estimates (dots)', xlabel='y, m',
                  ylabel='x, m')
        panel.set_aspect('equal', adjustable='datalim')
        panel.invert_xaxis()
        panel.grid(alpha=0.3)
        panel.legend(loc='lower right', fontsize=8)
    figure.savefig(file, dpi=100)
