"""`load`: a corpus by name, wherever its files are, parsed once, split.

How tunes are read stands here; a corpus of pieces with a reader of its own goes to `load_pieces`.
"""

from __future__ import annotations

import gc
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

from chromasonic import files
from chromasonic.data.cache import cached
from chromasonic.data.catalogue import facts_of
from chromasonic.data.corpus import Corpus, Manifest
from chromasonic.data.facts import CorpusFacts
from chromasonic.data.locate import files_of, locate
from chromasonic.data.near_duplicates import group_keys
from chromasonic.data.packing import Packed
from chromasonic.data.piece_loading import load_pieces, make_pieces
from chromasonic.data.progress import Progress
from chromasonic.data.reading import Contents, read_tunes
from chromasonic.data.skipped import Skipped
from chromasonic.data.split import Split, make_split
from chromasonic.errors import CorpusError, DataError, UsageError
from chromasonic.music.tune import Tune

AUTO = "auto"
LISTED_SPLIT_SEED = 0
"""The split of this seed is listed in `splits/` where a corpus has a listing."""


@dataclass(frozen=True)
class Choice:
    """Which corpus `--dataset auto` takes, and why."""

    name: str
    reason: str


def resolve_auto(
    *,
    data_dir: files.PathLike | None = None,
    download: bool = True,
    on_progress: Progress | None = None,
) -> Choice:
    """Take the best real corpus that is there: Nottingham, else the public-domain folk tunes.

    Args:
        data_dir: where to look for Nottingham, instead of the usual places.
        download: whether the network may be asked.
        on_progress: told how a download goes.
    """
    best, fallback = "nottingham", "folk-pd"
    try:
        place = locate(
            facts_of(best), data_dir=data_dir, download=download, on_progress=on_progress
        )
    except DataError as error:
        why = str(error).partition(". ")[0]  # the rest says how to get it, which is not asked here
        return Choice(fallback, f"'{fallback}', which music21 carries. {why}.")
    return Choice(best, f"'{best}', found by {place.found_by} in {place}")


def load(
    name: str,
    *,
    data_dir: files.PathLike | None = None,
    split_file: files.PathLike | None = None,
    seed: int = 0,
    count: int | None = None,
    allow_partial: bool = False,
    download: bool = True,
    on_progress: Progress | None = None,
) -> Corpus[Any]:
    """Load a corpus by name.

    Args:
        name: one of `CORPORA`, or "auto" (see `resolve_auto`).
        data_dir: a folder with the corpus in it; else `CHROMASONIC_DATA`, the cache, a download.
        split_file: a split as JSON (`Split.save`), instead of the default one.
        seed: of the split; for generated corpora also of the tunes.
        count: how many tunes (or movements) to make, for generated corpora.
        allow_partial: for corpora of pieces: take what is there where files are missing.
        download: whether the network may be asked for a corpus that is not on this machine.
        on_progress: told how long work goes on.

    Raises:
        UsageError: there is no corpus of that name, or `count` is given for real tunes.
        CorpusError: it is not there, half there, or has no usable tune; the split file is wrong.
        DownloadError: it could not be fetched.
    """
    remarks: list[str] = []
    if name == AUTO:
        choice = resolve_auto(data_dir=data_dir, download=download, on_progress=on_progress)
        remarks.append(f"'auto' took {choice.reason}")
        name, data_dir = choice.name, data_dir if choice.name == "nottingham" else None
    facts = facts_of(name)
    if facts.make_pieces is not None:
        count = facts.count if count is None else count
        return make_pieces(facts, count, seed=seed, split_file=split_file)
    if facts.is_of_pieces and count is None:
        return load_pieces(
            facts,
            locate(facts, data_dir=data_dir, download=download, on_progress=on_progress),
            official=listed_split(name),
            split_file=split_file,
            seed=seed,
            allow_partial=allow_partial,
            on_progress=on_progress,
        )
    if facts.make is not None:
        loaded = _made(facts, facts.count if count is None else count, seed)
    elif count is not None:
        raise UsageError(
            f"'{name}' holds real {facts.noun}: their number cannot be chosen (count={count}). "
            "Only the synthetic corpora take one."
        )
    else:
        loaded = _read(facts, data_dir, download, on_progress)
    packed, manifest = loaded
    if not packed.tunes:
        raise CorpusError(_no_tune_message(manifest))
    split, remark = _split(facts, packed, seed, split_file)
    remarks += remark
    manifest = replace(manifest, remarks=(*remarks, *manifest.remarks))
    return Corpus(name, packed.tunes, manifest, split)


