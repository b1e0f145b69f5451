# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Write any video set in the ILSVRC VID layout."""
from pathlib import Path
from xml.etree import ElementTree

import cv2
from impnet_ros.data.ilsvrc_files import equally_spaced
from impnet_ros.data.ilsvrc_vid import default_image_set, FRAMES_A_SNIPPET
from impnet_ros.data.samples import FrameTruth, VideoSet

_JPEG_QUALITY = 95


def export_vid(videos: VideoSet, root: str | Path, split: str) -> None:
    """
    Write pictures, annotations and the image set of a split.

    Class names stand where ImageNet has synsets; read the set back with
    `IlsvrcVid(root, split, synsets={name: name for name in videos.class_names})`.

    Parameters
    ----------
    videos : VideoSet
        What to write.
    root : str or Path
        Folder for Data, Annotations and ImageSets; made when missing.
    split : str
        'train' or 'val'.

    """
    root = Path(root)
    lines: list[str] = []
    for number in range(len(videos)):
        video = videos[number]
        folder = f'ILSVRC2015_VID_train_0000/{video.name}' if split == 'train' else video.name
        data = root / 'Data' / 'VID' / split / folder
        annotations = root / 'Annotations' / 'VID' / split / folder
        data.mkdir(parents=True, exist_ok=True)
        annotations.mkdir(parents=True, exist_ok=True)
        for index in range(len(video)):
            picture = video.frame(index)
            cv2.imwrite(str(data / f'{index:06d}.JPEG'), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR),
                        (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY))
            tree = _annotation(video.truth(index), folder, index, picture.shape[:2],
                               videos.class_names)
            tree.write(annotations / f'{index:06d}.xml')
        lines.extend(_list_lines(split, folder, len(video), len(lines)))
    image_sets = root / 'ImageSets' / 'VID'
    image_sets.mkdir(parents=True, exist_ok=True)
    (image_sets / f'{default_image_set(split)}.txt').write_text('\n'.join(lines) + '\n')


def _list_lines(split: str, folder: str, frames: int, before: int) -> list[str]:
    if split == 'train':
        return [f'train/{folder} 1 {index} {frames}'
                for index in equally_spaced(frames, FRAMES_A_SNIPPET)]
    return [f'{folder}/{index:06d} {before + index + 1}' for index in range(frames)]


def _annotation(truth: FrameTruth, folder: str, index: int, size: tuple[int, ...],
                class_names: tuple[str, ...]) -> ElementTree.ElementTree:
    root = ElementTree.Element('annotation')
    _text(root, 'folder', folder)
    _text(root, 'filename', f'{index:06d}')
    _text(ElementTree.SubElement(root, 'source'), 'database', 'impnet_ros')
    extent = ElementTree.SubElement(root, 'size')
    _text(extent, 'width', size[1])
    _text(extent, 'height', size[0])
    for box, label, track, hidden in zip(truth.boxes, truth.labels, truth.track_ids,
                                         truth.occluded):
        item = ElementTree.SubElement(root, 'object')
        _text(item, 'trackid', int(track))
        _text(item, 'name', class_names[label])
        corners = ElementTree.SubElement(item, 'bndbox')
        for name, value in zip(('xmin', 'ymin', 'xmax', 'ymax'), box):
            _text(corners, name, round(float(value)))
        _text(item, 'occluded', int(hidden))
        _text(item, 'generated', 0)
    return ElementTree.ElementTree(root)


def _text(parent: ElementTree.Element, name: str, value: object) -> None:
    ElementTree.SubElement(parent, name).text = str(value)
