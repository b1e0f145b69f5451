# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A network that does its work on the newest frame once, however many engines ask for it."""
from collections.abc import Callable
from copy import copy
from typing import Any

from impnet_ros.model.contract import Network


class _Work:
    """What was computed for the newest frame."""

    def __init__(self) -> None:
        self._image: Any = None
        self._done: dict[tuple[Any, ...], tuple[Any, tuple[Any, ...]]] = {}

    def begin(self, image: Any) -> None:
        """Forget the frame before, where this is another one."""
        if image is not self._image:
            self._image, self._done = image, {}

    def once(self, name: str, compute: Callable[..., Any], *arguments: Any) -> Any:
        """Compute, or give what was computed of the very same arguments."""
        key = name, *(item if isinstance(item, int | None) else id(item) for item in arguments)
        if key not in self._done:
            # The arguments are held, so that their ids stay their own.
            self._done[key] = compute(*arguments), arguments
        return self._done[key][0]


def sharing_frame(network: Network, side: int | None = None) -> Network:
    """
    Give a twin of a network whose pictures, features and flows of a frame are computed once.

    Engines that share the twin must go through a video side by side, frame by frame.

    Parameters
    ----------
    network : Network
        Does the work.
    side : int, optional
        Of its input in pixels, where nobody asks for another; see `Network.input_size`.

    Raises
    ------
    ValueError
        If the network takes pictures of one size only.

    """
    if side is not None and network.fixed_size:
        raise ValueError(f'size: {network.name} takes pictures of one size only, got {side}')
    work = _Work()

    def prepare(image: Any, asked: int | None = None) -> Any:
        work.begin(image)
        return work.once('prepare', network.prepare, image, side if asked is None else asked)

    twin: Any = copy(network)
    twin.prepare = prepare
    twin.glance = lambda picture, smaller: work.once('glance', network.glance, picture, smaller)
    twin.features = lambda picture: work.once('features', network.features, picture)
    twin.flow = lambda picture, key_picture: work.once('flow', network.flow, picture,
                                                       key_picture)
    twin.motion = lambda picture, later: work.once('motion', network.motion, picture, later)
    return twin
