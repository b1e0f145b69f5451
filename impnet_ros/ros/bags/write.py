# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet_bag_write`: a video, pictures or a bag become a rosbag2 of images; needs no rclpy."""
import argparse
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
import sys
from time import time_ns
from typing import Any

import cv2
from impnet_ros.arguments import count, natural
from impnet_ros.command_line import run_command
from impnet_ros.images import MAX_PIXELS, RgbImage
from impnet_ros.ros.bags.names import require_topic
from impnet_ros.ros.bags.place import new_bag, require_place
from impnet_ros.ros.bags.rates import rate
from impnet_ros.ros.bags.storage import recorded_qos, STORAGES, VERSION
from impnet_ros.sources.frames import RecordedFrame, Refused
from impnet_ros.stopping import Stop, stopping
from impnet_ros.stream.types import Frame
from impnet_ros.video import open_video
import numpy as np
from rosbags.rosbag2 import Writer
from rosbags.typesys import get_typestore, Stores
from tqdm import tqdm

_CONVERSIONS = {'rgb8': None, 'bgr8': cv2.COLOR_RGB2BGR, 'rgba8': cv2.COLOR_RGB2RGBA,
                'bgra8': cv2.COLOR_RGB2BGRA, 'mono8': cv2.COLOR_RGB2GRAY}
_COMPRESSIONS = {'jpeg': '.jpg', 'png': '.png'}
ENCODINGS = (*_CONVERSIONS, *_COMPRESSIONS)
_IMAGE, _COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'
_SECOND_NS = 1_000_000_000
_STAMPS_END_NS = (1 << 31) * _SECOND_NS
"""Stamps are seconds in 32 bits with sign."""


def write_bag(source: Path, bag: Path, *, storage: str = 'mcap', topic: str = 'image',
              fps: float = 30.0, encoding: str = 'bgr8', frame_id: str = 'camera',
              start_ns: int | None = None, limit: int = 0, quiet: bool = False,
              overwrite: bool = False, refused: Refused | None = None,
              max_pixels: int = MAX_PIXELS, stop: Stop | None = None) -> int:
    """
    Write the frames of a video or folder as image messages.

    The bag is written beside its place and moved there when it is whole.

    Parameters
    ----------
    source : Path
        Video file, folder of images, or another bag.
    bag : Path
        Folder to create.
    storage : str
        'mcap' or 'sqlite3'.
    topic : str
        Of the images; 'image' is '/image' in the bag. Compressed ones go to topic/compressed.
    fps : float
        Frame rate of a folder, and of a video that does not say.
    encoding : str
        One of `ENCODINGS`.
    frame_id : str
        Of the headers.
    start_ns : int, optional
        Stamp of the first frame, nanoseconds since 1970; by default now, and the recorded one
        where the source is a bag.
    limit : int
        Largest number of frames; 0 for all.
    quiet : bool
        Without a progress bar.
    overwrite : bool
        Replace a bag that is there, once the new one is whole.
    refused : callable, optional
        Is told what cannot be read, which is then left out; without it that is an error.
    max_pixels : int
        Largest width times height taken.
    stop : Stop, optional
        Ends the bag behind the frame at hand.

    Returns
    -------
    int
        How many frames were written.

    Raises
    ------
    ValueError
        If the source holds no frames that can be read, is the bag, a frame is larger than its
        encoding allows, or an argument is not known or out of its range.
    FileNotFoundError, FileExistsError
        If there is no source, or the bag is there already.
    OSError
        If the bag cannot be written.

    """
    if encoding not in ENCODINGS:
        raise ValueError(f'encoding: expected one of {", ".join(ENCODINGS)}, got {encoding!r}')
    if storage not in STORAGES:
        raise ValueError(f'storage: expected one of {", ".join(STORAGES)}, got {storage!r}')
    compressed = encoding in _COMPRESSIONS
    topic = require_topic(f'/{topic.strip("/")}' + ('/compressed' if compressed else ''))
    video = open_video(source, fps=fps, refused=refused, max_pixels=max_pixels)
    require_place(bag, source, overwrite=overwrite)
    type_name = _COMPRESSED if compressed else _IMAGE
    store = get_typestore(Stores.ROS2_JAZZY)
    stop, written = stop or Stop(), 0
    with new_bag(bag) as (part, keep):
        writer = Writer(part, version=VERSION, storage_plugin=STORAGES[storage])
        with writer:
            connection = writer.add_connection(topic, type_name, typestore=store,
                                               offered_qos_profiles=[recorded_qos()])
            total = min(video.count, limit) if limit else video.count
            frames = islice(_stamped(video.frames, start_ns), limit or None)
            for frame, stamp_ns in tqdm(frames, total=total or None, unit='frame',
                                        disable=quiet):
                try:
                    message = _message(store, np.asarray(frame.image), stamp_ns, encoding,
                                       frame_id)
                except ValueError as error:
                    raise ValueError(f'{source}: frame {_number(frame, video.fps)}: {error}'
                                     ) from error
                writer.write(connection, stamp_ns, store.serialize_cdr(message, type_name))
                written += 1
                if stop.signal:
                    break
        if not written:
            raise ValueError(f'{source}: expected at least one frame that can be read')
        keep(whole=not stop.signal)
    return written


