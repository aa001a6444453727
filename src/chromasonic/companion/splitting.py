"""Train and validation anew: by work, by seed, and never from the test part."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

from chromasonic.errors import CorpusError, UsageError


def resplit(
    train_ids: Sequence[str],
    validation_ids: Sequence[str],
    works: Mapping[str, str],
    share: float,
    seed: int,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Divide what is not test anew, keeping each work (song, piece, drummer) on one side.

    A work's place follows from the hash of its name with the seed, not from its place in the list,
    so that the same pieces in another order are divided alike.

    Args:
        train_ids: pieces of the training part.
        validation_ids: pieces of the validation part.
        works: piece to its work; a piece that is not there is a work of its own.
        share: of the pieces that goes to validation, between 0 and 1; as near as whole works come.
        seed: another number, another division.

    Returns:
        (train, validation), each in the order in which the pieces were given.

    Raises:
        UsageError: the share is not between 0 and 1.
        CorpusError: there are fewer than two works.
    """
    check_share(share)
    ids = [*train_ids, *validation_ids]
    sizes = Counter(works.get(id, id) for id in ids)
    if len(sizes) < 2:
        raise CorpusError(
            f"{len(ids)} pieces of {len(sizes)} work(s) cannot be divided into train and "
            "validation without cutting a work in two. Leave --validation-split out (the "
            "corpus's own split stands), or give the whole corpus."
        )
    chosen, taken, wanted = set[str](), 0, share * len(ids)
    for work in sorted(sizes, key=lambda work: (_number(work, seed), work)):
        # A work is taken where that comes nearer to the share; one stays to learn from.
        if abs(taken + sizes[work] - wanted) < abs(taken - wanted) and len(chosen) + 1 < len(sizes):
            chosen.add(work)
            taken += sizes[work]
    if not chosen:  # every work is larger than twice the share
        chosen = {min(sizes, key=lambda work: (sizes[work], _number(work, seed)))}
    validation = tuple(id for id in ids if works.get(id, id) in chosen)
    train = tuple(id for id in ids if works.get(id, id) not in chosen)
    return train, validation


def check_share(share: float) -> None:
    """Refuse a validation split that leaves one side empty.

    Raises:
        UsageError: it is not between 0 and 1.
    """
    if not 0 < share < 1:
        raise UsageError(
            f"--validation-split is {share}; allowed: above 0 and below 1 (try 0.2), or leave it "
            "out: then the corpus's own split stands."
        )


def _number(work: str, seed: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}:{work}".encode()).digest()[:8], "big")
