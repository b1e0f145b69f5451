# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""From messages to objects in the frame of the depth camera, or one sentence why not."""
from typing import Any

from impnet_ros.depth.camera import CameraError, carried, Pinhole, pinhole
from impnet_ros.depth.depth_image import decode, DepthError, DepthImage
from impnet_ros.depth.placing import place, Placed
from impnet_ros.ros.depth.settings import DepthSettings
import numpy as np
from sensor_msgs.msg import CameraInfo, Image
from vision_msgs.msg import Detection2DArray

Array = np.ndarray[Any, Any]
_OVER_THE_EDGE = 1.02
_MOST_BOXES = 2000


class Refused(ValueError):
    """Nothing can be placed; says what was expected and what came."""


def lift(detections: Detection2DArray, depth: Image, info: CameraInfo,
         image_info: CameraInfo | None, settings: DepthSettings) -> tuple[Placed, str]:
    """
    Place the boxes of one message.

    Parameters
    ----------
    detections : Detection2DArray
        Boxes in pixels of the detector's image.
    depth : Image
        Registered to that image.
    info : CameraInfo
        Of the depth image.
    image_info : CameraInfo or None
        Of the detector's image; needed where its size is another than the depth image's.
    settings : DepthSettings
        What is taken for granted.

    Returns
    -------
    Placed
        One entry a detection, NaN where it has no place.
    str
        Why the depth image as a whole holds next to nothing; '' where it does not.

    Raises
    ------
    Refused
        If frames, encoding, sizes or intrinsics do not allow it.

    """
    try:
        _check_frames(frame_of(detections), depth.header.frame_id, settings.registered)
        image = decode(depth.data, depth.height, depth.width, depth.encoding, depth.step,
                       bool(depth.is_bigendian), settings.max_range)
        lens = _lens(info, image, settings.rectified)
        boxes = _boxes(detections)
        if (image_info is not None and image_info.width
                and (image_info.width, image_info.height) != image.size):
            boxes = carried(boxes - 0.5, _pinhole(image_info, True, 'camera_info'), lens) + 0.5
        else:
            _check_size(boxes, image)
    except (CameraError, DepthError) as error:
        raise Refused(str(error)) from error
    placed = place(image, lens, boxes, settings.thickness)
    return placed, '' if placed.found.any() else image.fault()


def frame_of(detections: Detection2DArray) -> str:
    """Name the frame of the detector's image."""
    if detections.header.frame_id or not detections.detections:
        return detections.header.frame_id
    return detections.detections[0].header.frame_id


def _check_frames(detector: str, depth: str, registered: bool) -> None:
    if detector.lstrip('/') != depth.lstrip('/') and not registered:
        raise Refused(
            f'detections are in frame {detector!r} and the depth image in {depth!r}: register '
            "the depth image to the detector's camera (depth_image_proc's register node, or the "
            'align option of the camera driver), or set registered:=true where it is')


def _pinhole(info: CameraInfo, rectified: bool, name: str) -> Pinhole:
    return pinhole(info.width, info.height, info.k, info.d, info.p, rectified=rectified,
                   binning=(info.binning_x, info.binning_y),
                   offset=(info.roi.x_offset, info.roi.y_offset), name=name)


def _lens(info: CameraInfo, image: DepthImage, rectified: bool) -> Pinhole:
    lens = _pinhole(info, rectified, 'depth/camera_info')
    region = (info.roi.width, info.roi.height)
    told = {(lens.width, lens.height), (info.width, info.height)}
    if all(region):
        told.add((region[0] // max(info.binning_x, 1), region[1] // max(info.binning_y, 1)))
    if image.size not in told and (info.width or info.height):
        raise Refused(f'depth/camera_info is for {info.width} x {info.height} pixels, the depth '
                      f'image has {image.size[0]} x {image.size[1]}')
    return lens


def _boxes(detections: Detection2DArray) -> Array:
    """Read boxes (N, 4); NaN becomes an empty box far outside, which has no place."""
    if len(detections.detections) > _MOST_BOXES:
        raise Refused(f'expected at most {_MOST_BOXES} boxes, got {len(detections.detections)}')
    boxes = np.array([
        (box.center.position.x - box.size_x / 2, box.center.position.y - box.size_y / 2,
         box.center.position.x + box.size_x / 2, box.center.position.y + box.size_y / 2)
        for box in (each.bbox for each in detections.detections)], float).reshape(-1, 4)
    sane = np.isfinite(boxes).all(axis=1) & (np.abs(boxes) < 1e6).all(axis=1)
    sane &= (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    boxes[~sane] = (-10.0, -10.0, -9.0, -9.0)
    return boxes


def _check_size(boxes: Array, image: DepthImage) -> None:
    width, height = image.size
    if len(boxes) and (boxes[:, 2].max() > width * _OVER_THE_EDGE + 1
                       or boxes[:, 3].max() > height * _OVER_THE_EDGE + 1):
        raise Refused(
            f'boxes reach to ({boxes[:, 2].max():.0f}, {boxes[:, 3].max():.0f}) and the depth '
            f"image has {width} x {height} pixels: send the CameraInfo of the detector's image "
            'on camera_info, so that boxes can be scaled')
