# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Which size the reference gives a picture for its network."""


def resize_factor(image_size: tuple[int, int], short_side: int, long_side: int) -> float:
    """
    Factor that gives the shorter side its size, unless the longer one would exceed its own.

    Computed exactly as the reference does it: the longer side may exceed by what rounding takes
    off.

    Parameters
    ----------
    image_size : tuple of int
        (height, width) of the picture, pixels.
    short_side, long_side : int
        Pixels, 600 and 1000 in the paper.

    """
    factor = short_side / min(image_size)
    return long_side / max(image_size) if round(factor * max(image_size)) > long_side else factor
