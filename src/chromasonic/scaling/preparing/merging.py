"""The blocks' tunes to one corpus: copies out, near-duplicates together, shards, manifest.

One process does it, as it must see all tunes: a tune is a copy of another one wherever that stands.
It holds all tokens (a byte each) and shingles (eight bytes, about one for a note).
"""

from __future__ import annotations

import csv
import hashlib
import io
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chromasonic import files
from chromasonic.data.near_duplicates import Fingerprints, joined, pairs_of
from chromasonic.data.prepared import (
    FORMAT,
    MANIFEST,
    REFUSED,
    SHARDS,
    ShardContent,
    pack_shard,
)
from chromasonic.data.progress import Progress
from chromasonic.errors import CorpusError
from chromasonic.melody_generation.tokens import VOCABULARY
from chromasonic.scaling.preparing.blocks import BlockResult
from chromasonic.scaling.preparing.outcome import Refusal, TuneTokens
from chromasonic.scaling.preparing.settings import PREPARING_VERSION, PrepareSettings
from chromasonic.scaling.preparing.sources import Source

COPY = "the same melody as another file"
EXAMPLES = 5
COMMONPLACE_TUNES = 200
"""A turn of seven notes that more tunes have says nothing of any two of them (one note repeated,
a scale); to compare all that have it would take ever longer."""


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What merging made.

    Attributes:
        facts: the manifest.
        seconds: step to seconds.
    """

    facts: dict[str, Any]
    seconds: dict[str, float]


def merge(
    results: Sequence[BlockResult],
    source: Source,
    settings: PrepareSettings,
    folder: Path,
    on_progress: Progress | None = None,
) -> Merged:
    """Write the shards, the list of what was refused, and last the manifest.

    Args:
        results: of all blocks.
        source: where the files came from.
        settings: with which they were prepared.
        folder: the prepared corpus.
        on_progress: told which step it is at.

    Raises:
        CorpusError: no tune is left.
        StorageError: a file cannot be written.
    """

    def tell(what: str, step: int) -> None:
        if on_progress is not None:
            on_progress(what, step, 3)

    started = time.perf_counter()
    tell("looking for copies", 0)
    work_of = {
        tune.id: work
        for result in results
        for tune, work in zip(result.tunes, result.works, strict=True)
    }
    tunes, copies = without_copies([tune for result in results for tune in result.tunes])
    refused = [refusal for result in results for refusal in result.refused] + copies
    refused.sort(key=lambda refusal: (refusal.id, refusal.reason))
    if not tunes:
        raise CorpusError(_nothing_left(refused))
    copied = time.perf_counter()
    tell("looking for near-duplicates", 1)
    groups = group_keys(tunes, [work_of[tune.id] for tune in tunes])
    grouped = time.perf_counter()
    tell("writing shards", 2)
    shards = _write_shards(tunes, groups, settings.shard_tunes, folder)
    files.write_text(folder / REFUSED, _table(refused))
    facts = {
        "format": FORMAT,
        **source.about,
        "fingerprint": fingerprint(tunes),
        "vocabulary": VOCABULARY.signature,
        "preparing_version": PREPARING_VERSION,
        "settings": {
            name: value for name, value in settings.to_dict().items() if name != "block_files"
        },
        "source": {"digest": source.digest, "other_files": source.others},
        "counts": _counts(results, tunes, groups),
        "refused": _by_reason(refused),
        "shards": shards,
    }
    files.write_json(folder / MANIFEST, facts)
    seconds = {
        "find copies": copied - started,
        "find near-duplicates": grouped - copied,
        "write shards": time.perf_counter() - grouped,
    }
    return Merged(facts=facts, seconds=seconds)


def without_copies(tunes: Sequence[TuneTokens]) -> tuple[list[TuneTokens], list[Refusal]]:
    """Of tunes with the same content (in any key) the one whose id comes first, and the others."""
    first: dict[str, TuneTokens] = {}
    copies = []
    for tune in sorted(tunes, key=lambda tune: tune.id):
        kept = first.setdefault(tune.key, tune)
        if kept is not tune:
            copies.append(Refusal(tune.id, COPY, kept.id))
    return list(first.values()), copies


def group_keys(tunes: Sequence[TuneTokens], works: Sequence[str]) -> list[str]:
    """For each tune the smallest content key of its group: near-duplicates, versions of a song.

    Args:
        tunes: of different content.
        works: the song that each is a version of; empty where that is not known.
    """
    pairs = pairs_of(_rare(tunes))
    first_of: dict[str, int] = {}
    pairs += [(first_of.setdefault(work, index), index) for index, work in enumerate(works) if work]
    labels = joined(len(tunes), pairs)
    smallest: dict[int, str] = {}
    for label, tune in zip(labels, tunes, strict=True):
        smallest[label] = min(tune.key, smallest.get(label, tune.key))
    return [smallest[label] for label in labels]


def _rare(tunes: Sequence[TuneTokens]) -> Fingerprints:
    """The tunes' shingles without commonplaces."""
    shingles = np.concatenate([tune.shingles for tune in tunes])
    owners = np.repeat(np.arange(len(tunes)), [len(tune.shingles) for tune in tunes])
    _, which, counts = np.unique(shingles, return_inverse=True, return_counts=True)
    is_rare = counts[which] <= COMMONPLACE_TUNES
    sizes = np.bincount(owners[is_rare], minlength=len(tunes)).astype(np.int64)
    return Fingerprints(shingles[is_rare], sizes)


