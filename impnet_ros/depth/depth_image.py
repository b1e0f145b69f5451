# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Depth images: the unit comes from the encoding (REP 118)."""
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# Type of a pixel, and metres a unit.
ENCODINGS: dict[str, tuple[str, float]] = {
    '16UC1': ('u2', 0.001), 'mono16': ('u2', 0.001), '32FC1': ('f4', 1.0)}


class DepthError(ValueError):
    """A depth image that cannot be read; says what was expected and what came."""


@dataclass(frozen=True)
class DepthImage:
    """
    A depth image as it came; metres are computed only where they are asked for.

    Attributes
    ----------
    raw : numpy.ndarray
        (H, W), along the optical axis, in units of `unit` metres.
    unit : float
        Metres.
    max_range : float
        Depths beyond, m, count as nothing.

    """

    raw: Array
    unit: float
    max_range: float = 100.0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, pixels."""
        return self.raw.shape[1], self.raw.shape[0]

    def at(self, rows: Array, columns: Array) -> Array:
        """Metres at pixels (any shape), float32; NaN where nothing was measured."""
        metres = self.raw[rows, columns].astype(np.float32) * np.float32(self.unit)
        with np.errstate(invalid='ignore'):
            metres[~((metres > 0) & (metres <= self.max_range))] = np.nan
        return metres

    def fault(self) -> str:
        """Say why hardly anything in the whole image is a depth; '' where enough is."""
        raw = self.raw[::8, ::8]
        with np.errstate(invalid='ignore'):
            metres = raw[np.isfinite(raw) & (raw > 0)] * self.unit
        if metres.size < 0.01 * raw.size:
            return 'the depth image holds nothing but holes'
        if np.count_nonzero(metres <= self.max_range) >= 0.01 * raw.size:
            return ''
        hint = (' (millimetres? 32FC1 is metres, 16UC1 millimetres)' if self.unit == 1.0 else '')
        return (f'all depths are beyond max_range, {self.max_range:g} m; their median is '
                f'{float(np.median(metres)):.4g} m{hint}')


def decode(data: Any, height: int, width: int, encoding: str, step: int, big_endian: bool,
           max_range: float = 100.0) -> DepthImage:
    """
    Read the bytes of a depth image.

    Parameters
    ----------
    data : buffer
        Rows of `step` bytes; bytes behind the last row are left alone.
    height, width : int
        Pixels.
    encoding : str
        '16UC1' (or 'mono16'), millimetres with 0 for nothing; or '32FC1', metres with NaN and
        infinity for nothing.
    step : int
        Bytes a row; may be more than the pixels need.
    big_endian : bool
        Order of the bytes.
    max_range : float
        Metres.

    Returns
    -------
    DepthImage
        A view of `data`.

    Raises
    ------
    DepthError
        If the encoding is another one, or the sizes do not fit together.

    """
    if encoding not in ENCODINGS:
        raise DepthError(f'depth encoding: expected 16UC1 (mm) or 32FC1 (m), got {encoding!r}')
    kind, unit = ENCODINGS[encoding]
    dtype = np.dtype(kind).newbyteorder('>' if big_endian else '<')
    pixels = np.frombuffer(data, np.uint8)
    if width < 1 or height < 1 or step < width * dtype.itemsize or pixels.size < step * height:
        raise DepthError(
            f'depth image: expected {height} rows of at least {width * dtype.itemsize} bytes '
            f'for {width} x {height}, got step {step} and {pixels.size} bytes')
    rows = np.lib.stride_tricks.as_strided(
        pixels, (height, width * dtype.itemsize), (step, 1), writeable=False)
    raw = (rows.view(dtype) if rows.flags.c_contiguous or step % dtype.itemsize == 0
           else np.ascontiguousarray(rows).view(dtype))
    return DepthImage(raw, unit, max_range)
