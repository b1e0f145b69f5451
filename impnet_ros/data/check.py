# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Say what is missing from an ILSVRC folder (`impnet check-data ROOT`)."""
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path

from impnet_ros.data.ilsvrc_det import IlsvrcDet
from impnet_ros.data.ilsvrc_vid import default_image_set, find_image_set, IlsvrcVid

PUBLISHED = {'VID train': 3862, 'VID val': 555, 'DET train': 53639}
"""Snippets and pictures of the published sets (DET: of VID's thirty classes)."""

_SHOWN = 5


def check_data(root: str | Path, full: bool = False) -> list[str]:
    """
    Look for everything that training and evaluation read.

    Parameters
    ----------
    root : str or Path
        Folder that should hold Data, Annotations and ImageSets.
    full : bool
        Look for every picture and annotation; else for the first and last labelled frame of each
        snippet and for the DET pictures' annotations only.

    Returns
    -------
    list of str
        One line for each thing that is missing; empty when all is there.

    """
    root = Path(root)
    if not root.is_dir():
        return [f'{root}: no such folder']
    problems = [f'{root / name}: no such folder' for name in ('Data', 'Annotations', 'ImageSets')
                if not (root / name).is_dir()]
    if not (root / 'Data').is_dir():
        return problems
    for split in ('train', 'val'):
        if find_image_set(root, 'VID', default_image_set(split)) is None:
            problems.append(f'{root}/ImageSets/VID/{default_image_set(split)}.txt: no such list '
                            '(the frames found will be used instead)')
        problems += _check_set(f'VID {split}', lambda split=split: IlsvrcVid(root, split), full)
    return problems + _check_set('DET train', lambda: IlsvrcDet(root), full)


def _check_set(name: str, make: Callable[[], IlsvrcVid | IlsvrcDet], full: bool) -> list[str]:
    try:
        videos = make()
    except ValueError as error:
        return [f'{name}: {error}']
    problems = []
    if len(videos) != PUBLISHED[name]:
        problems.append(f'{name}: expected {PUBLISHED[name]} as published, got {len(videos)}')
    missing = []
    for number in range(len(videos)):
        video = videos[number]
        frames = range(len(video)) if full else sorted({video.labelled[0], video.labelled[-1]})
        missing += [path for index in frames
                    for path in (video.picture_path(index), video.annotation_path(index))
                    if not path.is_file()]
    problems += [f'{name}: {path}: no such file' for path in missing[:_SHOWN]]
    if len(missing) > _SHOWN:
        problems.append(f'{name}: {len(missing) - _SHOWN} more files missing')
    return problems


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `impnet check-data`."""
    parser.add_argument('root', type=Path,
                        help='folder that holds Data, Annotations and ImageSets (ILSVRC2015)')
    parser.add_argument('--full', action='store_true',
                        help='look for every file, not only for the ends of each snippet')


def run(args: Namespace) -> int:
    """Print what is missing; 0 when nothing is, 1 else."""
    problems = check_data(args.root, args.full)
    for problem in problems:
        print(problem)
    count = '1 problem' if len(problems) == 1 else f'{len(problems)} problems'
    print(count if problems else f'{args.root}: complete')
    return 1 if problems else 0
