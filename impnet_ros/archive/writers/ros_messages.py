# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""vision_msgs and FrameStatus as bytes, without ROS: definitions lie beside this package."""
from functools import cache
import math
from pathlib import Path
from typing import Any

from impnet_ros.archive.labelled import About, Labelled
from impnet_ros.stream.schedule import length_of
import numpy as np
from rosbags.typesys import get_types_from_msg, get_typestore, Stores

DETECTIONS = 'vision_msgs/msg/Detection2DArray'
STATUS = 'impnet_ros/msg/FrameStatus'
_FILES = {DETECTIONS: 'detection_2d_array.msg', STATUS: 'frame_status.msg'}
_FOLDER = Path(__file__).parents[1] / 'messages'


def definition(name: str) -> str:
    """Give the text of a type and of all types inside it, as bags keep it."""
    return (_FOLDER / _FILES[name]).read_text('utf-8')


@cache
def types() -> Any:
    """Give rosbags' type store with the two types."""
    store = get_typestore(Stores.ROS2_JAZZY)
    for name in _FILES:
        known = get_types_from_msg(definition(name), name)
        store.register({key: value for key, value in known.items() if key not in store.types})
    return store


def type_hash(name: str) -> str:
    """Give the RIHS01 hash by which ROS 2 tells types apart."""
    return str(types().hash_rihs01(name))


def _header(image: Labelled) -> Any:
    kinds = types().types
    stamp = kinds['builtin_interfaces/msg/Time'](*divmod(image.seen.stamp_ns, 10**9))
    return kinds['std_msgs/msg/Header'](stamp, image.seen.frame_id)


@cache
def _pose() -> Any:
    kinds = types().types
    pose = kinds['geometry_msgs/msg/Pose'](kinds['geometry_msgs/msg/Point'](0.0, 0.0, 0.0),
                                           kinds['geometry_msgs/msg/Quaternion'](0.0, 0.0, 0.0,
                                                                                 1.0))
    return kinds['geometry_msgs/msg/PoseWithCovariance'](pose, np.zeros(36))


def detections(image: Labelled, class_names: tuple[str, ...]) -> bytes:
    """Give a Detection2DArray as the node publishes it."""
    kinds = {name.rpartition('/')[2]: kind for name, kind in types().types.items()
             if name.startswith('vision_msgs/')}
    header = _header(image)
    tracks = image.tracks or [None] * len(image.boxes)
    found = []
    for (x1, y1, x2, y2), score, label, track in zip(image.boxes, image.scores, image.labels,
                                                     tracks, strict=True):
        centre = kinds['Pose2D'](kinds['Point2D']((x1 + x2) / 2, (y1 + y2) / 2), 0.0)
        guess = kinds['ObjectHypothesisWithPose'](
            kinds['ObjectHypothesis'](class_names[label], score), _pose())
        found.append(kinds['Detection2D'](header, [guess],
                                          kinds['BoundingBox2D'](centre, x2 - x1, y2 - y1),
                                          '' if track is None else str(track)))
    return bytes(types().serialize_cdr(kinds['Detection2DArray'](header, found), DETECTIONS))


def status(image: Labelled, about: About, processed: int, lost: int) -> bytes:
    """Give a FrameStatus; times of this machine are left out, so that every run is the same."""
    stream, kind = about.stream, types().types[STATUS]
    values = {'header': _header(image), 'is_key': image.is_key,
              'is_glance': image.is_glance, 'age': image.age,
              'mean_weight': image.mean_weight, 'reset_reason': image.reset_reason,
              'stamp_problem': '',
              'latency_ms': math.nan, 'frames_processed': processed, 'frames_lost': lost,
              'camera': about.piece.topic, 'model': about.job.model_name, 'mode': stream.mode,
              'device': about.device, 'l': length_of(stream),
              'glance': 0 if stream.glance == 'off' else stream.glance,
              'glance_every': stream.glance_every, 'g': float(stream.memory_gate)}
    others = {name: 0.0 for name in kind.__dataclass_fields__ if name.endswith('_ms')}
    return bytes(types().serialize_cdr(kind(**{**others, **values}), STATUS))
