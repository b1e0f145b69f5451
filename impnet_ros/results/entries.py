# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Detections of a frame as an entry of a results file, and back."""
from collections.abc import Sequence
from typing import Any

from impnet_ros.stream.types import Detections
import torch

Entry = dict[str, Any]


def as_entry(index: int, detections: Detections, class_names: Sequence[str], error: str = ''
             ) -> Entry:
    """
    Give a frame's entry: its number in the input, boxes x1 y1 x2 y2 in pixels of the input.

    Only a frame that the network could not answer has an `error`, which says why.
    """
    ids = detections.track_ids
    tracks = {} if ids is None else {'track_ids': ids.tolist()}
    failed = {'error': error} if error else {}
    return {'frame': index, 'stamp_s': detections.stamp_s, 'is_key': detections.is_key,
            'age': detections.age, 'mean_weight': detections.mean_weight,
            'is_glance': detections.is_glance, 'reset_reason': detections.reset_reason,
            'boxes': detections.boxes.tolist(), 'scores': detections.scores.tolist(),
            'labels': [class_names[label] for label in detections.labels.tolist()], **tracks,
            **failed}


def as_detections(entry: Entry, class_names: Sequence[str]) -> Detections:
    """Read an entry back; ValueError if it is none, or of other classes."""
    try:
        labels = [class_names.index(label) for label in entry['labels']]
        return Detections(torch.tensor(entry['boxes'], dtype=torch.float32).reshape(-1, 4),
                          torch.tensor(entry['scores'], dtype=torch.float32),
                          torch.tensor(labels, dtype=torch.int64), entry['stamp_s'],
                          entry['is_key'], entry['age'], entry['mean_weight'],
                          entry['is_glance'], entry['reset_reason'])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f'expected an entry of `impnet detect` with classes of the model, got '
                         f'{str(entry)[:80]} ({error})') from error