def fingerprint(tunes: Sequence[TuneTokens]) -> str:
    """Hash of the ids and tokens of all tunes, whatever their order and shards."""
    lines = sorted(f"{files.sha256_of_bytes(tune.tokens.tobytes())}\0{tune.id}\n" for tune in tunes)
    text = "".join([VOCABULARY.signature, *lines])
    return hashlib.sha256(text.encode()).hexdigest()


def _write_shards(
    tunes: Sequence[TuneTokens], groups: Sequence[str], size: int, folder: Path
) -> list[dict[str, Any]]:
    order = sorted(range(len(tunes)), key=lambda index: (groups[index], tunes[index].key))
    count = -(-len(order) // size)
    shards = []
    for number in range(count):
        # As even as can be: a last shard of three tunes would be no fair sample.
        places = order[number * len(order) // count : (number + 1) * len(order) // count]
        chosen = [tunes[place] for place in places]
        content = ShardContent(
            streams=[tune.tokens for tune in chosen],
            ids=[tune.id for tune in chosen],
            metres=[tune.metre for tune in chosen],
            keys=[tune.key for tune in chosen],
            group_keys=[groups[place] for place in places],
        )
        data = pack_shard(content)
        name = f"tunes-{number:05d}-of-{count:05d}.npz"
        files.write_bytes(folder / SHARDS / name, data)
        shards.append(
            {
                "name": name,
                "tunes": len(chosen),
                "tokens": sum(len(tune.tokens) for tune in chosen),
                "size_bytes": len(data),
                "sha256": files.sha256_of_bytes(data),
            }
        )
    return shards


def _counts(
    results: Sequence[BlockResult], tunes: Sequence[TuneTokens], groups: Sequence[str]
) -> dict[str, int]:
    sizes = Counter(groups)
    return {
        "files": sum(result.files for result in results),
        "bytes_read": sum(result.bytes_read for result in results),
        "tunes": len(tunes),
        "distinct_tunes": len(sizes),
        "largest_group": max(sizes.values()),
        "notes": sum(tune.notes for tune in tunes),
        "tokens": sum(len(tune.tokens) for tune in tunes),
        "bars": sum(int(np.count_nonzero(tune.tokens == _BAR)) + 1 for tune in tunes),
    }


_BAR = VOCABULARY.id("BAR")


def _by_reason(refused: Sequence[Refusal]) -> dict[str, Any]:
    """Reason to how often it was met and the first examples, the most frequent first."""
    by_reason: dict[str, list[Refusal]] = defaultdict(list)
    for refusal in refused:
        by_reason[refusal.reason].append(refusal)
    ranked = sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
    return {
        reason: {
            "count": len(items),
            "examples": [{"file": item.id, "detail": item.detail} for item in items[:EXAMPLES]],
        }
        for reason, items in ranked
    }


def _table(refused: Sequence[Refusal]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("file", "reason", "detail"))
    table.writerows((r.id, r.reason, r.detail) for r in refused)
    return text.getvalue()


def _nothing_left(refused: Sequence[Refusal]) -> str:
    reasons = "; ".join(
        f"{count} x {reason}"
        for reason, count in Counter(refusal.reason for refusal in refused).most_common(5)
    )
    return (
        f"No tune is left ({reasons}). Widen the filters (--min-notes, --max-notes, --metre, "
        "--on-grid), or look at the files."
    )
