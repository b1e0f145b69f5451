# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What stands at the end of an MCAP file: its channels, and where its chunks are."""
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, BinaryIO

from mcap.reader import make_reader
from mcap.records import Channel, ChunkIndex, Schema

UNFINISHED = 'its end is missing'
_MAGIC = b'\x89MCAP0\r\n'
_INDEX_HEAD, _INDEX_ITEM = 15, 16  # bytes of a chunk's message index


@dataclass(frozen=True)
class FileIndex:
    """
    An index in which nothing is missing.

    Attributes
    ----------
    channels : list of (Channel, int)
        And the number of their messages.
    schemas : dict of int to Schema
    chunks : list of ChunkIndex
        By time; empty in a file without chunks.
    has_messages : bool
        Whether the chunks' indices tell which channels are inside.
    first_ns, last_ns : int
        Times of the first and the last message.

    """

    channels: list[tuple[Channel, int]]
    schemas: dict[int, Schema]
    chunks: list[ChunkIndex]
    has_messages: bool
    first_ns: int
    last_ns: int

    def counts(self, chunk: ChunkIndex) -> dict[int, int]:
        """Give the number of messages of each channel in a chunk."""
        starts = sorted((at, key) for key, at in chunk.message_index_offsets.items())
        end = chunk.chunk_start_offset + chunk.chunk_length + chunk.message_index_length
        return {key: (stop - at - _INDEX_HEAD) // _INDEX_ITEM
                for (at, key), stop in zip(starts, [*(at for at, _ in starts[1:]), end])}

    def with_messages(self, channels: Collection[int], start: int | None, stop: int | None
                      ) -> list[ChunkIndex]:
        """Find the chunks that may hold messages of some channels in a time, stop excluded."""
        return [chunk for chunk in self.chunks
                if (start is None or start <= chunk.message_end_time)
                and (stop is None or chunk.message_start_time < stop)
                and (not self.has_messages or any(self.counts(chunk).get(key)
                                                  for key in channels))]


def index_of(stream: BinaryIO) -> tuple[FileIndex | None, str]:
    """
    Read the index.

    Returns
    -------
    index : FileIndex, optional
        None where there is none, or one in which something is missing.
    reason : str
        Why.

    """
    try:
        stream.seek(-len(_MAGIC), 2)
        if stream.read() != _MAGIC:
            return None, UNFINISHED
        stream.seek(0)
        summary = make_reader(stream).get_summary()
    except Exception as error:  # noqa: B902 - struct, value, mcap's own, none at all
        if isinstance(error, OSError) and error.errno != 22:  # 22: shorter than the seek
            raise
        return None, ' '.join(str(error).split()).rstrip('.') or type(error).__name__
    told = summary and summary.statistics
    if not told:
        return None, 'it has no statistics'
    counts = {key: number for key, number in told.channel_message_counts.items() if number}
    if counts.keys() - summary.channels.keys() or told.message_count != sum(counts.values()) or {
            channel.schema_id for channel in summary.channels.values()} - {
            0, *summary.schemas}:
        return None, 'it lacks topics or types'
    chunks = sorted(summary.chunk_indexes,
                    key=lambda chunk: (chunk.message_start_time, chunk.chunk_start_offset))
    index = FileIndex([(channel, counts.get(key, 0)) for key, channel in
                       summary.channels.items()], summary.schemas, chunks, False,
                      told.message_start_time, told.message_end_time)
    return _with_chunks(index, told)


def _with_chunks(index: FileIndex, told: Any) -> tuple[FileIndex | None, str]:
    """Say whether the chunks are all there, and tell what is in them."""
    if len(index.chunks) != told.chunk_count:
        return None, 'it lacks chunks'
    indexed = sum(sum(index.counts(chunk).values()) for chunk in index.chunks)
    if indexed not in (0, told.message_count) and index.chunks:
        return None, 'it lacks messages'
    return FileIndex(index.channels, index.schemas, index.chunks,
                     bool(indexed) or not told.message_count, index.first_ns,
                     index.last_ns), ''
