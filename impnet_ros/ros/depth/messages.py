# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Objects in space as messages: vision_msgs, velocities, markers."""
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
import math
from typing import Any
from zlib import crc32

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point, Pose, Quaternion, Vector3
from impnet_ros.depth.frames import Rigid
from impnet_ros.depth.motion import Moving
from impnet_ros.msg import ObjectVelocities
import numpy as np
from std_msgs.msg import ColorRGBA, Header
from vision_msgs.msg import Detection2D, Detection3D, Detection3DArray
from visualization_msgs.msg import Marker, MarkerArray

Array = np.ndarray[Any, Any]
_UNKNOWN_TURN = math.pi**2
"""Variance of an orientation that nothing is known of."""
_MARKER_S = 2
"""A node that is gone cannot remove its markers."""
NAMESPACES = ('boxes', 'labels')


@dataclass(frozen=True)
class Thing:
    """
    One detection and its place in the frame of the results.

    Attributes
    ----------
    detection : Detection2D
    position, size : numpy.ndarray
        (3,), m; the size is along the axes of the depth camera.
    covariance : numpy.ndarray
        (3, 3) of the position, m^2.
    moving : Moving or None
        Its motion, where it has an id.
    carried : bool
        Its place is a prediction: no depth was measured.

    """

    detection: Detection2D
    position: Array
    size: Array
    covariance: Array
    moving: Moving | None = None
    carried: bool = False


def detections_3d(things: Sequence[Thing], header: Header, turn: Rigid) -> Detection3DArray:
    """Make the message; `turn` is from the depth camera's frame to that of the header."""
    message = Detection3DArray(header=header)
    for thing in things:
        pose = Pose(position=_point(thing.position), orientation=_quaternion(turn))
        detection = Detection3D(header=header, id=thing.detection.id)
        detection.bbox.center = pose
        detection.bbox.size = _vector(thing.size)
        covariance = np.zeros((6, 6))
        covariance[:3, :3] = thing.covariance
        covariance[3:, 3:] = np.eye(3) * _UNKNOWN_TURN
        for result in thing.detection.results:
            placed = deepcopy(result)
            placed.pose.pose = pose
            placed.pose.covariance = covariance.ravel()
            detection.results.append(placed)
        message.detections.append(detection)
    return message


def velocities(things: Sequence[Thing], header: Header, time_s: float) -> ObjectVelocities:
    """Tell the motion of what was measured at least twice."""
    message = ObjectVelocities(header=header)
    for thing in things:
        moving = thing.moving
        if moving is None or moving.count < 2:
            continue
        message.ids.append(thing.detection.id)
        message.velocities.append(_vector(moving.velocity))
        message.standard_deviations.append(moving.speed_deviation)
        message.unseen_s.append(max(0.0, time_s - moving.measured_s))
    return message


def markers(things: Sequence[Thing], header: Header, turn: Rigid,
            shown: set[int]) -> tuple[MarkerArray, set[int]]:
    """
    Draw boxes and labels.

    Parameters
    ----------
    things : sequence of Thing
        What to draw.
    header : Header
        Of the markers.
    turn : Rigid
        From the depth camera's frame to that of the header.
    shown : set of int
        Markers that were drawn before; those that are not drawn again are removed.

    Returns
    -------
    MarkerArray
    set of int
        The markers that are drawn now.

    """
    message = MarkerArray()
    now: set[int] = set()
    for index, thing in enumerate(things):
        number = _number(thing.detection.id, index)
        while number in now:
            number += 1
        now.add(number)
        colour = _colour(thing)
        box = _marker(header, NAMESPACES[0], number, Marker.CUBE)
        box.pose = Pose(position=_point(thing.position), orientation=_quaternion(turn))
        box.scale, box.color = _vector(thing.size), colour
        text = _marker(header, NAMESPACES[1], number, Marker.TEXT_VIEW_FACING)
        # Above in the picture: the camera's y points down.
        text.pose.position = _point(thing.position - turn.matrix[:, 1] * (thing.size[1] / 2 + 0.1))
        text.scale.z = 0.15
        text.color = ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)
        text.text = _label(thing)
        message.markers += [box, text]
    for number in sorted(shown - now):
        for namespace in NAMESPACES:
            gone = _marker(header, namespace, number, Marker.CUBE)
            gone.action = Marker.DELETE
            message.markers.append(gone)
    return message, now


def no_markers(header: Header) -> MarkerArray:
    """Remove all that was ever drawn."""
    clear = _marker(header, '', 0, Marker.CUBE)
    clear.action = Marker.DELETEALL
    return MarkerArray(markers=[clear])


def _marker(header: Header, namespace: str, number: int, kind: int) -> Marker:
    marker = Marker(header=header, ns=namespace, id=number, type=kind, action=Marker.ADD,
                    lifetime=Duration(sec=_MARKER_S))
    marker.pose.orientation.w = 1.0
    return marker


def _number(name: str, index: int) -> int:
    """Give a marker's number: the object's own where it has one."""
    if not name:
        return index
    if name.isdecimal() and int(name) < 10**9:
        return 1000 + int(name)
    return 2 * 10**9 - crc32(name.encode()) % 10**9


def _class(thing: Thing) -> str:
    results = thing.detection.results
    return str(results[0].hypothesis.class_id) if results else ''


def _label(thing: Thing) -> str:
    number = f' {thing.detection.id}' if thing.detection.id else ''
    text = f'{_class(thing)}{number} {np.linalg.norm(thing.position):.1f} m'
    if thing.moving is not None and thing.moving.count > 2:
        text += f' {np.linalg.norm(thing.moving.velocity):.1f} m/s'
    return text


def _colour(thing: Thing) -> ColorRGBA:
    hue = crc32(_class(thing).encode()) % 360 / 60.0
    red, green, blue = (min(max(abs((hue + shift) % 6 - 3) - 1, 0.0), 1.0) for shift in (0, 4, 2))
    return ColorRGBA(r=red, g=green, b=blue, a=0.2 if thing.carried else 0.45)


def _point(values: Array) -> Point:
    x, y, z = values.tolist()
    return Point(x=x, y=y, z=z)


def _vector(values: Array) -> Vector3:
    x, y, z = values.tolist()
    return Vector3(x=x, y=y, z=z)


def _quaternion(turn: Rigid) -> Quaternion:
    x, y, z, w = turn.rotation.tolist()
    return Quaternion(x=x, y=y, z=z, w=w)
