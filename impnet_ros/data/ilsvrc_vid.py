# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""ImageNet VID in its own layout, every frame with boxes and tracks."""
from collections.abc import Mapping, Sequence
from pathlib import Path

from impnet_ros.data.ilsvrc_files import (equally_spaced, read_annotation, read_image_set,
                                          read_picture)
from impnet_ros.data.samples import FrameTruth
from impnet_ros.labels import VID_SYNSETS
import numpy as np
from numpy.typing import NDArray

TRAINING_LIST = 'VID_train_15frames'
FRAMES_A_SNIPPET = 15


class VidVideo:
    """
    One snippet.

    Parameters
    ----------
    root : Path
        Folder that holds Data, Annotations and ImageSets.
    name : str
        Path of the snippet below Data/VID, such as 'val/ILSVRC2015_val_00000000'.
    frames : int
        How many it has, numbered from 0.
    class_index : Mapping
        Synset to class.
    labelled : sequence of int
        Frames that training labels.

    """

    def __init__(self, root: Path, name: str, frames: int, class_index: Mapping[str, int],
                 labelled: Sequence[int]) -> None:
        self.name = name
        self.labelled = labelled
        self._root = root
        self._frames = frames
        self._class_index = class_index

    def __len__(self) -> int:
        """Count the frames."""
        return self._frames

    def picture_path(self, index: int) -> Path:
        """File of picture `index`."""
        return self._root / 'Data' / 'VID' / self.name / f'{index:06d}.JPEG'

    def annotation_path(self, index: int) -> Path:
        """File of the annotation of picture `index`."""
        return self._root / 'Annotations' / 'VID' / self.name / f'{index:06d}.xml'

    def frame(self, index: int) -> NDArray[np.uint8]:
        """Picture `index`, uint8 (H, W, 3) RGB."""
        return read_picture(self.picture_path(index))

    def truth(self, index: int) -> FrameTruth:
        """Boxes of picture `index`."""
        return read_annotation(self.annotation_path(index), self._class_index)


class IlsvrcVid:
    """
    The snippets of one split.

    The image set is read from ImageSets/VID or ImageSets. Three kinds of line are understood:
    `FOLDER ID FRAME LENGTH` (VID_train_15frames: the frames that training labels),
    `FOLDER/FRAME ID` (val: every frame) and `FOLDER ID` (train_1 to train_30: snippets). Where
    only snippets are named, or nothing is, the training split labels 15 equally spaced frames of
    each, and another split all frames.

    Parameters
    ----------
    root : str or Path
        Folder that holds Data, Annotations and ImageSets (ILSVRC2015).
    split : str
        'train' or 'val'.
    image_set : str, optional
        Name of a list without '.txt'.
    synsets : Mapping, optional
        Synset to class name in class order; the thirty of ImageNet VID when left out.

    Raises
    ------
    ValueError
        If root or list is missing, or no snippet is found.

    """

    def __init__(self, root: str | Path, split: str, image_set: str | None = None,
                 synsets: Mapping[str, str] = VID_SYNSETS) -> None:
        self._root = Path(root)
        self.class_names = tuple(synsets.values())
        self._class_index = {synset: index for index, synset in enumerate(synsets)}
        self._split = split
        data = self._root / 'Data' / 'VID' / split
        if not data.is_dir():
            raise ValueError(f'root: expected a folder with Data/VID/{split}, got {self._root}')
        path = find_image_set(self._root, 'VID', image_set or default_image_set(split))
        if path is not None:
            self._entries = _entries_from_list(path, data, split)
        elif image_set is not None:
            raise ValueError(f'image_set: expected a list {image_set}.txt in ImageSets or '
                             f'ImageSets/VID of {self._root}, got none')
        else:
            self._entries = _entries_from_folders(data, split)
        if not self._entries:
            raise ValueError(f'root: expected folders with 000000.JPEG in {data}, got none')

    def __len__(self) -> int:
        """Count the snippets."""
        return len(self._entries)

    def __getitem__(self, index: int) -> VidVideo:
        """Snippet `index`."""
        name, frames, labelled = self._entries[index]
        return VidVideo(self._root, name, frames, self._class_index, labelled)

    def labelled(self, index: int) -> tuple[int, ...]:
        """Give the frames of snippet `index` that training labels."""
        return self._entries[index][2]


_Entry = tuple[str, int, tuple[int, ...]]


def default_image_set(split: str) -> str:
    """Name of the list that is used where none is asked for."""
    return TRAINING_LIST if split == 'train' else split


def find_image_set(root: Path, dataset: str, name: str) -> Path | None:
    """Path of a list in ImageSets/DATASET or ImageSets; None when it is in neither."""
    for path in (root / 'ImageSets' / dataset / f'{name}.txt', root / 'ImageSets' / f'{name}.txt'):
        if path.is_file():
            return path
    return None


def _entries_from_list(path: Path, data: Path, split: str) -> list[_Entry]:
    labelled: dict[str, list[int]] = {}
    lengths: dict[str, int] = {}
    for words in read_image_set(path):
        folder, _, last = words[0].rpartition('/')
        if len(words) == 4 and words[2].isdecimal() and words[3].isdecimal():
            name, frames, length = words[0], [int(words[2])], int(words[3])
        elif len(words) <= 2 and last.isdecimal():
            name, frames, length = folder, [int(last)], int(last) + 1
        elif len(words) <= 2:
            name = words[0]
            length = _count_frames(data / name.removeprefix(f'{split}/'))
            frames = list(_to_label(length, split))
        else:
            raise ValueError('image set: expected lines FOLDER ID FRAME LENGTH, FOLDER/FRAME ID '
                             f'or FOLDER ID, got {" ".join(words)!r} in {path}')
        if not name.startswith(f'{split}/'):
            name = f'{split}/{name}'
        labelled.setdefault(name, []).extend(frames)
        lengths[name] = max(lengths.get(name, 0), length)
    return [(name, lengths[name], tuple(sorted(frames))) for name, frames in labelled.items()]


def _entries_from_folders(data: Path, split: str) -> list[_Entry]:
    entries = []
    for folder in sorted({path.parent for path in data.rglob('000000.JPEG')}):
        length = _count_frames(folder)
        entries.append((f'{split}/{folder.relative_to(data).as_posix()}', length,
                        _to_label(length, split)))
    return entries


def _count_frames(folder: Path) -> int:
    if not (folder / '000000.JPEG').is_file():
        raise ValueError(f'snippet: expected pictures 000000.JPEG and on in {folder}, got none')
    return sum(1 for path in folder.iterdir() if path.suffix == '.JPEG')


def _to_label(frames: int, split: str) -> tuple[int, ...]:
    """Tell which frames of a snippet are labelled where no list says so."""
    return (equally_spaced(frames, FRAMES_A_SNIPPET) if split == 'train'
            else tuple(range(frames)))
