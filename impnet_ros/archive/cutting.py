# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
From sources to pieces: which cameras there are, and where a long one may be cut.

What loads torch is imported where it is needed, so that a finished archive is soon known as such.
"""
from collections.abc import Collection

from impnet_ros.archive.pieces import Nothing, Piece
from impnet_ros.archive.sources import Source
from impnet_ros.config import StreamConfig
from impnet_ros.images import ENCODINGS, IMAGE_TYPE, ImageError
from impnet_ros.sources.bag_images import Camera, cameras, image_message
from impnet_ros.sources.bag_reader import BagReader
from impnet_ros.sources.mcap_file import Stretch
from impnet_ros.sources.places import answering, place

LONG = 3000
"""Images of which a part has at least so many: 100 s at 30 Hz."""


def cut(source: Source, topics: Collection[str], config: StreamConfig,
        long: int = LONG) -> list[Piece | Nothing]:
    """
    Find the pieces of a source.

    Parameters
    ----------
    source : Source
        Where to look.
    topics : collection of str
        Image topics that are wanted; empty for all.
    config : StreamConfig
        Says at which gaps memory starts anew.
    long : int
        Images that a part has at least.

    Raises
    ------
    OSError
        If the store does not answer.

    """
    if source.kind == 'missing':
        return [Nothing(source.url, 'no such bag, video or folder', broken=True)]
    if source.kind != 'bag':
        return [Piece(source.url, source.kind, source.identity,
                      frames=source.pictures or _frames_of(source))]
    try:
        with answering(source.url), BagReader(place(source.url)) as bag:
            return _of_bag(source, bag, {_full(name) for name in topics}, config, long)
    except ValueError as error:
        return [Nothing(source.url, str(error).removeprefix(f'{source.url}: '), broken=True)]


def _frames_of(source: Source) -> int:
    """Ask a video's header; a video elsewhere is not fetched for that."""
    from impnet_ros.video import open_video
    where = place(source.url)
    try:
        return open_video(where.path).count if where.is_local else 0
    except ValueError:
        return 0  # the worker says why


def _of_bag(source: Source, bag: BagReader, wanted: Collection[str], config: StreamConfig,
            long: int) -> list[Piece | Nothing]:
    chosen = [each for each in cameras(bag) if not wanted or _full(each.topic) in wanted]
    if not chosen:
        there = ', '.join(f'{each.topic} ({each.msgtype})' for each in bag.connections[:8])
        asked = f'on {", ".join(sorted(wanted))} ' if wanted else ''
        return [_nothing(source, bag, f'no images {asked}in it; it holds {there or "nothing"}')]
    found: list[Piece | Nothing] = []
    for camera in chosen:
        reason = _blind(bag, camera)
        if reason:
            found.append(_nothing(source, bag, f'{camera.topic}: {reason}'))
        else:
            found += _parts(source, bag, camera, config, long)
    return found


def _nothing(source: Source, bag: BagReader, reason: str) -> Nothing:
    """Say that there is nothing; where a bag is cut short, it is broken."""
    cut = bag.cut.removeprefix(f'{source.url}: ')
    return Nothing(source.url, f'{reason}; {cut}' if cut else reason, bool(cut))


def _full(name: str) -> str:
    return f'/{name.strip("/")}'


def _blind(bag: BagReader, camera: Camera) -> str:
    """Say why a detector sees nothing on a topic: no image at all, or depth."""
    for connection, _, raw in bag.messages(camera.connections):
        try:
            message = image_message(connection, raw)
        except ImageError:  # one broken message says nothing of the others
            return ''
        if connection.msgtype == IMAGE_TYPE and message.encoding not in ENCODINGS:
            return f'{message.encoding!r} images are not for a detector'
        if connection.msgtype != IMAGE_TYPE and 'compressedDepth' in message.format:
            return 'depth images are not for a detector'
        return ''
    return f'holds no image, though the bag says {camera.count}' if camera.count else (
        'holds no image')


def _parts(source: Source, bag: BagReader, camera: Camera, config: StreamConfig,
           long: int) -> list[Piece]:
    """Cut a long camera where the engine would forget anyway, so that nothing changes."""
    topic = camera.topic
    cuts: list[tuple[int | None, int, str]] = [(None, 0, 'start')]
    gap_ns = round(config.max_gap * 1e9)
    stretches = (bag.stretches(topic, gap_ns) if camera.count >= 2 * long else None) or []
    total = sum(stretch.count for stretch in stretches) or camera.count
    count = last_ns = 0
    for before, after in zip(stretches, stretches[1:]):
        count, last_ns = count + before.count, max(last_ns, before.last_ns)
        if count - cuts[-1][1] < long or total - count < long:
            continue
        if after.first_ns - last_ns <= gap_ns:
            continue
        reason = _forgets(bag, camera, before, after, config)
        if reason:
            cuts.append((after.first_ns, count, reason))
    ends = [*cuts[1:], (None, total, '')]
    return [Piece(source.url, source.kind, source.identity, topic, part, start_ns,
                  ends[part][0], first, ends[part][1] - first, reason)
            for part, (start_ns, first, reason) in enumerate(cuts)]


def _forgets(bag: BagReader, camera: Camera, before: Stretch, after: Stretch,
             config: StreamConfig) -> str:
    """Ask the engine's own rule about the images on both sides of a gap in the bag's time."""
    from impnet_ros.stream.schedule import why_new_video
    from impnet_ros.stream.state import StreamState
    from impnet_ros.stream.types import Origin
    try:
        *_, last = bag.messages(camera.connections, before.first_ns, before.last_ns + 1)
        first = next(bag.messages(camera.connections, after.first_ns, after.last_ns + 1))
        there, here = (
            Origin(stamp.sec + stamp.nanosec * 1e-9, (1, 1), getattr(message, 'encoding', ''),
                   message.header.frame_id)
            for message in (image_message(connection, raw) for connection, _, raw in (last, first))
            for stamp in [message.header.stamp])
    except (ValueError, StopIteration):  # a broken image is no place to cut at
        return ''
    return why_new_video(here, StreamState(last=there), config)
