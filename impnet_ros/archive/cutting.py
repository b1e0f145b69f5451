# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
From sources to pieces: which cameras there are, and where a long one may be cut.

What loads torch is imported where it is needed, so that a finished archive is soon known as such.
"""
from collections.abc import Collection

from impnet_ros.archive.bag_files import decode, stamp_of, Stretch, Topic
from impnet_ros.archive.bags import Bag, open_bag
from impnet_ros.archive.pieces import Nothing, Piece
from impnet_ros.archive.places import place
from impnet_ros.archive.sources import Source
from impnet_ros.config import StreamConfig
from impnet_ros.images import ENCODINGS, IMAGE_TYPE

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
        with open_bag(source.url) as bag:
            return _of_bag(source, bag, {f'/{name.strip("/")}' for name in topics}, config, long)
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


def _of_bag(source: Source, bag: Bag, wanted: Collection[str], config: StreamConfig,
            long: int) -> list[Piece | Nothing]:
    cameras = [topic for topic in bag.topics if topic.is_camera]
    chosen = sorted((topic for topic in cameras if not wanted or _full(topic.name) in wanted),
                    key=lambda topic: topic.name)
    if not chosen:
        there = ', '.join(f'{topic.name} ({topic.kind})' for topic in bag.topics[:8]) or 'nothing'
        asked = f'on {", ".join(sorted(wanted))} ' if wanted else ''
        return [Nothing(source.url, f'no images {asked}in it; it holds {there}')]
    found: list[Piece | Nothing] = []
    for topic in chosen:
        reason = _blind(bag, topic)
        if reason:
            found.append(Nothing(source.url, f'{topic.name}: {reason}'))
        else:
            found += _parts(source, bag, topic, config, long)
    return found


def _full(name: str) -> str:
    return f'/{name.strip("/")}'


def _blind(bag: Bag, topic: Topic) -> str:
    """Say why a detector sees nothing on a topic: no image at all, or depth."""
    if not topic.count:
        return 'holds no image'
    for _, raw in bag.messages(topic.name):
        try:
            message = decode(raw, topic)
        except Exception:  # noqa: B902 - one broken message says nothing of the others
            return ''
        if topic.kind == IMAGE_TYPE and message.encoding not in ENCODINGS:
            return f'{message.encoding!r} images are not for a detector'
        if topic.kind != IMAGE_TYPE and 'compressedDepth' in message.format:
            return 'depth images are not for a detector'
        return ''
    return f'holds no image, though the bag says {topic.count}'


def _parts(source: Source, bag: Bag, topic: Topic, config: StreamConfig,
           long: int) -> list[Piece]:
    """Cut a long camera where the engine would forget anyway, so that nothing changes."""
    cuts: list[tuple[int | None, int, str]] = [(None, 0, 'start')]
    gap_ns = round(config.max_gap * 1e9)
    stretches = (bag.stretches(topic.name, gap_ns) if topic.count >= 2 * long else None) or []
    count = last_ns = 0
    for before, after in zip(stretches, stretches[1:]):
        count, last_ns = count + before.count, max(last_ns, before.last_ns)
        if count - cuts[-1][1] < long or topic.count - count < long:
            continue
        if after.first_ns - last_ns <= gap_ns:
            continue
        reason = _forgets(bag, topic, before, after, config)
        if reason:
            cuts.append((after.first_ns, count, reason))
    ends = [*cuts[1:], (None, topic.count, '')]
    return [Piece(source.url, source.kind, source.identity, topic.name, part, start_ns,
                  ends[part][0], first, ends[part][1] - first, reason)
            for part, (start_ns, first, reason) in enumerate(cuts)]


def _forgets(bag: Bag, topic: Topic, before: Stretch, after: Stretch,
             config: StreamConfig) -> str:
    """Ask the engine's own rule about the images on both sides of a gap in the bag's time."""
    from impnet_ros.stream.schedule import why_new_video
    from impnet_ros.stream.state import StreamState
    from impnet_ros.stream.types import Origin
    *_, last = bag.messages(topic.name, before.first_ns, before.last_ns + 1)
    first = next(iter(bag.messages(topic.name, after.first_ns, after.last_ns + 1)))
    try:
        there, here = (
            Origin(stamp_of(message, log_ns) / 1e9, (1, 1), getattr(message, 'encoding', ''),
                   message.header.frame_id)
            for message, log_ns in ((decode(raw, topic), log_ns) for log_ns, raw in (last, first)))
    except Exception:  # noqa: B902 - a broken image is no place to cut at
        return ''
    return why_new_video(here, StreamState(last=there), config)
