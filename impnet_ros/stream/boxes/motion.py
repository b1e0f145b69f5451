# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
How remembered boxes move: by the flow inside them, and by what is known of their way.

Flow of a small picture loses people who walk behind others, and underestimates small ones. A
track knows better: how it went while it was in sight, and by how much fresh boxes at key frames
were ahead of it.
"""
import math

from impnet_ros.model.levels import Flow
from impnet_ros.stream.boxes.tracks import Tracks
import torch
from torch import Tensor
from torch.nn import functional
from torchvision.ops import box_iou, clip_boxes_to_image

_ACROSS, _DOWN = torch.linspace(-0.35, 0.35, 7), torch.linspace(-0.4, 0.4, 7)
INSIDE = torch.cartesian_prod(_ACROSS, _DOWN)
_BESIDE = torch.cartesian_prod(torch.tensor((-0.75, -0.65, 0.65, 0.75)),
                               torch.linspace(-0.4, 0.4, 7))
"""Where the flow of a box and of what is behind it is read, in widths and heights, (49 or 28, 2)
from its centre."""

GROWTH = 0.25
"""Share of the measured growth that a box follows."""

HIDDEN = (0.1, 0.4)
"""Share of a box's points behind other boxes from which on, and up to which, its own way counts
in place of the flow."""

HIDDEN_POINT = 0.1
"""What a point behind another box counts."""

VELOCITY_SPAN_S = 0.3
"""Seconds over which a velocity is averaged."""

CORRECTION_SPAN_S = 1.5
"""Seconds of meeting fresh boxes in which velocity and drift take over most of what the flow
misses; the places of single boxes are too noisy for less."""

LARGEST_DRIFT = 0.6
"""Sides a second; a person walks about two."""

_YOUNG_S = 0.1
_NOT_MOVING = 0.01  # cells; keeps the weights of points above zero where nothing moves


def moved_along(boxes: Tensor, flow: Flow, image_size: tuple[int, int]) -> Tensor:
    """
    Move boxes along a flow.

    A box is full of background too, and a plain median loses a quarter of the way of people who
    walk by. So points count by how differently they move from what is left and right of the box.
    Growth, the slope of the flow across the box, is mostly noise and limbs: a quarter of it is
    believed, which was the best of none, a quarter, a half and all.

    Parameters
    ----------
    boxes : Tensor
        (N, 4), x1 y1 x2 y2 in pixels of the earlier frame.
    flow : Flow
        F(earlier, later), whose first level tells where each place goes.
    image_size : tuple of int
        (height, width) of both frames in pixels.

    Returns
    -------
    Tensor
        (N, 4), in pixels of the later frame, clipped to it.

    """
    if not len(boxes):
        return boxes
    moved: Tensor = clip_boxes_to_image(_carried(boxes, flow, image_size), image_size)
    return moved


def _carried(boxes: Tensor, flow: Flow, image_size: tuple[int, int],
             seen: Tensor | float = 1.0) -> Tensor:
    """Move boxes; `seen`, (N, 49), says what each point of `INSIDE` counts besides."""
    height, width = image_size
    size = boxes.new_tensor((width, height))
    cells = boxes.new_tensor((flow.levels[0].shape[3], flow.levels[0].shape[2]))
    points = torch.cat((INSIDE, _BESIDE)).to(boxes)
    moves = read(flow.levels[0].to(boxes), boxes, points, image_size)  # (N, points, 2), cells
    inside, beside = moves.split((len(INSIDE), len(_BESIDE)), dim=1)
    apart = (inside - beside.median(dim=1, keepdim=True).values).norm(dim=2) + _NOT_MOVING
    counts = apart * seen
    shift = torch.stack([_weighted_median(inside[..., axis], counts) for axis in (0, 1)], dim=1)
    offsets = INSIDE.to(boxes)
    slope = ((inside * offsets).mean(dim=1) / offsets.square().mean(dim=0)) * size / cells
    extents = (boxes[:, 2:] - boxes[:, :2]).clamp(min=1e-3)
    half = (GROWTH * slope / extents).clamp(-0.2, 0.25) * extents / 2
    shift = shift * size / cells
    return boxes + torch.cat((shift - half, shift + half), dim=1)


def advanced(tracks: Tracks, flow: Flow, image_size: tuple[int, int],
             elapsed_s: float) -> tuple[Tensor, Tensor]:
    """
    Move tracks by the flow and by what is known of their way.

    What is in sight follows the flow, corrected by the drift that key frames showed. What other
    boxes hide goes on as it went before, and the flow, which is theirs, counts less.

    Parameters
    ----------
    tracks : Tracks
        In the earlier frame, at least one.
    flow : Flow
        F(earlier, later).
    image_size : tuple of int
        (height, width) in pixels.
    elapsed_s : float
        Seconds between the two frames, above 0.

    Returns
    -------
    boxes : Tensor
        (N, 4), in pixels of the later frame, clipped to it.
    velocity : Tensor
        (N, 2), pixels a second against the background.

    """
    height, width = image_size
    finest = flow.levels[0]
    to_pixels = tracks.boxes.new_tensor((width / finest.shape[3], height / finest.shape[2]))
    # Contiguous: torch's median of an expanded tensor is not a number.
    camera = finest.to(tracks.boxes).flatten(2).contiguous().median(dim=2).values
    camera = camera * to_pixels / elapsed_s
    behind = hidden(tracks.boxes, tracks.scores)
    seen = torch.where(behind, HIDDEN_POINT, 1.0).to(tracks.boxes)
    boxes = _carried(tracks.boxes, flow, image_size, seen)
    blind = behind.to(boxes).mean(dim=1, keepdim=True)
    blind = ((blind - HIDDEN[0]) / (HIDDEN[1] - HIDDEN[0])).clamp(0, 1)
    found = (boxes - tracks.boxes).reshape(-1, 2, 2).mean(dim=1) / elapsed_s + tracks.drift
    known = (tracks.age_s > _YOUNG_S)[:, None]
    own_way = tracks.velocity + camera
    moves = torch.lerp(found, own_way, blind * known)
    boxes = boxes + ((moves - found + tracks.drift) * elapsed_s).repeat(1, 2)
    share = (1 - blind) * (1 - math.exp(-elapsed_s / VELOCITY_SPAN_S))
    share = torch.where(tracks.age_s[:, None] == 0, 1.0, share)
    velocity = torch.lerp(tracks.velocity, moves - camera, share)
    return clip_boxes_to_image(boxes, image_size), velocity


def corrected(tracks: Tracks, number: Tensor, boxes: Tensor,
              elapsed_s: float) -> tuple[Tensor, Tensor]:
    """
    Learn from fresh boxes how far the carried ones had fallen behind.

    Parameters
    ----------
    tracks : Tracks
        Carried to the frame of the fresh boxes.
    number : Tensor
        int64 (M,), the track that each fresh box met.
    boxes : Tensor
        (M, 4), the fresh boxes.
    elapsed_s : float
        Seconds since the tracks last met fresh ones.

    Returns
    -------
    velocity, drift : Tensor
        (M, 2), pixels a second.

    """
    carried = tracks.boxes[number]
    ahead = (boxes - carried).reshape(-1, 2, 2).mean(dim=1) / max(elapsed_s, 0.01)
    ahead = ahead * (1 - math.exp(-elapsed_s / CORRECTION_SPAN_S))
    most = LARGEST_DRIFT * (carried[:, 2:] - carried[:, :2])
    drift = tracks.drift[number] + ahead
    return (tracks.velocity[number] + ahead,
            torch.minimum(torch.maximum(drift, -most), most))


def hidden(boxes: Tensor, scores: Tensor) -> Tensor:
    """
    Tell which points of boxes lie behind other boxes.

    Of two boxes the one that reaches further down is the nearer one, as on any floor. One that is
    half as sure at most, or almost the same, hides nothing.

    Returns
    -------
    Tensor
        bool (N, 49), at the points of `INSIDE`.

    """
    left, top, right, bottom = boxes.unbind(dim=1)
    x = ((left + right) / 2)[:, None] + _ACROSS.to(boxes) * (right - left)[:, None]
    y = ((top + bottom) / 2)[:, None] + _DOWN.to(boxes) * (bottom - top)[:, None]
    nearer = bottom > bottom[:, None]
    nearer &= (scores > 0.5 * scores[:, None]) & (box_iou(boxes, boxes) < 0.8)
    # The points are a grid: a box covers one if it covers the column and the row.
    columns = (x[..., None] > left) & (x[..., None] < right) & nearer[:, None]  # (N, 7, N)
    rows = (y[..., None] > top) & (y[..., None] < bottom)
    return (columns.to(boxes) @ rows.to(boxes).mT > 0).flatten(1)


def read(field: Tensor, boxes: Tensor, points: Tensor, image_size: tuple[int, int]) -> Tensor:
    """Sample (1, C, h, w) at `points` (P, 2), in sides from each box's centre: (N, P, C)."""
    extents = (boxes[:, 2:] - boxes[:, :2])[:, None]
    centres = ((boxes[:, :2] + boxes[:, 2:]) / 2)[:, None]
    size = boxes.new_tensor((image_size[1], image_size[0]))
    places = 2 * (centres + points * extents) / size - 1
    values = functional.grid_sample(field, places[None], padding_mode='border',
                                    align_corners=False)
    return values[0].permute(1, 2, 0)


def _weighted_median(values: Tensor, weights: Tensor) -> Tensor:
    """Median (N,) of values (N, P) that count by their weights."""
    values, order = values.sort(dim=1)
    share = weights.gather(1, order).cumsum(dim=1)
    middle = (share < share[:, -1:] / 2).sum(dim=1, keepdim=True)
    return values.gather(1, middle.clamp(max=values.shape[1] - 1))[:, 0]
