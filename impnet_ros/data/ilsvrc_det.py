# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""ImageNet DET in its own layout: still pictures, each a video of one frame."""
from collections.abc import Mapping
from pathlib import Path

from impnet_ros.data.ilsvrc_files import read_annotation, read_image_set, read_picture
from impnet_ros.data.ilsvrc_vid import find_image_set
from impnet_ros.data.samples import FrameTruth
from impnet_ros.labels import VID_SYNSETS
import numpy as np
from numpy.typing import NDArray

TRAINING_LIST = 'DET_train_30classes'


class DetPicture:
    """
    One still picture, in the shape of a video of one frame.

    Parameters
    ----------
    root : Path
        Folder that holds Data and Annotations.
    name : str
        Path of the picture below Data/DET, without '.JPEG'.
    class_index : Mapping
        Synset to class.

    """

    labelled = (0,)

    def __init__(self, root: Path, name: str, class_index: Mapping[str, int]) -> None:
        self.name = name
        self._root = root
        self._class_index = class_index

    def __len__(self) -> int:
        """Count the frames: one."""
        return 1

    def _check(self, index: int) -> None:
        if index != 0:
            raise IndexError(f'frame: expected 0 (a still picture), got {index}')

    def picture_path(self, index: int = 0) -> Path:
        """File of the picture."""
        self._check(index)
        return self._root / 'Data' / 'DET' / f'{self.name}.JPEG'

    def annotation_path(self, index: int = 0) -> Path:
        """File of the annotation."""
        self._check(index)
        return self._root / 'Annotations' / 'DET' / f'{self.name}.xml'

    def frame(self, index: int) -> NDArray[np.uint8]:
        """Picture, uint8 (H, W, 3) RGB."""
        return read_picture(self.picture_path(index))

    def truth(self, index: int) -> FrameTruth:
        """Boxes of the classes asked for; others of DET's 200 are left out."""
        return read_annotation(self.annotation_path(index), self._class_index)


class IlsvrcDet:
    """
    The pictures of a list.

    Parameters
    ----------
    root : str or Path
        Folder that holds Data, Annotations and ImageSets (ILSVRC2015).
    split : str
        'train' or 'val'.
    image_set : str, optional
        Name of a list without '.txt', lines `PICTURE [ID]`, of which those with ID -1 (pictures
        without the class, in the lists train_1 to train_200) are left out; DET_train_30classes
        for the training split and 'val' for the other by default.
    synsets : Mapping, optional
        Synset to class name in class order; the thirty of ImageNet VID when left out.

    Raises
    ------
    ValueError
        If root or list is missing.

    """

    def __init__(self, root: str | Path, split: str = 'train', image_set: str | None = None,
                 synsets: Mapping[str, str] = VID_SYNSETS) -> None:
        self._root = Path(root)
        self.class_names = tuple(synsets.values())
        self._class_index = {synset: index for index, synset in enumerate(synsets)}
        if not (self._root / 'Data' / 'DET' / split).is_dir():
            raise ValueError(f'root: expected a folder with Data/DET/{split}, got {self._root}')
        name = image_set or (TRAINING_LIST if split == 'train' else split)
        path = find_image_set(self._root, 'DET', name)
        if path is None:
            raise ValueError(f'image_set: expected a list {name}.txt in ImageSets or '
                             f'ImageSets/DET of {self._root}, got none')
        self._names = [words[0] if words[0].startswith(f'{split}/') else f'{split}/{words[0]}'
                       for words in read_image_set(path) if words[1:2] != ['-1']]

    def __len__(self) -> int:
        """Count the pictures."""
        return len(self._names)

    def __getitem__(self, index: int) -> DetPicture:
        """Picture `index`."""
        return DetPicture(self._root, self._names[index], self._class_index)

    def labelled(self, index: int) -> tuple[int, ...]:
        """Give the frames of picture `index` that training labels: its one."""
        return DetPicture.labelled
