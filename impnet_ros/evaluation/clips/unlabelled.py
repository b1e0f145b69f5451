# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Truth for a clip that nobody labelled: what the detector sees in its sharp frames."""
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from impnet_ros.data.true_clip import Image, TrueBoxes, TrueClip
from impnet_ros.evaluation.teacher import label_frame, PseudoTruth
from impnet_ros.model.contract import Network
from impnet_ros.video import open_video
import numpy as np
from tqdm import tqdm

FEWEST = 20
"""Objects that a class needs in a clip to be counted."""


def label_clip(path: Path, teacher: Network, frames: int | None = None,
               fps: float | None = None) -> TrueClip:
    """
    Label a video file, a folder of pictures or a bag.

    Parameters
    ----------
    path : Path
        The clip.
    teacher : Network
        Labels it, see `evaluation.teacher`.
    frames : int, optional
        Only the first ones.
    fps : float, optional
        For a clip that does not say.

    Returns
    -------
    TrueClip
        Without tracks, as the labels have none. Classes of fewer than `FEWEST` objects, and what
        may be an object, are ignored.

    """
    video = open_video(path, fps=fps or 30.0)
    images = (np.asarray(frame.image) for frame in islice(video.frames, frames))
    labels = [label_frame(teacher, image)
              for image in tqdm(images, f'label {path.name}', unit='frame', disable=None)]
    return TrueClip(path.name, video.fps, partial(_images, path, frames), as_truth(labels),
                    tracked=False)


def as_truth(labels: list[PseudoTruth]) -> tuple[TrueBoxes, ...]:
    """Give labels of the teacher as truth, rare classes ignored."""
    certain = np.concatenate([np.zeros(0, np.int64),
                              *(item.truth.labels[item.counts] for item in labels)])
    classes, counts = np.unique(certain, return_counts=True)
    common = classes[counts >= FEWEST]
    return tuple(TrueBoxes(
        item.truth.boxes.astype(np.float64), item.truth.labels, item.truth.track_ids,
        ~(item.counts & np.isin(item.truth.labels, common)),
        np.zeros(len(item.counts), np.bool_)) for item in labels)


def _images(path: Path, frames: int | None) -> Iterator[Image]:
    def ignore(reason: str, frames: int) -> None:
        """Say nothing again that was said when the clip was labelled."""

    for frame in islice(open_video(path, refused=ignore).frames, frames):
        yield np.asarray(frame.image)
