# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What a detector sees where there is nothing: much, if it is fed or read wrongly."""
from impnet_ros.model.onnx.declaration import Declaration
from impnet_ros.model.onnx.decoding import class_peaks
from impnet_ros.model.onnx.fitting import input_of
from impnet_ros.model.onnx.fixing import run_whole
from impnet_ros.model.onnx.runtimes import UnfitError
import numpy as np
import onnx
import torch

MUCH = 0.5
"""Score in a plain picture; twelve trained detectors stay below 0.25, wrong readings reach 0.9."""

_PLAIN = {'grey': 114, 'white': 255}


@torch.inference_mode()
def seen_in_plain_pictures(whole: onnx.ModelProto, declaration: Declaration) -> tuple[str, ...]:
    """Tell in a sentence of the highest score in plain pictures, or in none if it is low."""
    wanted, scores = declaration.picture, {}
    for name, value in _PLAIN.items():
        image = np.full((*wanted.size, 3), value, np.uint8)
        try:
            outputs = run_whole(whole, input_of(image, wanted))
        except UnfitError as error:
            return (f'of a plain {name} picture: {error}',)
        scores[name] = float(class_peaks(declaration.layout, outputs).max())
    name = max(scores, key=lambda item: scores[item])
    if scores[name] < MUCH:
        return ()
    return (f'in a plain {name} picture it sees something, of score {scores[name]:.2f}: are its '
            'family (--like) and the numbers (--scale, --mean, --std) right, and is it trained?',)
