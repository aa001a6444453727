"""Corpora prepared as Ray Data: the same blocks, each a task on whichever machine has room.

The data set's rows are blocks: lists of files and where their bytes lie. A task reads the files,
writes the block's result, and gives back how it went; so what goes through the cluster's memory is
a few hundred bytes a block, and a task that dies with its worker is done again by another.
"""

from __future__ import annotations

import json
import logging
import socket
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

from chromasonic.scaling.preparing.blocks import BlockDone, prepare_block
from chromasonic.scaling.preparing.local import Block
from chromasonic.scaling.preparing.settings import PrepareSettings
from chromasonic.scaling.preparing.sources import SourceFile


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

    rows = [
        {
            "block": json.dumps(
                [number, [astuple(m) for m in members], settings.to_dict(), str(folder.resolve())]
            )
        }
        for number, members in blocks
    ]
    with connected(address, cpus=workers), _quiet():
        for row in _data_set(rows, workers).iter_rows():
            yield BlockDone(**row)


def _data_set(rows: list[dict[str, Any]], workers: int) -> Any:
    """The blocks as a data set whose rows, when they are asked for, are what was done."""
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # of Ray's own
        import ray.data

        ray.data.DataContext.get_current().enable_progress_bars = False
        blocks = ray.data.from_items(rows, override_num_blocks=len(rows))
        return blocks.map(_prepared, num_cpus=1, compute=ray.data.TaskPoolStrategy(size=workers))


@contextmanager
def _quiet() -> Iterator[None]:
    """No lines of Ray Data's on the user's terminal within the block; errors are raised anyway."""
    import ray.data  # it sets its logger up, with a level of its own

    logger = logging.getLogger(ray.data.__name__)
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _prepared(row: dict[str, Any]) -> dict[str, Any]:
    """One block, on a worker."""
    number, rows, settings, folder = json.loads(row["block"])
    members = [SourceFile(*values) for values in rows]
    unseen = _unseen(members, Path(folder))
    if unseen:
        done = BlockDone(
            number=number,
            files=len(members),
            error=f"The worker on {socket.gethostname()} does not see {unseen}. Source and output "
            "must lie on storage that all machines of the cluster share, under the same paths.",
        )
    else:
        done = prepare_block(number, members, PrepareSettings.from_dict(settings), Path(folder))
    return asdict(done)


def _unseen(members: Sequence[SourceFile], folder: Path) -> str:
    """A folder that this machine should see and does not; empty where it sees them."""
    wanted = (folder, Path(members[0].path).parent)
    return next((str(path) for path in wanted if not path.is_dir()), "")
