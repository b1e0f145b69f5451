# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What `impnet label` found, held against truth in MOTChallenge or COCO layout."""
import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
import json
from pathlib import Path
from typing import Any

import fsspec
from impnet_ros.data.class_mapping import read_mapping
from impnet_ros.data.coco_video import open_coco_video
from impnet_ros.data.mot_challenge import is_mot_folder, open_mot
from impnet_ros.data.true_clip import TrueClip
from impnet_ros.evaluation.clips.precision import precisions
from impnet_ros.evaluation.matching import FrameBoxes
from impnet_ros.outputs import write_whole
import numpy as np

_SIDES = ('x1', 'y1', 'x2', 'y2')


@dataclass(frozen=True)
class Camera:
    """
    One camera of an archive with what was found in it.

    Attributes
    ----------
    source, topic : str
        Where its images are.
    frames : Mapping
        Number of the image to (box, score, label) of each object; images without are left out.
    images : int
        How many were labelled.

    """

    source: str
    topic: str
    frames: Mapping[int, list[tuple[list[float], float, int]]]
    images: int = 0

    def found(self, count: int) -> list[FrameBoxes]:
        """Give the boxes of the first images, empty where nothing was found."""
        boxes = []
        for index in range(count):
            rows = self.frames.get(index, [])
            boxes.append(FrameBoxes(
                np.asarray([box for box, _, _ in rows], np.float64).reshape(-1, 4),
                np.asarray([score for _, score, _ in rows], np.float64),
                np.asarray([label for _, _, label in rows], np.int64)))
        return boxes


def read_labelled(dest: str) -> tuple[tuple[str, ...], list[Camera]]:
    """
    Read an archive's COCO JSON.

    Returns
    -------
    tuple of str
        The network's classes.
    list of Camera
        Their parts joined.

    Raises
    ------
    ValueError
        If there is none, or it was made by several networks.

    """
    fs, root = fsspec.url_to_fs(dest)
    found = fs.find(f'{root}/coco') if fs.exists(f'{root}/coco') else []
    paths = sorted(path for path in found if path.endswith('.json'))
    if not paths:
        raise ValueError(f'{dest}: expected what impnet label --format coco writes, found no '
                         'coco/*.json')
    names: tuple[str, ...] = ()
    cameras: dict[tuple[str, str], dict[int, list[Any]]] = {}
    images: Counter[tuple[str, str]] = Counter()
    for path in paths:
        content = json.loads(fs.cat(path))
        classes = tuple(item['name'] for item in content['categories'])
        if names and classes != names:
            raise ValueError(f'{dest}: expected the classes of one network, {path} has others')
        names = classes
        [video] = content['videos']
        key = video['source'], video['topic']
        frames = cameras.setdefault(key, {})
        images[key] += len(content['images'])
        numbers = {image['id']: image['frame_id'] for image in content['images']}
        for item in content['annotations']:
            left, top, width, height = item['bbox']
            frames.setdefault(numbers[item['image_id']], []).append(
                ([left, top, left + width, top + height], item['score'],
                 item['category_id'] - 1))
    return names, [Camera(*key, frames, images[key]) for key, frames in cameras.items()]


def camera_of(clip: TrueClip, cameras: Sequence[Camera], alone: bool) -> Camera | None:
    """
    Find the camera that shows a clip: its name is a part of the source's path, or the topic.

    Parameters
    ----------
    clip : TrueClip
        With truth.
    cameras : sequence of Camera
        Of the archive.
    alone : bool
        Whether it is the only clip; an archive of one camera then needs no name.

    Returns
    -------
    Camera, optional
        None where there is none.

    Raises
    ------
    ValueError
        If there is more than one.

    """
    fitting = [camera for camera in cameras
               if clip.name in (*Path(camera.source).parts, Path(camera.source).stem,
                                camera.topic.strip('/'))]
    if not fitting and alone and len(cameras) == 1:
        fitting = list(cameras)
    if len(fitting) > 1:
        raise ValueError(f'{clip.name}: expected one camera of that name in the archive, got '
                         f'{len(fitting)}; there are {_named(fitting)}; --topic chooses one')
    return fitting[0] if fitting else None


def _named(cameras: Sequence[Camera]) -> str:
    return ', '.join(f'{camera.source} {camera.topic}'.strip() for camera in cameras[:6])


def evaluate_labelled(args: argparse.Namespace) -> None:
    """Measure an archive against truth, print and write the results."""
    if not args.truth:
        raise ValueError('--truth: expected a MOTChallenge folder or a COCO JSON beside DEST')
    names, cameras = read_labelled(args.dest)
    if args.topic:
        cameras = [camera for camera in cameras
                   if camera.topic.strip('/') == args.topic.strip('/')]
    clips = [clip for path in args.truth
             for clip in _clips(path, names, read_mapping(args.classes, names))]
    results, absent = [], []
    for clip in clips:
        camera = camera_of(clip, cameras, len(clips) == 1)
        if camera is None:
            absent.append(clip.name)
            continue
        count = len(clip.truth)
        measured = precisions(clip, camera.found(count), [False] * count)
        results.append({'clip': clip.name, 'source': camera.source, 'topic': camera.topic,
                        'frames': count, **{name: asdict(value)
                                            for name, value in measured.items()}})
        rest = f'  {camera.images} of {count} frames are labelled'
        print(_line(clip.name, asdict(measured['all'])) + rest * (camera.images < count))
    if not results:
        raise ValueError(f'expected a camera of one of these names in the archive: '
                         f'{", ".join(absent)}; there are {_named(cameras)}')
    if absent:
        print(f'left out, as the archive has no camera of that name: {", ".join(absent)}')
    means = {kind: float(np.mean([result['all'][kind] for result in results]))
             for kind in ('ap50', 'ap75', 'ap')}
    print(_line(f'mean of {len(results)}', means))
    if args.json:
        content = {'dest': args.dest, 'mean': means, 'clips': results}
        write_whole(args.json, json.dumps(content, indent=1) + '\n')


def _clips(path: Path, names: tuple[str, ...], mapping: Mapping[str, int]) -> list[TrueClip]:
    if path.is_file():
        return open_coco_video(path, names, mapping, pictures=False)
    if is_mot_folder(path):
        return [open_mot(path, names, mapping)]
    found = path.iterdir() if path.is_dir() else ()
    inside = sorted(item for item in found if is_mot_folder(item))
    if not inside:
        raise ValueError(f'{path}: expected a COCO JSON, a MOTChallenge folder with gt/gt.txt, or '
                         'a folder of such')
    return [open_mot(item, names, mapping) for item in inside]


def _line(name: str, values: Mapping[str, float]) -> str:
    return (f'{name:24} AP50 {values["ap50"]:5.1f}  AP75 {values["ap75"]:5.1f}  '
            f'AP {values["ap"]:5.1f}')
