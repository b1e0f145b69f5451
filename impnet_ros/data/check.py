# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Say what is missing from an ILSVRC folder (`impnet check-data ROOT`)."""
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from impnet_ros.data.ilsvrc_det import IlsvrcDet
from impnet_ros.data.ilsvrc_vid import default_image_set, find_image_set, IlsvrcVid
from impnet_ros.labels import VID_SYNSETS
from tqdm import tqdm

PUBLISHED = {'VID train': 3862, 'VID val': 555, 'DET train': 53639}
"""Snippets and pictures of the published sets (DET: of VID's thirty classes)."""

_SHOWN = 5
_TAIL = 4096  # bytes at the end of a picture in which its end has to be


def check_data(root: str | Path, full: bool = False, names: Sequence[str] = ()) -> list[str]:
    """
    Look for everything that training and evaluation read.

    Parameters
    ----------
    root : str or Path
        Folder that should hold Data, Annotations and ImageSets.
    full : bool
        Look into every picture and annotation; else look only whether those of the first and last
        labelled frame of each snippet are there, and of each DET picture.
    names : sequence of str
        Classes of a set of your own, whose annotations have them in place of synsets. Such a set
        may have any size, and no DET.

    Returns
    -------
    list of str
        One line for each thing that is missing or broken; empty when all is there.

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
    synsets = {name: name for name in names} or VID_SYNSETS
    sets: dict[str, Callable[[], IlsvrcVid | IlsvrcDet]] = {
        'VID train': lambda: IlsvrcVid(root, 'train', synsets=synsets),
        'VID val': lambda: IlsvrcVid(root, 'val', synsets=synsets),
        'DET train': lambda: IlsvrcDet(root, synsets=synsets)}
    if names and not (root / 'Data' / 'DET').is_dir():
        del sets['DET train']
    for name, make in sets.items():
        try:
            videos = make()
        except ValueError as error:
            problems.append(f'{name}: {error}')
            continue
        if not names and len(videos) != PUBLISHED[name]:
            problems.append(f'{name}: expected {PUBLISHED[name]} as published, got {len(videos)}')
        wrong = list(_broken(videos) if full else _missing(videos))
        problems += [f'{name}: {text}' for text in wrong[:_SHOWN]]
        if len(wrong) > _SHOWN:
            problems.append(f'{name}: {len(wrong) - _SHOWN} more files missing or broken')
    return problems


def _missing(videos: IlsvrcVid | IlsvrcDet) -> Iterator[str]:
    """Look whether the files of the first and last labelled frames are there."""
    for number in range(len(videos)):
        video = videos[number]
        for index in sorted({video.labelled[0], video.labelled[-1]}):
            for path in (video.picture_path(index), video.annotation_path(index)):
                if not path.is_file():
                    yield f'{path}: no such file'


def _broken(videos: IlsvrcVid | IlsvrcDet) -> Iterator[str]:
    """Read all annotations; see whether all pictures are there to their end."""
    for number in tqdm(range(len(videos)), unit='video', leave=False, disable=None):
        video = videos[number]
        for index in range(len(video)):
            path = video.picture_path(index)
            if not path.is_file():
                yield f'{path}: no such file'
            elif not _is_whole(path):
                yield f'{path}: expected a whole JPEG or PNG picture'
            try:
                video.truth(index)
            except ValueError as error:
                yield str(error)


def _is_whole(path: Path) -> bool:
    """Tell by its marks of begin and end whether a picture is whole; some have a tail behind."""
    content = path.read_bytes()
    return ((content.startswith(b'\xff\xd8') and b'\xff\xd9' in content[-_TAIL:])
            or (content.startswith(b'\x89PNG') and b'IEND' in content[-_TAIL:]))


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `impnet check-data`."""
    parser.add_argument('root', type=Path,
                        help='folder that holds Data, Annotations and ImageSets (ILSVRC2015)')
    parser.add_argument('--full', action='store_true',
                        help='look into every file, not only for the ends of each snippet')
    parser.add_argument('--names', nargs='+', metavar='CLASS', default=(),
                        help='class names in the annotations, for a set of your own')


def run(args: Namespace) -> int:
    """Print what is missing; 0 when nothing is, 1 else."""
    problems = check_data(args.root, args.full, args.names)
    for problem in problems:
        print(problem)
    count = '1 problem' if len(problems) == 1 else f'{len(problems)} problems'
    print(count if problems else f'{args.root}: complete')
    return 1 if problems else 0
