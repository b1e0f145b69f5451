# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
How remembered boxes move: by the flow inside them, and by what is known of their way.

Flow of a small picture loses people who walk behind others, and underestimates small ones. A
track knows better: how it went while it was in sight, and by how much fresh boxes at key frames
were ahead of it. All of it is NumPy's: dozens of boxes take a third of the time they take PyTorch.
"""
import math

import cv2
from impnet_ros.model.levels import Array, Flow
from impnet_ros.model.sight.compare import ONE_MAP
from impnet_ros.stream.boxes.tracks import Tracks
import numpy as np
import torch
from torch import Tensor
from torchvision.ops import box_iou, clip_boxes_to_image

_ACROSS = np.linspace(-0.35, 0.35, 7, dtype=np.float32)
_DOWN = np.linspace(-0.4, 0.4, 7, dtype=np.float32)


def _grid(across: Array, down: Array) -> Array:
    return np.stack(np.meshgrid(across, down, indexing='ij'), axis=-1).reshape(-1, 2)


INSIDE = _grid(_ACROSS, _DOWN)
_BESIDE = _grid(np.array((-0.75, -0.65, 0.65, 0.75), np.float32), _DOWN)
_POINTS = np.concatenate((INSIDE, _BESIDE))
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
    moved: Tensor = clip_boxes_to_image(
        torch.from_numpy(_carried(boxes.numpy(), _field(flow), image_size)), image_size)
    return moved


def _field(flow: Flow) -> Array:
    """Give the finest level, float32 (h, w, 2), in cells."""
    field: Array = flow.levels[0][0].permute(1, 2, 0).float().cpu().numpy()
    return field


def _carried(boxes: Array, field: Array, image_size: tuple[int, int],
             seen: Array | float = 1.0) -> Array:
    """Move boxes; `seen`, (N, 49), says what each point of `INSIDE` counts besides."""
    size = np.array(image_size[::-1], np.float32)
    to_pixels = size / np.array(field.shape[1::-1], np.float32)
    moves = read(field, boxes, _POINTS, image_size)  # (N, points, 2), cells
    inside, beside = moves[:, :len(INSIDE)], moves[:, len(INSIDE):]
    apart = inside - np.median(beside, axis=1, keepdims=True)
    counts = (np.sqrt(np.square(apart).sum(axis=2)) + _NOT_MOVING) * seen
    shift = _weighted_median(inside, counts) * to_pixels
    slope = (inside * INSIDE).mean(axis=1) / np.square(INSIDE).mean(axis=0) * to_pixels
    extents = np.maximum(boxes[:, 2:] - boxes[:, :2], np.float32(1e-3))
    half = np.clip(np.float32(GROWTH) * slope / extents, -0.2, 0.25) * extents / 2
    moved: Array = boxes + np.concatenate((shift - half, shift + half), axis=1)
    return moved


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
    field = _field(flow)
    before, drift, known_velocity = (item.numpy() for item in (tracks.boxes, tracks.drift,
                                                               tracks.velocity))
    to_pixels = np.array(image_size[::-1], np.float32) / np.array(field.shape[1::-1], np.float32)
    camera = np.median(field, axis=(0, 1)) * to_pixels / np.float32(elapsed_s)
    behind = hidden(before, tracks.scores.numpy())
    boxes = _carried(before, field, image_size,
                     np.where(behind, np.float32(HIDDEN_POINT), np.float32(1)))
    blind = behind.mean(axis=1, dtype=np.float32, keepdims=True)
    blind = np.clip((blind - HIDDEN[0]) / (HIDDEN[1] - HIDDEN[0]), 0, 1)
    found = (boxes - before).reshape(-1, 2, 2).mean(axis=1) / np.float32(elapsed_s) + drift
    age_s = tracks.age_s.numpy()[:, None]
    moves = found + (known_velocity + camera - found) * blind * (age_s > _YOUNG_S)
    boxes = boxes + np.tile((moves - found + drift) * np.float32(elapsed_s), 2)
    share = np.where(age_s == 0, np.float32(1),
                     (1 - blind) * np.float32(1 - math.exp(-elapsed_s / VELOCITY_SPAN_S)))
    velocity = known_velocity + (moves - camera - known_velocity) * share
    return clip_boxes_to_image(torch.from_numpy(boxes), image_size), torch.from_numpy(velocity)


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


def hidden(boxes: Array, scores: Array) -> Array:
    """
    Tell which points of boxes (N, 4) lie behind other boxes.

    Of two boxes the one that reaches further down is the nearer one, as on any floor. One that is
    half as sure at most, or almost the same, hides nothing.

    Returns
    -------
    ndarray
        bool (N, 49), at the points of `INSIDE`.

    """
    left, top, right, bottom = boxes.T
    x = ((left + right) / 2)[:, None] + _ACROSS * (right - left)[:, None]
    y = ((top + bottom) / 2)[:, None] + _DOWN * (bottom - top)[:, None]
    nearer = (bottom > bottom[:, None]) & (scores > 0.5 * scores[:, None])
    if not nearer.any():
        return np.zeros((len(boxes), len(INSIDE)), bool)
    corners = torch.from_numpy(boxes)
    nearer &= (box_iou(corners, corners) < 0.8).numpy()
    # The points are a grid: a box covers one if it covers the column and the row.
    columns = (x[..., None] > left) & (x[..., None] < right) & nearer[:, None]  # (N, 7, N)
    rows = (y[..., None] > top) & (y[..., None] < bottom)
    covered: Array = columns.astype(np.float32) @ rows.astype(np.float32).transpose(0, 2, 1) > 0
    return covered.reshape(len(boxes), -1)


def read(field: Array, boxes: Array, points: Array, image_size: tuple[int, int]) -> Array:
    """
    Sample a field at points of boxes.

    Parameters
    ----------
    field : ndarray
        float32 (h, w) or (h, w, C), over the whole image; beyond its border it goes on.
    boxes : ndarray
        (N, 4) in pixels of the image.
    points : ndarray
        (P, 2), in sides from each box's centre.
    image_size : tuple of int
        (height, width) in pixels.

    Returns
    -------
    ndarray
        float32 (N, P) or (N, P, C).

    """
    size = np.array(image_size[::-1], np.float32)
    cells = np.array(field.shape[1::-1], np.float32)
    corners = boxes.reshape(-1, 2, 2)
    extents = corners[:, 1] - corners[:, 0]
    places = corners.mean(axis=1)[:, None] + points * extents[:, None]
    places = (places * (cells / size) - np.float32(0.5)).astype(np.float32)
    values: Array = cv2.remap(field, places, ONE_MAP, cv2.INTER_LINEAR,
                              borderMode=cv2.BORDER_REPLICATE)
    return values


def _weighted_median(values: Array, weights: Array) -> Array:
    """Medians (N, C) of values (N, P, C) that count by their weights (N, P)."""
    order = values.argsort(axis=1)
    share = np.take_along_axis(np.broadcast_to(weights[..., None], values.shape), order,
                               axis=1).cumsum(axis=1)
    middle = (share < share[:, -1:] / 2).sum(axis=1, keepdims=True)
    middle = np.take_along_axis(order, np.minimum(middle, values.shape[1] - 1), axis=1)
    medians: Array = np.take_along_axis(values, middle, axis=1)[:, 0]
    return medians
