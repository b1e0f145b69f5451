# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What exports of each family of detectors leave unsaid: colours, scale, fit, and their boxes."""
from dataclasses import dataclass

from impnet_ros.labels import COCO_80

FITS = ('letterbox', 'top-left', 'stretch')
COLOURS = ('rgb', 'bgr')

Three = tuple[float, float, float]

_IMAGENET: tuple[Three, Three] = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_CAFFE: tuple[Three, Three] = ((103.53, 116.28, 123.675), (57.375, 57.12, 58.395))


@dataclass(frozen=True)
class Family:
    """
    How the detectors of a family want their pictures, and what they mean by their outputs.

    Attributes
    ----------
    colour : str
        Order of the input's channels, of `COLOURS`.
    scale, mean, std : float, tuple of float
        Of 0..255 pixels: (pixel / scale - mean) / std, in the order of the channels.
    fit : str
        Of `FITS`: centred with borders, at the top left with borders, or stretched.
    size : int
        Side of the square input, in pixels, where a file takes any.
    objectness : bool
        Whether rows hold an objectness before the classes.
    single_label : bool
        Whether a row gives its best class only.
    centre : float
        Where in its cell a box is measured from, 0..1, for boxes of bins.
    clipped : bool
        Whether boxes are cut at the input's border before NMS.
    carried : bool
        Whether its features may be carried along a flow; transformers lose by it.
    features_pay : bool
        Whether features carried beside boxes were measured to find more than boxes alone.
    first_label : int
        The file's label of the first class; 1 where 0 is the background.
    softmax : bool
        Whether classes share one softmax, with "no object" last.
    bins : bool
        Whether sides may be distributions.
    coverage : bool
        Whether it gives maps of coverage and boxes.
    listed : bool
        Whether final detections in one tensor are known to be x1 y1 x2 y2, score and label.
    named : bool
        Whether it is one of `FAMILIES`; their final detections are in pixels.

    """

    colour: str = 'rgb'
    scale: float = 255.0
    mean: Three = (0.0, 0.0, 0.0)
    std: Three = (1.0, 1.0, 1.0)
    fit: str = 'letterbox'
    size: int = 640
    objectness: bool = False
    single_label: bool = True
    centre: float = 0.5
    clipped: bool = False
    carried: bool = True
    features_pay: bool = False
    first_label: int = 0
    softmax: bool = False
    bins: bool = False
    coverage: bool = False
    listed: bool = False
    named: bool = True


FAMILIES = {
    'ultralytics': Family(listed=True),
    'yolov5': Family(objectness=True),
    'yolox': Family('bgr', 1.0, fit='top-left', objectness=True),
    'nanodet': Family('bgr', 1.0, *_CAFFE, fit='stretch', size=416, single_label=False,
                      centre=0.0, clipped=True, features_pay=True, bins=True),
    'picodet': Family('bgr', 1.0, *_CAFFE, fit='stretch', size=416, single_label=False,
                      features_pay=True, bins=True),
    'rtdetr': Family(fit='stretch', carried=False),
    'rfdetr': Family('rgb', 255.0, *_IMAGENET, fit='stretch', size=560, single_label=False,
                     carried=False),
    'detr': Family('rgb', 255.0, *_IMAGENET, fit='stretch', carried=False, softmax=True),
    'torchvision': Family(fit='top-left', single_label=False, first_label=1),
    'rtmdet': Family('bgr', 1.0, *_CAFFE, fit='top-left', single_label=False),
    'detectnet': Family(fit='stretch', size=544, coverage=True),
}
"""By the names that `impnet import-detector --like` takes."""

_ABSENT = {12: 'street sign', 26: 'hat', 29: 'shoe', 30: 'eye glasses', 45: 'plate',
           66: 'mirror', 68: 'window', 69: 'desk', 71: 'door', 83: 'blender',
           91: 'hair brush'}


def coco_by_id() -> tuple[str, ...]:
    """Names of COCO's categories 1 to 91, eleven of which its data never shows."""
    named = iter(COCO_80)
    return tuple(_ABSENT.get(number) or next(named) for number in range(1, 92))
