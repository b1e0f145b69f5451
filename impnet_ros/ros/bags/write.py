# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`impnet_bag_write`: a video file or a folder of images becomes a rosbag2; needs no rclpy."""
import argparse
from pathlib import Path
import shutil
import sys
from time import time_ns
from typing import Any

import cv2
from impnet_ros.arguments import natural, positive
from impnet_ros.images import RgbImage
from impnet_ros.ros.bags.storage import recorded_qos, STORAGES, VERSION
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


def write_bag(source: Path, bag: Path, *, storage: str = 'mcap', topic: str = 'image',
              fps: float = 30.0, encoding: str = 'bgr8', frame_id: str = 'camera',
              start_ns: int | None = None, limit: int = 0, quiet: bool = False) -> int:
    """
    Write the frames of a video or folder as image messages.

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
        Stamp of the first frame, nanoseconds since 1970; now by default.
    limit : int
        Largest number of frames; 0 for all.
    quiet : bool
        Without a progress bar.

    Returns
    -------
    int
        How many frames were written.

    Raises
    ------
    ValueError
        If the source holds no frames that can be read, or an argument is not known.
    FileNotFoundError, FileExistsError
        If there is no source, or the bag is there already.

    """
    if encoding not in ENCODINGS:
        raise ValueError(f'encoding: expected one of {", ".join(ENCODINGS)}, got {encoding!r}')
    if storage not in STORAGES:
        raise ValueError(f'storage: expected one of {", ".join(STORAGES)}, got {storage!r}')
    if bag.exists():
        raise FileExistsError(f'{bag} exists already; --overwrite replaces it')
    video = open_video(source, fps=fps)
    start_ns = time_ns() if start_ns is None else start_ns
    compressed = encoding in _COMPRESSIONS
    topic = f'/{topic.strip("/")}' + ('/compressed' if compressed else '')
    type_name = _COMPRESSED if compressed else _IMAGE
    store = get_typestore(Stores.ROS2_JAZZY)
    written = 0
    with Writer(bag, version=VERSION, storage_plugin=STORAGES[storage]) as writer:
        connection = writer.add_connection(topic, type_name, typestore=store,
                                           offered_qos_profiles=[recorded_qos()])
        total = min(video.count, limit) if limit else video.count
        for frame in tqdm(video.frames, total=total or None, unit='frame', disable=quiet):
            stamp_ns = start_ns + round(frame.stamp_s * 1e9)
            message = _message(store, np.asarray(frame.image), stamp_ns, encoding, frame_id)
            writer.write(connection, stamp_ns, store.serialize_cdr(message, type_name))
            written += 1
            if written == limit:
                break
    if not written:
        shutil.rmtree(bag)
        raise ValueError(f'{source}: expected at least one frame that can be read')
    return written


def _message(store: Any, image: RgbImage, stamp_ns: int, encoding: str, frame_id: str) -> Any:
    types = store.types
    stamp = types['builtin_interfaces/msg/Time'](*divmod(stamp_ns, 1_000_000_000))
    header = types['std_msgs/msg/Header'](stamp, frame_id)
    if encoding in _COMPRESSIONS:
        _, data = cv2.imencode(_COMPRESSIONS[encoding], cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        return types[_COMPRESSED](header, encoding, data.reshape(-1))
    code = _CONVERSIONS[encoding]
    pixels = np.ascontiguousarray(image if code is None else cv2.cvtColor(image, code))
    height, width = pixels.shape[:2]
    return types[_IMAGE](header, height, width, encoding, 0, pixels.nbytes // height,
                         pixels.reshape(-1))


def main(args: list[str] | None = None) -> int:
    """Run the command; 1 with a line on stderr when it cannot be done."""
    parser = argparse.ArgumentParser(
        prog='impnet_bag_write', description='Write a rosbag2 of images from a video file, a '
        'folder of images or another bag.')
    parser.add_argument('input', type=Path, help='video file, folder of images, or bag')
    parser.add_argument('bag', type=Path, help='folder of the new bag')
    parser.add_argument('--storage', choices=sorted(STORAGES), default='mcap')
    parser.add_argument('--topic', default='image', help='topic of the images (image)')
    parser.add_argument('--fps', type=positive, default=30.0,
                        help='frame rate of a folder, or of a video that does not say (30)')
    parser.add_argument('--encoding', choices=ENCODINGS, default='bgr8',
                        help='of the messages (bgr8); jpeg and png make CompressedImage messages '
                        'on TOPIC/compressed')
    parser.add_argument('--frame-id', default='camera', help='frame_id of the headers (camera)')
    parser.add_argument('--start', type=float, metavar='S',
                        help='stamp of the first frame, seconds since 1970 (now)')
    parser.add_argument('--limit', type=natural, default=0, metavar='N', help='only the first N')
    parser.add_argument('--overwrite', action='store_true', help='replace an existing bag')
    parser.add_argument('--quiet', action='store_true', help='no progress bar')
    options = parser.parse_args(args)
    try:
        if options.overwrite and (options.bag / 'metadata.yaml').is_file():
            shutil.rmtree(options.bag)
        count = write_bag(
            options.input, options.bag, storage=options.storage, topic=options.topic,
            fps=options.fps, encoding=options.encoding, frame_id=options.frame_id,
            start_ns=None if options.start is None else round(options.start * 1e9),
            limit=options.limit, quiet=options.quiet)
    except (OSError, ValueError) as error:
        print(f'impnet_bag_write: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('impnet_bag_write: interrupted; the bag ends there', file=sys.stderr)
        return 130
    print(f'{count} frames written to {options.bag}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
