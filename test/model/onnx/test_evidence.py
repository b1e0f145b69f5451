# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The terms of N_q are the logits of the scores that the detector itself gives."""
from impnet_ros.model.onnx.declaration import Level
from impnet_ros.model.onnx.evidence import class_logits
from impnet_ros.model.onnx.nothing import NOTHING
import torch

SURE = 1e4


def level(classes: tuple[tuple[int, ...], ...], objectness: tuple[int, ...] = ()) -> Level:
    return Level(8, (4, 5), ('a',), (12,), (0.0,) * 12, classes, objectness)


def test_objectness_multiplies_each_class() -> None:
    maps = torch.randn(2, 12, 4, 5) * 6
    found = class_logits(maps, level(((3,), (7,)), (5,))).double() + NOTHING
    score = maps.double().sigmoid()
    torch.testing.assert_close(found, torch.logit(score[:, [3, 7]] * score[:, 5:6]),
                               rtol=1e-5, atol=1e-5)


def test_the_best_anchor_counts() -> None:
    maps = torch.randn(1, 12, 4, 5)
    found = class_logits(maps, level(((0, 6), (1, 7)), (4, 10))).double() + NOTHING
    score = maps.double().sigmoid()
    anchors = torch.stack((score[:, [0, 1]] * score[:, 4:5], score[:, [6, 7]] * score[:, 10:11]))
    torch.testing.assert_close(found, torch.logit(anchors.amax(dim=0)), rtol=1e-5, atol=1e-5)


def test_logits_alone_are_as_they_are() -> None:
    maps = torch.randn(1, 12, 4, 5)
    found = class_logits(maps, level(((2,), (), (9,))))
    assert torch.equal(found + NOTHING, maps[:, [2, 9]] - NOTHING + NOTHING)


def test_what_is_certain_stays_a_number_and_in_order() -> None:
    maps = torch.zeros(1, 12, 4, 5)
    maps[0, 0, 0] = torch.tensor([-SURE, -20, 0, 20, SURE])
    maps[0, 5] = SURE
    found = class_logits(maps, level(((0,),), (5,)))[0, 0, 0]
    assert found.isfinite().all() and (found.diff() > 0).all()
    maps[0, 0, 1, 0] = torch.nan
    assert class_logits(maps, level(((0,),), (5,)))[0, 0, 1, 0].isnan()
