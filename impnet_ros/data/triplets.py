# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Training triplets of section 3.2: an old key frame, the frame to label, a new key frame."""
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from impnet_ros.data.samples import FrameTruth, VideoSet
from impnet_ros.data.transforms import flip, flip_truth, resize, resize_truth
from impnet_ros.resizing import resize_factor
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Triplet:
    """
    One training sample.

    Attributes
    ----------
    old, current, new : ndarray
        uint8 (H, W, 3) RGB: previous key frame, frame to label, its key frame. For a still picture
        all three are the same array.
    truth : FrameTruth
        Boxes in `current`.

    """

    old: Image
    current: Image
    new: Image
    truth: FrameTruth

    @property
    def is_still(self) -> bool:
        """Whether it comes from a still picture, so that warping and scale map are bypassed."""
        return self.old is self.current


def draw_offsets(rng: Generator, segment_length: int) -> tuple[int, int]:
    """
    Draw d0 in [-l, -0.5 l] and d1 in [-0.5 l, 0.5 l], whole frames, both ends included.

    Parameters
    ----------
    rng : Generator
        Gives the offsets, all alike probable.
    segment_length : int
        l, at least 1.

    Returns
    -------
    tuple of int
        d0 of the old key frame and d1 of the new one, from the frame to label.

    """
    half = segment_length // 2
    return (int(rng.integers(-segment_length, -((segment_length + 1) // 2) + 1)),
            int(rng.integers(-half, half + 1)))


class TripletSet:
    """
    Triplets of one or several video sets, joined end to end (the paper's VID + DET).

    A sample is a function of (seed, epoch, index): any sample can be made again.

    Parameters
    ----------
    sets : sequence of VideoSet
        They must agree in their classes.
    segment_length : int
        l of `draw_offsets`.
    seed : int
        Of offsets and flips.
    short_side, long_side : int, optional
        See `resize_factor`; pictures keep their size when left out.

    Raises
    ------
    ValueError
        If there is no set or their classes differ.

    """

    def __init__(self, sets: Sequence[VideoSet], segment_length: int, seed: int,
                 short_side: int | None = None, long_side: int | None = None) -> None:
        if not sets or any(item.class_names != sets[0].class_names for item in sets):
            raise ValueError('sets: expected at least one, all of the same classes, got '
                             f'{[item.class_names for item in sets]}')
        self.class_names = sets[0].class_names
        self._sets = sets
        self._segment_length = segment_length
        self._seed = seed
        self._sides = (short_side, long_side or short_side) if short_side else None
        self._videos = [(part, video) for part, item in enumerate(sets)
                        for video in range(len(item))]
        self._ends = list(accumulate(len(sets[part].labelled(video))
                                     for part, video in self._videos))

    def __len__(self) -> int:
        """Count the frames that can be labelled."""
        return self._ends[-1]

    def __getitem__(self, key: tuple[int, int]) -> Triplet:
        """
        Make sample (epoch, index): the same frame in every epoch, with other offsets and flip.

        A frame without objects teaches nothing here: the next one that has some takes its place.
        """
        epoch, index = key
        rng = np.random.default_rng((self._seed, epoch, index))
        for step in range(len(self)):
            video_number = bisect_right(self._ends, (index + step) % len(self))
            part, video = self._videos[video_number]
            clip = self._sets[part][video]
            before = self._ends[video_number - 1] if video_number else 0
            frame = clip.labelled[(index + step) % len(self) - before]
            truth = clip.truth(frame)
            if len(truth.labels):
                break
        else:
            raise ValueError('sets: expected at least one frame with an object, got none')
        last = len(clip) - 1
        old_offset, new_offset = draw_offsets(rng, self._segment_length)
        current = clip.frame(frame)
        if last == 0:
            old = new = current
        else:
            old = clip.frame(max(frame + old_offset, 0))
            new = clip.frame(min(max(frame + new_offset, 0), last))
        triplet = Triplet(old, current, new, truth)
        if self._sides:
            triplet = _resized(triplet, *self._sides)
        return _flipped(triplet) if rng.random() < 0.5 else triplet


def _resized(triplet: Triplet, short_side: int, long_side: int) -> Triplet:
    height, width = triplet.current.shape[:2]
    factor = resize_factor((height, width), short_side, long_side)
    pictures = [resize(image, factor) for image in _distinct(triplet)]
    return _rebuilt(triplet, pictures, resize_truth(triplet.truth, factor))


def _flipped(triplet: Triplet) -> Triplet:
    pictures = [flip(image) for image in _distinct(triplet)]
    return _rebuilt(triplet, pictures, flip_truth(triplet.truth, triplet.current.shape[1]))


def _distinct(triplet: Triplet) -> tuple[Image, ...]:
    """Pictures to work on: one for a still picture, which stays one array in all three places."""
    return ((triplet.current,) if triplet.is_still
            else (triplet.old, triplet.current, triplet.new))


def _rebuilt(triplet: Triplet, pictures: Sequence[Image], truth: FrameTruth) -> Triplet:
    old, current, new = pictures * 3 if triplet.is_still else pictures
    return Triplet(old, current, new, truth)