def _made(facts: CorpusFacts, count: int, seed: int) -> tuple[Packed, Manifest]:
    assert facts.make is not None
    tunes = facts.make(count, seed)
    packed = Packed(tunes, (), tuple(group_keys(tunes)), _counts(tunes))
    recipe = f"{facts.name}, {count} tunes, seed {seed}"
    digest = hashlib.sha256("\n".join(packed.group_keys).encode()).hexdigest()
    distinct = len(set(packed.group_keys))
    counts = {"tunes": len(tunes), **packed.counts, "distinct_tunes": distinct}
    return packed, Manifest.of(
        facts, found_at=recipe, found_by="generated", fingerprint=digest, counts=counts
    )


def _read(
    facts: CorpusFacts,
    data_dir: files.PathLike | None,
    download: bool,
    on_progress: Progress | None,
) -> tuple[Packed, Manifest]:
    place = locate(facts, data_dir=data_dir, download=download, on_progress=on_progress)
    contents = [
        Contents.read(collection, files_of(collection, folder))
        for collection, folder in zip(facts.collections, place.folders, strict=True)
    ]
    fingerprint = _joint_fingerprint(contents)
    with _collector_at_rest():
        packed, remark = cached(facts.name, fingerprint, lambda: _parse(contents, on_progress))
    by_collection = Counter(tune.id.partition("/")[0] for tune in packed.tunes)
    counts = {
        "tunes": len(packed.tunes),
        **packed.counts,
        "distinct_tunes": len(set(packed.group_keys)),
        "files": sum(len(content.data) for content in contents),
        **{f"tunes_{c.collection.name}": by_collection[c.collection.name] for c in contents},
    }
    remarks = [line for content in contents for line in content.remarks()]
    return packed, Manifest.of(
        facts,
        found_at=str(place),
        found_by=place.found_by,
        fingerprint=fingerprint,
        counts=counts,
        skipped=packed.skipped,
        remarks=(*remarks, *([remark] if remark else [])),
    )


def _parse(contents: Sequence[Contents], on_progress: Progress | None) -> Packed:
    """Parse and group the tunes: what the cache spares the next time."""
    tunes: list[Tune] = []
    skipped: list[Skipped] = []
    total = sum(len(content.data) for content in contents)
    done = 0
    for content in contents:
        if on_progress is not None:
            on_progress(f"reading {content.collection.title}", done, total)
        parsed = read_tunes(content)
        tunes += parsed.tunes
        skipped += parsed.skipped
        done += len(content.data)
    if on_progress is not None:
        on_progress("looking for near-duplicates", done, total)
    return Packed(tuple(tunes), tuple(skipped), tuple(group_keys(tunes)), _counts(tunes))


def _counts(tunes: Sequence[Tune]) -> dict[str, int]:
    return {
        "bars": sum(len(tune.bars) for tune in tunes),
        "notes": sum(1 for tune in tunes for _ in tune.sounding()),
    }


def _joint_fingerprint(contents: Sequence[Contents]) -> str:
    """The collection's own fingerprint where there is one collection, else a hash over theirs."""
    if len(contents) == 1:
        return contents[0].fingerprint
    lines = "".join(f"{c.collection.name}\0{c.fingerprint}\n" for c in contents)
    return hashlib.sha256(lines.encode()).hexdigest()


def _split(
    facts: CorpusFacts, packed: Packed, seed: int, split_file: files.PathLike | None
) -> tuple[Split, list[str]]:
    ids = [tune.id for tune in packed.tunes]
    if split_file is None:
        listed = listed_split(facts.name) if seed == LISTED_SPLIT_SEED else None
        return make_split(ids, packed.group_keys, seed=seed, listed=listed), []
    split = Split.load(split_file).checked_against(ids, where=f"The split file {split_file}")
    left_out = len(ids) - sum(split.sizes.values())
    remark = f"{left_out} tunes of '{facts.name}' are in no part of {split_file}."
    return split, [remark] if left_out else []


def listed_split(name: str) -> Split | None:
    """The published split of a corpus, or None where its default split is not listed.

    The listing keeps every tune in its part when a better parser or another way to find
    near-duplicates would have moved it.
    """
    listing = resources.files("chromasonic.data") / "splits" / f"{name}.json"
    if not listing.is_file():
        return None
    with resources.as_file(listing) as path:
        return Split.load(path)


def _no_tune_message(manifest: Manifest) -> str:
    reasons = "; ".join(
        f"{count} x {reason}" for reason, count in list(manifest.skipped_reasons.items())[:3]
    )
    return (
        f"The corpus '{manifest.name}' in {manifest.found_at} has no usable tune"
        f"{f' ({reasons})' if reasons else ''}. Check that the folder is the right one and its "
        "files are whole."
    )


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Keep the garbage collector from walking over hundreds of thousands of new tuples."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
