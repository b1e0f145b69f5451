# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The images of a piece, one at a time; a broken one costs a count, not the piece."""
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from impnet_ros.archive.pieces import Piece
from impnet_ros.images import ImageError, is_picture, MAX_PIXELS, RgbImage
from impnet_ros.sources.bag_images import camera_of, frames_of
from impnet_ros.sources.bag_reader import BagError, BagReader, Message
from impnet_ros.sources.natural import natural
from impnet_ros.sources.pictures import picture_file, upright
from impnet_ros.sources.places import Place, place
from impnet_ros.stream.types import Frame
from impnet_ros.video import open_video

_Item = TypeVar('_Item')


@dataclass(frozen=True)
class Seen:
    """
    An image and where it comes from.

    Attributes
    ----------
    frame : Frame
        Pixels, and the stamp in seconds.
    index : int
        Number of the image in its camera; broken ones are counted too.
    header_ns, log_ns : int
        The image's own time, as its header has it, and the bag's.
    frame_id : str
        Of its header.
    name : str
        Of a picture's file; else its number.

    """

    frame: Frame
    index: int
    header_ns: int
    log_ns: int
    frame_id: str
    name: str

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.frame.image.shape[0], self.frame.image.shape[1]

    @property
    def stamp_ns(self) -> int:
        """Give the image's time; where its header has none, the bag's."""
        return self.header_ns or self.log_ns


class Images:
    """
    The images of a piece.

    Parameters
    ----------
    piece : Piece
        Which.
    fps : float
        Of folders of pictures.
    max_pixels : int
        Largest image taken, width times height.

    Attributes
    ----------
    broken : int
        Images that could not be read, so far.
    reason : str
        Why the first of them could not.
    cut : str
        Why there are fewer images than were recorded; known at the end.
    read_s, decode_s : float
        Time spent on reading, and on decoding, so far.

    """

    def __init__(self, piece: Piece, fps: float, max_pixels: int = MAX_PIXELS) -> None:
        self._piece, self._fps, self._max_pixels = piece, fps, max_pixels
        self.broken, self.reason, self.cut = 0, '', ''
        self.read_s = self.decode_s = 0.0
        self._copy = Path(piece.source)

    def __iter__(self) -> Iterator[Seen]:
        """
        Give them in order.

        Raises
        ------
        ValueError
            If the source cannot be read.
        OSError
            If the store does not answer.

        """
        kinds = {'bag': self._of_bag, 'video': self._of_video, 'pictures': self._of_pictures}
        return kinds[self._piece.kind]()

    def _of_bag(self) -> Iterator[Seen]:
        piece = self._piece
        with BagReader(place(piece.source)) as bag:
            wanted = camera_of(bag, piece.topic).connections
            self._cut_short(bag.cut)
            messages = self._counted(bag.messages(wanted, piece.start_ns, piece.stop_ns))
            frames = frames_of(messages, piece.source, self._refused, self._max_pixels,
                               piece.first)
            for frame in self._timed(frames):
                yield Seen(frame, frame.number, frame.header_ns, frame.log_ns, frame.frame_id,
                           f'{frame.number:06d}')

    def _counted(self, messages: Iterable[Message]) -> Iterator[Message]:
        """Time the reading; where a bag ends too early, the piece does."""
        count, begun_s = 0, perf_counter()
        try:
            for message in messages:
                elapsed_s = perf_counter() - begun_s
                self.read_s += elapsed_s
                self.decode_s -= elapsed_s  # which is timed around this
                yield message
                count += 1
                begun_s = perf_counter()
        except BagError as error:
            self._cut_short(str(error))
        if count < self._piece.frames:
            self._cut_short(f'{self._piece.topic} has {count} images, expected '
                            f'{self._piece.frames} by the index of the bag')

    def _of_video(self) -> Iterator[Seen]:
        with place(self._piece.source).on_disk() as path, self._named(path):
            video = open_video(path, '', self._fps, self._refused, self._max_pixels)
            for number, frame in enumerate(self._timed(video.frames)):
                index = number + self.broken
                stamp_ns = round(frame.stamp_s * 1e9)
                yield Seen(frame, index, stamp_ns, stamp_ns, '', f'{index:06d}')

    def _of_pictures(self) -> Iterator[Seen]:
        folder = place(self._piece.source)
        for index, file in enumerate(_pictures_in(folder)):
            try:
                image = self._picture(file)
            except ImageError as error:
                self._refused(f'{file.name}: {error}', 1)
                continue
            stamp_ns = round(index / self._fps * 1e9)
            yield Seen(Frame(image, index / self._fps), index, stamp_ns, stamp_ns, '', file.name)

    def _picture(self, file: Place) -> RgbImage:
        """Read a picture as `open_video` does; one that is elsewhere is fetched first."""
        begun_s = read_s = perf_counter()
        try:
            with file.on_disk() as path:
                data = picture_file(path, self._max_pixels)
            read_s = perf_counter()
            return upright(data, self._max_pixels)
        finally:
            self.read_s += read_s - begun_s
            self.decode_s += perf_counter() - read_s

    def _timed(self, frames: Iterable[_Item]) -> Iterator[_Item]:
        begun_s = perf_counter()
        for frame in frames:
            self.decode_s += perf_counter() - begun_s
            yield frame
            begun_s = perf_counter()

    def _refused(self, reason: str, images: int) -> None:
        self.broken += images
        if images:
            self.reason = self.reason or self._told(reason)
        elif self._piece.kind == 'video':
            self._cut_short(reason)

    def _cut_short(self, reason: str) -> None:
        self.cut = self.cut or self._told(reason)

    @contextmanager
    def _named(self, path: Path) -> Iterator[None]:
        """Let nothing be said of a copy's name, which is another one each time."""
        self._copy = path
        try:
            yield
        except ValueError as error:
            raise ValueError(self._told(str(error))) from error

    def _told(self, reason: str) -> str:
        return reason.removeprefix(f'{self._piece.source}: ').removeprefix(f'{self._copy}: ')


def _pictures_in(folder: Place) -> list[Place]:
    """Give what is named as a picture in a folder, in natural order; no link to a folder."""
    found = folder.fs.find(folder.path, maxdepth=1, detail=True)
    names = (path.rpartition('/')[2] for path, info in found.items()
             if not (info.get('islink') and folder.fs.isdir(path)))
    return [folder / name for name in sorted(names, key=natural)
            if is_picture(name)]
