# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The shape of NanoDet-g's input."""
import math


def input_shape(image_size: tuple[int, int], side: int) -> tuple[int, int]:
    """
    Choose the input's shape: about the image's own, at about the cost of a square.

    The detector was trained on pictures of their own shape, padded to a square. A picture of
    640 x 272 pixels stretched to a square is too far from that: on such a clip three quarters of
    the people and cars go unseen. Losing area costs small objects, so it counts twice.

    Parameters
    ----------
    image_size : tuple of int
        (height, width) of the image in pixels.
    side : int
        Side of the square in pixels, a multiple of 32.

    Returns
    -------
    tuple of int
        (height, width), multiples of 32 with a product of about side^2.

    """
    budget = (side // 32) ** 2
    aspect = image_size[1] / image_size[0]
    narrowest = side // 64  # four to one either way: beyond that, too few cells across

    def cost(rows: int) -> tuple[float, int, int]:
        columns = min(max(round(rows * aspect), narrowest), round(budget * 1.02 / rows))
        return (abs(math.log(columns / rows / aspect))
                + 2 * abs(math.log(rows * columns / budget)), rows, columns)

    _, rows, columns = min(cost(rows) for rows in range(narrowest, 4 * narrowest + 3))
    return rows * 32, columns * 32
