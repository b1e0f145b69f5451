# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Clips of a COCO JSON whose pictures belong to videos.

Two dialects: pictures with `video_id` and annotations with `image_id` (COCO-VID, TAO), or
videos with `file_names` and annotations with `bboxes`, one a frame (YouTube-VIS).
"""
from collections.abc import Mapping, Sequence
from functools import partial
import json
import math
from pathlib import Path
from typing import Any

from impnet_ros.data.class_mapping import mapped
from impnet_ros.data.true_clip import BoxRows, read_images, TrueClip
from impnet_ros.sources.natural import natural

_PLACES = ('frame_id', 'frame_index', 'mot_frame_id')
_IDS = ('instance_id', 'track_id')
_RATES = ('fps', 'frame_rate')
_OTHERS = 2 ** 62
DEFAULT_FPS = 30.0


def open_coco_video(path: Path, class_names: Sequence[str], mapping: Mapping[str, int],
                    folder: Path | None = None, complete: bool = True,
                    fps: float | None = None, pictures: bool = True) -> list[TrueClip]:
    """
    Open the videos of a COCO JSON.

    Parameters
    ----------
    path : Path
        The file.
    class_names : sequence of str
        Of the network. Categories of these names are theirs; others are left out.
    mapping : Mapping
        Name of a category to class of the network, see `class_mapping`; replaces the above.
    folder : Path, optional
        What the names of the pictures are relative to; by default the file's folder.
    complete : bool
        See `TrueClip`.
    fps : float, optional
        For videos that do not say.
    pictures : bool
        Whether the pictures have to be there; for results that were found before they need not.

    Raises
    ------
    ValueError
        If something is missing, or no box is of a class that is asked for.

    """
    try:
        content = json.loads(path.read_text(encoding='utf-8-sig'))
        videos = content['videos']
        categories = {item['id']: item['name'] for item in content['categories']}
        annotations = content['annotations']
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f'{path}: expected COCO JSON with videos, categories and annotations '
                         f'({error!r})') from error
    mapping = mapping or {name: index for index, name in enumerate(class_names)}
    labels = {number: mapped(name, mapping) for number, name in categories.items()}
    try:
        frames = _frames(content, videos)
        rows = {key: [BoxRows() for _ in items] for key, items in frames.items()}
        places = {item['id']: (key, place) for key, items in frames.items()
                  for place, item in enumerate(items)}
        untracked = _add(annotations, labels, rows, places)
        names = {key: [item['file_name'] for item in items] for key, items in frames.items()}
        rates = {video['id']: _rate(video, fps) for video in videos}
    except (KeyError, TypeError, IndexError, ValueError, AttributeError) as error:
        raise ValueError(f'{path}: expected videos, images and annotations of COCO, something is '
                         f'missing or of another kind: {error!r}') from error
    if not any(len(row.labels) for items in rows.values() for row in items):
        raise ValueError(f'{path}: expected boxes of {sorted(mapping)[:4]} ..., found categories '
                         f'{sorted(categories.values())[:4]} ...; --classes NAME=CLASS maps them')
    folder = folder or path.parent
    clips = []
    for video in videos:
        files = [folder / name for name in names[video['id']]]
        if not files:
            continue
        missing = [file for file in files if pictures and not file.is_file()]
        if missing:
            raise ValueError(f'{missing[0]}: no such picture ({len(missing)} missing of '
                             f'{len(files)}); --images names the folder they are in')
        above = Path(names[video['id']][0]).parent.as_posix()
        name = str(video.get('name') or (above if above != '.' else f'video {video["id"]}'))
        clips.append(TrueClip(name, rates[video['id']], partial(read_images, files),
                              tuple(row.done() for row in rows[video['id']]), complete,
                              video['id'] not in untracked))
    return clips


def _frames(content: Mapping[str, Any],
            videos: Sequence[Mapping[str, Any]]) -> dict[Any, list[dict[str, Any]]]:
    """Give the pictures of each video in order, each with its file_name and an id."""
    result: dict[Any, list[dict[str, Any]]] = {video['id']: [] for video in videos}
    for image in content.get('images', ()):
        if image.get('video_id') in result:  # else a still picture beside the videos
            result[image['video_id']].append(image)
    for items in result.values():
        key = next((key for key in _PLACES if items and key in items[0]), 'file_name')
        items.sort(key=lambda item, key=key: natural(str(item[key])))
    for video in videos:
        result[video['id']] = result[video['id']] or [
            {'id': (video['id'], place), 'file_name': name}
            for place, name in enumerate(video.get('file_names', ()))]
    return result


def _rate(video: Mapping[str, Any], fps: float | None) -> float:
    rate = float(next((video[key] for key in _RATES if video.get(key)), fps or DEFAULT_FPS))
    if not 0 < rate < math.inf:
        raise ValueError(f'fps: expected more than 0, got {rate}')
    return rate


def _add(annotations: Sequence[Mapping[str, Any]], labels: Mapping[Any, int | None],
         rows: Mapping[Any, list[BoxRows]], places: Mapping[Any, tuple[Any, int]]) -> set[Any]:
    """Add all the boxes to their frames; give the videos in which some have no track."""
    untracked, numbers = set[Any](), dict[Any, int]()
    for annotation in annotations:
        label = labels[annotation['category_id']]
        if label is None:
            continue
        crowd = bool(annotation.get('iscrowd', 0))
        ignored = bool(annotation.get('ignore', 0))
        if 'bboxes' in annotation:
            number = _number(annotation['id'], numbers)
            for place, box in enumerate(annotation['bboxes']):
                if _is_there(box):
                    rows[annotation['video_id']][place].add(box, label, number, ignored, crowd)
            continue
        if annotation['image_id'] not in places:
            continue
        video, place = places[annotation['image_id']]
        track = next((annotation[key] for key in _IDS if key in annotation), None)
        if track in (None, -1):
            track = 'alone', annotation['id']
            untracked |= set() if crowd or ignored else {video}
        if _is_there(annotation['bbox']):
            rows[video][place].add(annotation['bbox'], label,
                                   _number(track, numbers), ignored, crowd)
    return untracked


def _number(track: Any, others: dict[Any, int]) -> int:
    """Give a track's id as it is, or one of its own where it is no number that fits."""
    if type(track) is int and 0 <= track < _OTHERS:
        return track
    return _OTHERS + others.setdefault(track, len(others))


def _is_there(box: Any) -> bool:
    """Tell a box from none, which is empty or all zeros."""
    if not box or not any(box):
        return False
    if len(box) != 4 or not all(map(math.isfinite, box)) or box[2] <= 0 or box[3] <= 0:
        raise ValueError(f'expected a box left, top, width > 0, height > 0, got {box}')
    return True
