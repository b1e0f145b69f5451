# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What stands on the command line, as clips with truth."""
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from impnet_ros.data.coco_video import open_coco_video
from impnet_ros.data.mot_challenge import is_mot_folder, open_mot
from impnet_ros.data.true_clip import TrueClip
from impnet_ros.sources.frames import say


def annotated(path: Path, class_names: Sequence[str], mapping: Mapping[str, int],
              complete: bool | None, images: Path | None = None,
              fps: float | None = None) -> list[TrueClip] | None:
    """
    Open what has truth.

    Parameters
    ----------
    path : Path
        A sequence in the layout of MOTChallenge, a folder of such sequences, or a COCO JSON.
    class_names, mapping
        See `open_mot` and `open_coco_video`.
    complete : bool, optional
        See `TrueClip`; by default what the sequence says, else True.
    images : Path, optional
        Folder that the pictures of a COCO JSON are relative to.
    fps : float, optional
        For what does not say.

    Returns
    -------
    list of TrueClip, optional
        None for a clip without truth.

    """
    if path.suffix.lower() == '.json':
        return open_coco_video(path, class_names, mapping, images, complete is not False, fps)
    folders = list(_mot_folders(path))
    if not folders:
        return None
    return [open_mot(folder, class_names, mapping, complete, fps) for folder in folders]


def _mot_folders(path: Path) -> Iterator[Path]:
    if is_mot_folder(path):
        yield path
    elif path.is_dir():
        folders = [folder for folder in sorted(path.iterdir()) if folder.is_dir()]
        known = [folder for folder in folders if is_mot_folder(folder)]
        for folder in folders if known else ():
            if folder not in known:
                say(f'{folder}: left out, as it has no gt/gt.txt', 0)
        yield from known


def named_apart(clips: Sequence[TrueClip]) -> None:
    """Refuse clips of one name: their figures could not be told apart."""
    names = [clip.name for clip in clips]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f'clips: expected different names, got {twice[0]!r} twice')