def _stamped(frames: Iterator[Frame], start_ns: int | None) -> Iterator[tuple[Frame, int]]:
    """Yield frames with their stamps: a recording's own, or time since the start."""
    first = next(frames, None)
    if first is None:
        return
    recorded = isinstance(first, RecordedFrame)
    shift_ns = 0
    if start_ns is not None:
        shift_ns = start_ns - _own_ns(first)
    elif not recorded:
        shift_ns = time_ns()
    for frame in chain((first,), frames):
        stamp_ns = _own_ns(frame) + shift_ns
        if not 0 <= stamp_ns < _STAMPS_END_NS:
            raise ValueError(f'stamp: expected 0 to {_STAMPS_END_NS // _SECOND_NS} s, got '
                             f'{stamp_ns / _SECOND_NS} s; --start sets the first one')
        yield frame, stamp_ns


def _own_ns(frame: Frame) -> int:
    return frame.stamp_ns if isinstance(frame, RecordedFrame) else round(frame.stamp_s * 1e9)


def _number(frame: Frame, fps: float) -> int:
    """Tell which frame of the input it is."""
    return frame.number if isinstance(frame, RecordedFrame) else round(frame.stamp_s * fps)


def _message(store: Any, image: RgbImage, stamp_ns: int, encoding: str, frame_id: str) -> Any:
    types = store.types
    stamp = types['builtin_interfaces/msg/Time'](*divmod(stamp_ns, _SECOND_NS))
    header = types['std_msgs/msg/Header'](stamp, frame_id)
    if encoding in _COMPRESSIONS:
        fits, data = cv2.imencode(_COMPRESSIONS[encoding], cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        if not fits:
            raise ValueError(f'expected a picture that {encoding} has room for, got '
                             f'{image.shape[1]} x {image.shape[0]}')
        return types[_COMPRESSED](header, encoding, data.reshape(-1))
    code = _CONVERSIONS[encoding]
    pixels = np.ascontiguousarray(image if code is None else cv2.cvtColor(image, code))
    height, width = pixels.shape[:2]
    return types[_IMAGE](header, height, width, encoding, 0, pixels.nbytes // height,
                         pixels.reshape(-1))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='impnet_bag_write', description='Write a rosbag2 of images from a video file, a '
        'folder of images or another bag.')
    parser.add_argument('input', type=Path, help='video file, folder of images, or bag')
    parser.add_argument('bag', type=Path, help='folder of the new bag')
    parser.add_argument('--storage', choices=sorted(STORAGES), default='mcap')
    parser.add_argument('--topic', default='image', help='topic of the images (image)')
    parser.add_argument('--fps', type=rate, default=30.0,
                        help='frame rate of a folder, or of a video that does not say (30)')
    parser.add_argument('--encoding', choices=ENCODINGS, default='bgr8',
                        help='of the messages (bgr8); jpeg and png make CompressedImage messages '
                        'on TOPIC/compressed')
    parser.add_argument('--frame-id', default='camera', help='frame_id of the headers (camera)')
    parser.add_argument('--start', type=_stamp, metavar='S',
                        help='stamp of the first frame, seconds since 1970 (now; of a bag: as it '
                        'was recorded)')
    parser.add_argument('--limit', type=natural, default=0, metavar='N', help='only the first N')
    parser.add_argument('--max-image-pixels', type=count, default=MAX_PIXELS, metavar='N',
                        help='largest picture taken, width times height')
    parser.add_argument('--overwrite', action='store_true',
                        help='replace an existing bag, once the new one is whole')
    parser.add_argument('--quiet', action='store_true', help='no progress bar')
    return parser


def _stamp(text: str) -> int:
    """Read seconds since 1970 as nanoseconds."""
    try:
        stamp_ns = round(float(text) * _SECOND_NS)
    except (OverflowError, ValueError):
        stamp_ns = -1
    if not 0 <= stamp_ns < _STAMPS_END_NS:
        raise argparse.ArgumentTypeError(
            f'expected seconds from 0 to {_STAMPS_END_NS // _SECOND_NS}, got {text!r}')
    return stamp_ns


def main(args: list[str] | None = None) -> int:
    """Run the command; 1 with a line on stderr when it cannot be done."""
    options = _parser().parse_args(args)
    return run_command('impnet_bag_write', lambda: _write(options), refused=1)


def _write(options: argparse.Namespace) -> int:
    left_out = 0

    def tell(reason: str, frames: int) -> None:
        nonlocal left_out
        left_out += frames
        tqdm.write(f'impnet_bag_write: {reason}', file=sys.stderr)

    with stopping() as stop:
        written = write_bag(
            options.input, options.bag, storage=options.storage, topic=options.topic,
            fps=options.fps, encoding=options.encoding, frame_id=options.frame_id,
            start_ns=options.start, limit=options.limit, quiet=options.quiet,
            overwrite=options.overwrite, refused=tell, max_pixels=options.max_image_pixels,
            stop=stop)
    if stop.signal:
        print(f'impnet_bag_write: interrupted; a bag of the first {written} frames is there if '
              f'none was before', file=sys.stderr)
        return stop.exit_code
    print(f'{written} frames written to {options.bag}'
          + (f', {left_out} could not be read' if left_out else ''))
    return 0


if __name__ == '__main__':
    sys.exit(main())
