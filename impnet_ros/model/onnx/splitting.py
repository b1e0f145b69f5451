# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Tier A: cut a detector, find what its channels mean, and prove that the halves are the whole."""
from collections.abc import Mapping, Sequence
from time import perf_counter

from impnet_ros.model.onnx.cutting import find_cut, halves
from impnet_ros.model.onnx.declaration import Declaration, Level
from impnet_ros.model.onnx.decoding import class_peaks
from impnet_ros.model.onnx.fitting import input_of
from impnet_ros.model.onnx.nothing import Channels, empty_cells, MOST, NOTHING, score_channels
from impnet_ros.model.onnx.runtimes import open_runtime, Run
import numpy as np
import onnx
import torch
from torch import Tensor

MOST_APART = 1e-4
"""Of the largest value of an output, by which halves may differ from the whole."""

MOST_APART_HALF = 1e-2
"""The same for float16."""

MOST_TIME, LITTLE_TIME_S = 0.4, 2e-3
"""Share of the whole's time that the task half may take, and seconds that it always may."""

SLOW_S = 0.5
"""Seconds of both halves above which one look tells their shares."""


def split(whole: onnx.ModelProto, declaration: Declaration, pictures: Sequence[Tensor],
          expected: Sequence[Mapping[str, Tensor]]) -> tuple[tuple[Level, ...], str, float]:
    """
    Cut a detector where it can be.

    Parameters
    ----------
    whole : ModelProto
        In the one form, see `fixing`.
    declaration : Declaration
        With input, layout and classes.
    pictures : sequence of Tensor
        Inputs (1, 3, H, W) to compare with.
    expected : sequence of mapping of Tensor
        What the whole gives for each of them, by name.

    Returns
    -------
    levels : tuple of Level
        Empty where it is better run whole.
    reason : str
        Why.
    difference : float
        Largest difference in any output.

    """
    by_stride, reason = find_cut(whole, declaration.picture.size)
    if not by_stride:
        return (), reason, 0.0
    tensors = [name for names in by_stride.values() for name in names]
    parts = halves(whole, tensors)
    features, task = (open_runtime(part, 'cpu', trusted=False) for part in parts)
    difference, relative = _difference(features, task, pictures, expected)
    most = MOST_APART_HALF if _is_half(whole) else MOST_APART
    if not relative <= most:
        return (), f'its halves differ from the whole by {relative:.1e} of its outputs', 0.0
    share, seconds = _task_time(features, task, pictures[0])
    if share > MOST_TIME and seconds > LITTLE_TIME_S:
        return (), f'{share:.0%} of its time is behind its last maps', 0.0
    outputs = [item.name for item in whole.graph.output]

    def peaks(maps: Sequence[Tensor]) -> Tensor:
        return class_peaks(declaration.layout, dict(zip(outputs, task(maps), strict=True)))

    size = declaration.picture.size
    grey = features([input_of(np.full((*size, 3), 114, np.uint8), declaration.picture)])
    empty = dict(zip(tensors, empty_cells(grey), strict=True))
    cells = {name: (item.shape[2], item.shape[3])
             for name, item in zip(tensors, grey, strict=True)}
    levels: list[Level] = []
    channels: Channels | None = None
    for stride, names in by_stride.items():
        channels = score_channels(
            peaks, grey, [tensors.index(name) for name in names], len(declaration.class_names),
            declaration.layout.objectness or declaration.layout.kind == 'list', channels)
        levels.append(_level(stride, cells[names[0]], names, empty, channels))
    if not all(any(level.classes) for level in levels):
        return (), 'the channels of its scores could not be told', 0.0
    seen = float(peaks(_empty_maps(levels, tensors, grey)).max())
    if seen > MOST:
        return (), f'it sees something, of score {seen:.2f}, where nothing is', 0.0
    return tuple(levels), '', difference


def _difference(features: Run, task: Run, pictures: Sequence[Tensor],
                expected: Sequence[Mapping[str, Tensor]]) -> tuple[float, float]:
    """Give the largest difference of the halves, as it is and of the output's largest value."""
    worst, relative = 0.0, 0.0
    for picture, outputs in zip(pictures, expected, strict=True):
        for one, other in zip(outputs.values(), task(features([picture])), strict=True):
            if one.shape != other.shape:
                return float('inf'), float('inf')
            if one.numel():
                apart = float((one.double() - other.double()).abs().max())
                worst = max(worst, apart)
                relative = max(relative, apart / max(float(one.double().abs().max()), 1e-6))
    return worst, relative


def _task_time(features: Run, task: Run, picture: Tensor) -> tuple[float, float]:
    """Give the task half's share of the time, and its seconds: the shortest of a few."""
    spent: list[tuple[float, float]] = []
    for _ in range(5):
        began = perf_counter()
        maps = features([picture])
        between = perf_counter()
        task(maps)
        spent.append((between - began, perf_counter() - between))
        if perf_counter() - began > SLOW_S:  # a slow one varies less
            break
    before, after = (min(times) for times in zip(*spent, strict=True))
    return after / (before + after), after


def _is_half(model: onnx.ModelProto) -> bool:
    return any(item.data_type == onnx.TensorProto.FLOAT16 for item in model.graph.initializer)


def _level(stride: int, cells: tuple[int, int], names: tuple[str, ...],
           empty: dict[str, Tensor], channels: Channels) -> Level:
    classes, objectness = channels
    values = torch.cat([empty[name] for name in names])
    scores = sorted({*objectness, *(channel for which in classes for channel in which)})
    values[scores] = values[scores].clamp(max=NOTHING)
    return Level(stride, cells, names, tuple(len(empty[name]) for name in names),
                 tuple(round(value, 4) for value in values.tolist()), classes, objectness)


def _empty_maps(levels: Sequence[Level], tensors: Sequence[str],
                grey: Sequence[Tensor]) -> list[Tensor]:
    by_name: dict[str, Tensor] = {}
    for level in levels:
        parts = torch.tensor(level.empty).split(list(level.channels))
        by_name.update(zip(level.tensors, parts, strict=True))
    return [by_name[name][None, :, None, None].expand_as(item).contiguous()
            for name, item in zip(tensors, grey, strict=True)]
