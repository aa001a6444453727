"""Blocks on this machine: a thread for each worker, each with a reader process of its own.

The threads only open files and pass bytes on; parsing happens in the readers, so one lock that all
threads share costs little.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from chromasonic.scaling.preparing.blocks import BlockDone, prepare_block
from chromasonic.scaling.preparing.guarded import close_readers
from chromasonic.scaling.preparing.settings import PrepareSettings
from chromasonic.scaling.preparing.sources import SourceFile

Block = tuple[int, Sequence[SourceFile]]


def done_here(
    blocks: Iterable[Block], settings: PrepareSettings, folder: Path, workers: int
) -> Iterator[BlockDone]:
    """Prepare blocks; what was done comes in the order of the blocks.

    Args:
        blocks: number and files of each.
        settings: filters and limits.
        folder: the work folder.
        workers: how many at once.
    """
    waiting: deque[Future[BlockDone]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="prepare")
    try:
        for number, members in blocks:
            waiting.append(pool.submit(prepare_block, number, members, settings, folder))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        close_readers()  # a block that still runs ends with its reader
        pool.shutdown(wait=True)
