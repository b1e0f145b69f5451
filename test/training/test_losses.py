# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Losses by hand, and that minimising them teaches a network."""
import math

from impnet_ros.model.paper.presets import tiny
from impnet_ros.training.losses import detection_losses, hard_example_losses, rpn_losses
from impnet_ros.training.targets import AnchorTargets
import pytest
import torch


def test_rpn_by_hand() -> None:
    """Two anchors on one cell and one column beside it: four in all, cells first."""
    scores = torch.zeros(4, 1, 2)
    scores[3, 0, 0] = 2.0  # object score of anchor 1 in cell 0
    deltas = torch.zeros(8, 1, 2)
    deltas[4:, 0, 0] = torch.tensor([.5, 0, 0, 3.])
    targets = AnchorTargets(torch.tensor([0, 1, -1, 0]), torch.zeros(4, 4))
    classes, boxes = rpn_losses(scores, deltas, targets)
    expected = (math.log(2) + math.log(1 + math.exp(-2)) + math.log(2)) / 3
    assert classes.item() == pytest.approx(expected, abs=1e-6)
    assert boxes.item() == pytest.approx((.5 * .25 + 2.5) / 256, abs=1e-7)


def test_rpn_without_object_has_no_box_loss() -> None:
    targets = AnchorTargets(torch.zeros(4, dtype=torch.int64), torch.zeros(4, 4))
    classes, boxes = rpn_losses(torch.zeros(4, 1, 2), torch.ones(8, 1, 2), targets)
    assert classes.item() == pytest.approx(math.log(2)) and boxes.item() == 0


def test_only_the_hardest_count() -> None:
    scores = torch.tensor([[5., 0], [0, 5], [0, 0], [3, 0]])
    labels = torch.tensor([0, 0, 1, 0])
    deltas, targets = torch.zeros(4, 4), torch.full((4, 4), 3.0)
    classes, boxes = hard_example_losses(scores, deltas, labels, targets, count=2)
    expected = (math.log(1 + math.exp(5)) + math.log(2)) / 2
    assert classes.item() == pytest.approx(expected, abs=1e-6)
    assert boxes.item() == pytest.approx(4 * 2.5 / 2)


def test_what_is_hard_to_place_is_hard_too() -> None:
    """A sure class 6 (4 x 1.5) out of place is harder than an unsure one (ln 2) in its place."""
    scores = torch.tensor([[0., 0], [0, 20]])
    targets = torch.tensor([[0.] * 4, [2.0] * 4])
    classes, boxes = hard_example_losses(scores, torch.zeros(2, 4), torch.tensor([1, 1]), targets,
                                         count=1)
    assert classes.item() == pytest.approx(0, abs=1e-6) and boxes.item() == pytest.approx(6)


def test_background_has_no_box_loss() -> None:
    _, boxes = hard_example_losses(torch.zeros(3, 2), torch.ones(3, 4), torch.zeros(3).long(),
                                   torch.zeros(3, 4))
    assert boxes.item() == 0


def scene() -> tuple[torch.Tensor, torch.Tensor]:
    """Draw a bright square on noise; give its box."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 60, (1, 3, 96, 96), dtype=torch.uint8, generator=generator)
    pixels[:, :, 32:72, 24:64] = torch.tensor([250, 30, 200], dtype=torch.uint8).view(1, 3, 1, 1)
    return pixels, torch.tensor([[24., 32, 63, 71]])


def test_losses_fall_and_the_object_is_found() -> None:
    torch.manual_seed(0)
    net = tiny(short_side=96, long_side=96, proposals=60).train()
    pixels, box = scene()
    optimiser = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], 1e-3)
    history = []
    for _ in range(60):
        maps = net.head(net.features(net.prepare_batch(pixels)).maps[0])
        losses = detection_losses(net.head, maps, (96, 96), [box], [torch.tensor([2])])
        loss = sum(losses.values())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        history.append(loss.item())
    assert set(losses) == {'rpn_class', 'rpn_box', 'class', 'box'}
    assert history[-1] < history[0] / 3
    image = pixels[0].permute(1, 2, 0).contiguous().numpy()
    with torch.inference_mode():
        # Still in training mode: a net of one picture knows only that picture's statistics.
        levels = net.features(net.prepare(image))
        boxes, scores, labels = net.task(levels, None, net.detection)
    assert labels[0] == 2 and scores[0] > .5
    assert (boxes[0] - box[0]).abs().max() < 12


def test_batch_is_the_mean_of_its_pictures() -> None:
    torch.manual_seed(0)
    net = tiny(short_side=96, long_side=96, proposals=30)
    pixels, box = scene()
    none = torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64)

    def losses(pictures: torch.Tensor, boxes: list[torch.Tensor],
               labels: list[torch.Tensor]) -> dict[str, torch.Tensor]:
        torch.manual_seed(1)
        maps = net.head(net.features(net.prepare_batch(pictures)).maps[0])
        return detection_losses(net.head, maps, (96, 96), boxes, labels)

    flipped = pixels.flip(3)
    with torch.no_grad():
        first = losses(pixels, [box], [torch.tensor([1])])
        second = losses(flipped, [none[0]], [none[1]])
        both = losses(torch.cat((pixels, flipped)), [box, none[0]], [torch.tensor([1]), none[1]])
    assert second['rpn_box'] == second['box'] == 0
    for name in ('rpn_box', 'class', 'box'):
        mean = (first[name] + second[name]).item() / 2
        assert both[name].item() == pytest.approx(mean, rel=1e-4)
    # The negatives of the RPN are drawn, so its mean differs a little from draw to draw.
    assert both['rpn_class'].item() == pytest.approx(
        (first['rpn_class'] + second['rpn_class']).item() / 2, rel=.02)
