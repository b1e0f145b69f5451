# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""COCO's JSON with videos, frames and tracks; written as it comes, nothing is held."""
import json
from pathlib import Path
import shutil
from typing import Any

from impnet_ros.archive.labelled import About, Labelled


def _text(value: Any) -> str:
    return json.dumps(value, separators=(',', ':'))


class CocoFile:
    """
    One video with its images, annotations and tracks.

    Parameters
    ----------
    path : Path
        File to write; the annotations go to a file beside it until the end.
    about : About
        The piece and the settings.

    """

    suffix = '.json'

    def __init__(self, path: Path, about: About) -> None:
        self._about = about
        self._images = self._annotations = 0
        self._tracks: dict[int, int] = {}
        self._size = (0, 0)
        self._file = path.open('w', encoding='utf-8')
        self._beside = path.with_name(path.name + '.annotations.part')
        self._later = self._beside.open('w+', encoding='utf-8')
        info = {'description': 'made by impnet label', 'model': about.job.model_name,
                'settings': about.job.settings}
        categories = [{'id': number + 1, 'name': name, 'supercategory': ''}
                      for number, name in enumerate(about.class_names)]
        self._file.write(f'{{"info":{_text(info)},"licenses":[],\n'
                         f'"categories":{_text(categories)},\n"images":[')

    def write(self, image: Labelled) -> None:
        """Add an image."""
        seen = image.seen
        height, width = seen.size
        self._size = self._size if self._images else (height, width)
        self._images += 1
        self._file.write((',\n' if self._images > 1 else '\n') + _text({
            'id': self._images, 'video_id': 1, 'frame_id': seen.index, 'file_name': seen.name,
            'width': width, 'height': height, 'stamp_ns': seen.stamp_ns, 'log_ns': seen.log_ns,
            'is_key': image.is_key}))
        tracks = image.tracks or [None] * len(image.boxes)
        for (x1, y1, x2, y2), score, label, track in zip(image.boxes, image.scores, image.labels,
                                                         tracks, strict=True):
            self._annotations += 1
            entry = {'id': self._annotations, 'image_id': self._images,
                     'category_id': label + 1, 'video_id': 1,
                     'bbox': [round(value, 2) for value in (x1, y1, x2 - x1, y2 - y1)],
                     'area': round((x2 - x1) * (y2 - y1), 2), 'iscrowd': 0,
                     'score': round(score, 5)}
            if track is not None:
                entry['track_id'] = track
                self._tracks.setdefault(track, label + 1)
            self._later.write((',\n' if self._annotations > 1 else '\n') + _text(entry))

    def close(self) -> None:
        """Write what comes behind the images."""
        piece = self._about.piece
        height, width = self._size
        video = {'id': 1, 'name': piece.name, 'source': piece.source, 'topic': piece.topic,
                 'part': piece.part, 'width': width, 'height': height, 'length': self._images}
        tracks = [{'id': track, 'category_id': category, 'video_id': 1}
                  for track, category in sorted(self._tracks.items())]
        self._file.write(f'],\n"videos":{_text([video])},\n"tracks":{_text(tracks)},\n'
                         f'"annotations":[')
        self._later.seek(0)
        shutil.copyfileobj(self._later, self._file, 1 << 20)
        self._file.write(']}\n')
        self._file.close()
        self.abandon()

    def abandon(self) -> None:
        """Let it be unfinished."""
        self._file.close()
        self._later.close()
        self._beside.unlink(missing_ok=True)
