# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""NanoDet and NanoDet-Plus measure boxes from different points of a cell."""
from impnet_ros.model.onnx.decoding import decode
from impnet_ros.model.onnx.fixing import run_whole
from impnet_ros.model.onnx.importing import Asked, import_detector
from impnet_ros.model.onnx.layout import cell_table
import numpy as np
import pytest
import small_detectors as small
import torch

STRIDE = 16
SIDES = (3, 2, 4, 1)
# Cells from the point to the left, top, right and bottom.


@pytest.mark.parametrize('strides, like, apart, centre', [
    ((8, 16, 32), 'nanodet', False, 0.5), ((8, 16, 32), 'nanodet', True, 0.5),
    ((8, 16, 32, 64), 'nanodet', False, 0.0), ((8, 16, 32, 64), 'picodet', True, 0.5)])
def test_boxes_are_measured_from_the_point_of_their_generation(strides, like, apart, centre):
    cells = cell_table(small.SIZE, strides).numpy()
    place = int(np.flatnonzero((cells == (2, 1, STRIDE)).all(axis=1))[0])
    rows = np.full((len(cells), 3 + 32), -1.0)
    rows[:, :3] = 0.01
    rows[place, 1] = 0.9
    rows[place, [3 + 8 * side + bins for side, bins in enumerate(SIDES)]] = 50.0
    graph = small.Graph()
    nothing = graph.add('Mul', graph.add('ReduceMean', 'x', keepdims=0), graph.const(0.0))
    parts = {'rows': rows} if not apart else {
        f'{what}_{stride}': rows[cells[:, 2] == stride][:, columns] for stride in strides
        for what, columns in (('scores', slice(3)), ('sides', slice(3, None)))}
    model = graph.model({name: graph.add('Add', graph.const(value[None]), nothing)
                         for name, value in parts.items()})
    found = import_detector(model, Asked(like=like, labels=('cat', 'dog', 'cow')), ())
    outputs = run_whole(found.model, torch.zeros(1, 3, *small.SIZE))
    boxes, scores, labels = decode(found.declaration.layout, outputs, small.SIZE, 0.5)
    left, top, right, bottom = SIDES
    x, y = 2 + centre, 1 + centre
    expected = STRIDE * np.array([x - left, y - top, x + right, y + bottom])
    if like == 'nanodet':  # cuts its boxes at the picture, before NMS
        expected = expected.clip(0, (small.SIZE[1], small.SIZE[0]) * 2)
    np.testing.assert_allclose(boxes, [expected], atol=1e-4)
    assert labels.tolist() == [1]
    assert scores.tolist() == pytest.approx([0.9])
