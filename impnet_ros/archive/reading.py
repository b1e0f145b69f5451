# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The images of a piece, one at a time; a broken one costs a count, not the piece."""
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from impnet_ros.archive.bag_files import decode, stamp_of, Topic
from impnet_ros.archive.bags import open_bag
from impnet_ros.archive.pieces import Piece
from impnet_ros.archive.places import place
from impnet_ros.archive.sources import natural
from impnet_ros.images import (COMPRESSED_TYPE, decode_compressed, decode_image, IMAGE_SUFFIXES,
                               MAX_PIXELS, require_few, RgbImage, unpack)
from impnet_ros.sources.pictures import size_of
from impnet_ros.stream.types import Frame
from impnet_ros.video import open_video


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
    stamp_ns, log_ns : int
        The image's own time, and the bag's.
    frame_id : str
        Of its header.
    name : str
        Of a picture's file; else its number.

    """

    frame: Frame
    index: int
    stamp_ns: int
    log_ns: int
    frame_id: str
    name: str

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.frame.image.shape[0], self.frame.image.shape[1]


class Images:
    """
    The images of a piece.

    Parameters
    ----------
    piece : Piece
        Which.
    fps : float
        Frames a second of folders of pictures, and of videos that do not say.
    max_pixels : int
        Largest image taken, width times height.

    Attributes
    ----------
    broken : int
        Images that could not be read so far.
    reason : str
        Why the first of them could not.
    read_s, decode_s : float
        Time spent on reading, and on decoding, so far.

    """

    def __init__(self, piece: Piece, fps: float, max_pixels: int = MAX_PIXELS) -> None:
        self._piece, self._fps, self._max_pixels = piece, fps, max_pixels
        self.broken, self.reason = 0, ''
        self.read_s = self.decode_s = 0.0

    def __iter__(self) -> Iterator[Seen]:
        """
        Give them in order.

        Raises
        ------
        ValueError
            If the source cannot be read, or holds fewer images than it says.
        OSError
            If the store does not answer.

        """
        kinds = {'bag': self._of_bag, 'video': self._of_video, 'pictures': self._of_pictures}
        return kinds[self._piece.kind]()

    def _of_bag(self) -> Iterator[Seen]:
        piece = self._piece
        index = piece.first
        with open_bag(piece.source) as bag:
            topic = bag.camera(piece.topic)
            begun_s = perf_counter()
            for log_ns, raw in bag.messages(piece.topic, piece.start_ns, piece.stop_ns):
                self.read_s += perf_counter() - begun_s
                seen = self._tried(index, partial(_of_message, raw, log_ns, index, topic,
                                                  self._max_pixels))
                if seen is not None:
                    yield seen
                index += 1
                begun_s = perf_counter()
        if index - piece.first < piece.frames:
            raise ValueError(f'{piece.source}: {piece.topic} has {index - piece.first} images, '
                             f'expected {piece.frames} by the index of the bag')

    def _of_video(self) -> Iterator[Seen]:
        with place(self._piece.source).on_disk() as path:
            begun_s = perf_counter()
            video = open_video(path, '', self._fps, self._refused, self._max_pixels)
            for index, frame in enumerate(video.frames):
                self.decode_s += perf_counter() - begun_s
                stamp_ns = round(frame.stamp_s * 1e9)
                yield Seen(frame, index, stamp_ns, stamp_ns, '', f'{index:06d}')
                begun_s = perf_counter()

    def _of_pictures(self) -> Iterator[Seen]:
        folder = place(self._piece.source)
        paths = folder.fs.find(folder.path, maxdepth=1)
        names = (path.rpartition('/')[2] for path in paths)
        files = sorted((name for name in names if Path(name).suffix.lower() in IMAGE_SUFFIXES),
                       key=natural)
        for index, name in enumerate(files):
            begun_s = perf_counter()
            raw = (folder / name).read_bytes()
            self.read_s += perf_counter() - begun_s
            image = self._tried(index, partial(_upright, raw, self._max_pixels))
            if image is not None:
                stamp_ns = round(index / self._fps * 1e9)
                yield Seen(Frame(image, index / self._fps), index, stamp_ns, stamp_ns, '', name)

    def _refused(self, reason: str, images: int) -> None:
        self.broken += images
        self.reason = self.reason or reason

    def _tried(self, index: int, made: Callable[[], Any]) -> Any:
        begun_s = perf_counter()
        try:
            return made()
        except MemoryError:
            raise
        except Exception as error:  # noqa: B902 - whatever a broken message does to a library
            self.broken += 1
            self.reason = self.reason or f'image {index}: {error or type(error).__name__}'
        finally:
            self.decode_s += perf_counter() - begun_s
        return None


def _upright(data: bytes, max_pixels: int) -> RgbImage:
    """Decode a picture file as `open_video` does, from wherever its bytes came."""
    require_few(*size_of(data), max_pixels)
    return unpack(data, max_pixels, upright=True)


def decoded(message: Any, topic: Topic, max_pixels: int) -> RgbImage:
    """Give the pixels of an image message."""
    if topic.kind == COMPRESSED_TYPE:
        return decode_compressed(message.data, max_pixels)
    return decode_image(message.data, message.height, message.width, message.encoding,
                        message.step, bool(message.is_bigendian), max_pixels)


def _of_message(raw: bytes, log_ns: int, index: int, topic: Topic, max_pixels: int) -> Seen:
    message = decode(raw, topic)
    stamp_ns = stamp_of(message, log_ns)
    encoding = message.format if topic.kind == COMPRESSED_TYPE else message.encoding
    camera = message.header.frame_id
    frame = Frame(decoded(message, topic, max_pixels), stamp_ns / 1e9, encoding, camera)
    return Seen(frame, index, stamp_ns, log_ns, camera, f'{index:06d}')
