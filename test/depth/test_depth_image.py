# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Depth images: metres from each encoding, nothing from what is nothing, refusals by name."""
from impnet_ros.depth.depth_image import decode, DepthError
import numpy as np
import pytest

ALL = np.ix_(range(2), range(3))


@pytest.mark.parametrize('order', ['<', '>'])
@pytest.mark.parametrize(('encoding', 'kind', 'values'), [
    ('16UC1', 'u2', [[1500, 0, 65535], [1, 2000, 3000]]),
    ('mono16', 'u2', [[1500, 0, 65535], [1, 2000, 3000]]),
    ('32FC1', 'f4', [[1.5, np.nan, 65.535], [0.001, 2.0, 3.0]])])
@pytest.mark.parametrize('padding', [0, 3])
def test_metres(order: str, encoding: str, kind: str, values: list[list[float]],
                padding: int) -> None:
    """Either byte order, rows padded to odd lengths too."""
    rows = np.array(values, f'{order}{kind}').view(np.uint8).reshape(2, -1)
    rows = np.pad(rows, ((0, 0), (0, padding)))
    image = decode(rows.tobytes(), 2, 3, encoding, rows.shape[1], order == '>')
    assert image.size == (3, 2)
    np.testing.assert_allclose(image.at(*ALL), [[1.5, np.nan, 65.535], [0.001, 2, 3]], rtol=1e-6)


def test_what_is_nothing() -> None:
    """NaN, both infinities, 0, negative, and beyond the range."""
    raw = np.array([[np.nan, np.inf, -np.inf], [0, -1, 11]], np.float32)
    image = decode(raw.tobytes(), 2, 3, '32FC1', 12, False, max_range=10.0)
    assert np.isnan(image.at(*ALL)).all()


@pytest.mark.parametrize(('change', 'text'), [
    ({'encoding': 'rgb8'}, r"16UC1 \(mm\) or 32FC1 \(m\), got 'rgb8'"),
    ({'step': 5}, 'at least 6 bytes'), ({'height': 3}, '3 rows'), ({'width': 0}, 'expected'),
    ({'height': 4_000_000_000}, 'expected')])
def test_refusals(change: dict[str, object], text: str) -> None:
    """Sizes that lie and encodings that are none."""
    told = {'height': 2, 'width': 3, 'encoding': '16UC1', 'step': 6, 'big_endian': False}
    with pytest.raises(DepthError, match=text):
        decode(bytes(12), **{**told, **change})  # type: ignore[arg-type]


def test_an_image_of_nothing_says_why() -> None:
    """Holes, and millimetres in an image of metres."""
    def fault(values: float) -> str:
        raw = np.full((16, 16), values, np.float32)
        return decode(raw.tobytes(), 16, 16, '32FC1', 64, False).fault()
    assert fault(5.0) == ''
    assert 'holes' in fault(np.nan)
    assert 'beyond max_range, 100 m; their median is 5000 m (millimetres?' in fault(5000.0)
