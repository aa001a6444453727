"""Corpora prepared as Ray Data: the same blocks, each a task on whichever machine has room.

The data set's rows are blocks: lists of files and where their bytes lie. A task reads the files,
writes the block's result, and gives back how it went; so what goes through the cluster's memory is
a few hundred bytes a block, and a task that dies with its worker is done again by another.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chromasonic.scaling.preparing.blocks import BlockDone, prepare_block
from chromasonic.scaling.preparing.local import Block
from chromasonic.scaling.preparing.settings import PrepareSettings


def done_on_ray(
    blocks: Sequence[Block],
    settings: PrepareSettings,
    folder: Path,
    workers: int,
    address: str | None = None,
) -> Iterator[BlockDone]:
    """Prepare blocks on a Ray cluster; what was done comes as it is done.

    Args:
        blocks: number and files of each.
        settings: filters and limits.
        folder: the work folder, under a path that every machine of the cluster sees.
        workers: how many at once.
        address: of the cluster; None starts one on this machine for as long as it takes.

    Raises:
        UsageError: Ray is not installed, or no cluster answers at the address.
    """
    from chromasonic.scaling.cluster import connected

    with connected(address, cpus=workers):
        import ray

        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        rows = [
            {"block": pickle.dumps((number, tuple(members), settings, str(folder.resolve())))}
            for number, members in blocks
        ]
        done = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
            _prepared, num_cpus=1, concurrency=workers
        )
        for row in done.iter_rows():
            yield BlockDone(**row)


def _prepared(row: dict[str, Any]) -> dict[str, Any]:
    """One block, on a worker."""
    number, members, settings, folder = pickle.loads(row["block"])
    done = prepare_block(number, members, settings, Path(folder))
    return {
        "number": done.number, "files": done.files, "tunes": done.tunes, "error": done.error
    }  # fmt: skip
