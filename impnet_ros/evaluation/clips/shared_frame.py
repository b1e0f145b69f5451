# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""A network that does its work on the newest frame once, however many engines ask for it."""
from collections.abc import Callable
import copy
from time import perf_counter
from typing import Any

from impnet_ros.config import DetectionConfig
from impnet_ros.model.sight.picture import make_picture


class Work:
    """
    What was computed for the newest frame.

    Attributes
    ----------
    saved_ms : float
        Time that asking again did not take, since it was last set to 0.

    """

    def __init__(self) -> None:
        self.image: Any = None
        self.saved_ms = 0.0
        self._done: dict[tuple[Any, ...], tuple[Any, float, tuple[Any, ...]]] = {}

    def begin(self, image: Any) -> None:
        """Forget the frame before."""
        if image is not self.image:
            self.image, self._done = image, {}

    def once(self, name: str, compute: Callable[..., Any], *arguments: Any) -> Any:
        """Compute, or give what was computed of the very same arguments."""
        key = name, *(id(item) for item in arguments)
        if key in self._done:
            result, elapsed_ms, _ = self._done[key]
            self.saved_ms += elapsed_ms
            return result
        start = perf_counter()
        result = compute(*arguments)
        # The arguments are held, so that their ids stay their own.
        self._done[key] = result, 1e3 * (perf_counter() - start), arguments
        return result


class SharedFrame:
    """
    A network whose pictures, features and flows of the newest frame are computed once.

    Engines that share it must go through a video side by side, frame by frame.

    Parameters
    ----------
    network : Network
        Does the work.
    size : int, optional
        Side in pixels of its input, for a network that takes pictures of any size.

    Raises
    ------
    ValueError
        If the network does not take such pictures.

    """

    def __init__(self, network: Any, size: int | None = None) -> None:
        self.work = Work()
        self._network = network
        self._prepare = getattr(network, 'prepare', lambda image: image)
        if size is not None:
            if getattr(network, 'name', '') != 'nanodet_g':
                raise ValueError(f'size: expected nanodet_g, whose input may be of any size, got '
                                 f'{getattr(network, "name", type(network).__name__)}')
            self._prepare = lambda image: make_picture(image, size)

    def reporting(self, detection: DetectionConfig) -> 'SharedFrame':
        """Give the same with other thresholds; the work stays shared."""
        twin = copy.copy(self)
        twin._network = copy.copy(self._network)
        twin._network.detection = detection
        return twin

    def __getattr__(self, name: str) -> Any:
        """Leave everything else to the network, its optional methods too."""
        if name == '_network':
            raise AttributeError(name)
        return getattr(self._network, name)

    def prepare(self, image: Any) -> Any:
        """Prepare a picture; another one than before begins a frame."""
        self.work.begin(image)
        return self.work.once('prepare', self._prepare, image)

    def features(self, picture: Any) -> Any:
        """N_feat."""
        return self.work.once('features', self._network.features, picture)

    def flow(self, picture: Any, key_picture: Any) -> Any:
        """F of a pair."""
        return self.work.once('flow', self._network.flow, picture, key_picture)
