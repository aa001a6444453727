"""Loading a corpus of pieces: its folder, its reader's result out of the cache, its split."""

from __future__ import annotations

import hashlib
import inspect
import io
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from chromasonic import files
from chromasonic.data import piece_packing
from chromasonic.data.cache import cache_path, stored
from chromasonic.data.corpus import PARTS, Corpus, Manifest
from chromasonic.data.facts import CorpusFacts, ways_to_get
from chromasonic.data.file_tree import FileTree, cannot_read
from chromasonic.data.locate import Place
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.progress import Progress
from chromasonic.data.split import Split, make_split
from chromasonic.data.unverified import unverified_remarks
from chromasonic.errors import CorpusError


def load_pieces(
    facts: CorpusFacts,
    place: Place,
    *,
    official: Split | None = None,
    split_file: files.PathLike | None = None,
    seed: int = 0,
    allow_partial: bool = False,
    on_progress: Progress | None = None,
) -> Corpus[Any]:
    """Load a corpus of pieces.

    Args:
        facts: of the corpus.
        place: where its root is.
        official: the published split, where the reader gives none.
        split_file: a split as JSON, instead of the corpus's own.
        seed: of a split by works, where there is no official one.
        allow_partial: take what is there of a corpus of which files are missing.
        on_progress: told how reading goes.

    Raises:
        CorpusError: files are missing and `allow_partial` is not set; there is no usable piece;
            the folder cannot be read; the split file is wrong.
    """
    (root,) = place.folders
    tree = FileTree.of(facts, root)
    reading, remark = _read(facts, root, tree, on_progress)
    count = len(reading.pieces)
    if not count:
        raise CorpusError(_nothing_message(facts, root, reading))
    remarks = [*unverified_remarks(facts, root), *reading.remarks, *tree.remarks()]
    if reading.missing:
        # A reader may give a piece of which only a part is missing (its recording).
        total = count + len(reading.skipped) + reading.missing
        total = min(total, max(facts.pieces, count))
        there = f"{total - reading.missing:,} of {total:,} {facts.noun} are there"
        if not allow_partial:
            again = "Unpack it again"
            if place.found_by in ("cache", "download"):
                again = "Take the folder away to have it fetched again"
            raise CorpusError(
                f"The corpus '{facts.name}' in {root} is half there: {there}. {again}. (Python's "
                "load() takes what is there with allow_partial=True, and 'chromasonic data info' "
                "with --allow-partial; a training does not.) "
                f"{ways_to_get(facts)}"
            )
        remarks.insert(0, f"A part of the corpus: {there}.")
    split, split_remarks = _split(facts, reading, official, split_file, seed)
    manifest = Manifest.of(
        facts,
        found_at=str(root),
        found_by=place.found_by,
        fingerprint=tree.fingerprint,
        counts={
            facts.noun: count,
            "works": len(set(reading.works)) or count,
            "files": tree.count,
            **({"missing": reading.missing} if reading.missing else {}),
        },
        skipped=reading.skipped,
        remarks=(*split_remarks, *remarks, *([remark] if remark else [])),
    )
    return Corpus(facts.name, reading.pieces, manifest, split)


def make_pieces(
    facts: CorpusFacts, count: int, *, seed: int = 0, split_file: files.PathLike | None = None
) -> Corpus[Any]:
    """Make a generated corpus of pieces.

    Args:
        facts: of the corpus.
        count: how many pieces.
        seed: the same seed, the same pieces and split.
        split_file: a split as JSON, instead of the corpus's own.

    Raises:
        UsageError: `count` is below 1.
        CorpusError: the split file is wrong.
    """
    assert facts.make_pieces is not None
    reading = facts.make_pieces(count, seed)
    _check(facts, reading)
    packed = io.BytesIO()
    piece_packing.pack(reading.pieces, packed)
    split, remarks = _split(facts, reading, None, split_file, seed)
    manifest = Manifest.of(
        facts,
        found_at=f"{facts.name}, {count} {facts.noun}, seed {seed}",
        found_by="generated",
        fingerprint=files.sha256_of_bytes(packed.getvalue()),
        counts={facts.noun: count, "works": len(set(reading.works)) or count},
        remarks=(*remarks, *reading.remarks),
    )
    return Corpus(facts.name, reading.pieces, manifest, split)


def _read(
    facts: CorpusFacts, root: Path, tree: FileTree, on_progress: Progress | None
) -> tuple[PieceReading, str | None]:
    """What the reader gives, from the cache if it is there; a remark if it could not be stored."""
    reader = facts.reader
    assert reader is not None

    def build() -> PieceReading:
        try:
            reading = reader(root, on_progress)
        except OSError as error:
            raise cannot_read(facts, error) from error
        _check(facts, reading)
        return reading

    if not facts.is_cached:
        return build(), None
    version = f"{piece_packing.PACKING_VERSION}.{facts.reader_version}.{_page_digest(facts)}"
    path = cache_path(facts.name, tree.fingerprint, version)
    reading, remark = stored(path, build, pack=piece_packing.pack, unpack=_unpack)
    return reading, remark


def _unpack(file: Any) -> PieceReading:
    value = piece_packing.unpack(file)
    if not isinstance(value, PieceReading):
        raise ValueError("damaged cache: it holds something else")
    return value


def _page_digest(facts: CorpusFacts) -> str:
    """Of the source of the reader's page and of its tables: a changed reader never meets what an
    older one read."""
    page = inspect.getmodule(facts.reader)
    try:
        text = inspect.getsource(page) if page is not None else ""
    except (OSError, TypeError):  # no source at hand: the version alone speaks
        text = ""
    folder = resources.files("chromasonic.data")
    texts = [text, *((folder / name).read_text(encoding="utf-8") for name in facts.tables)]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def _check(facts: CorpusFacts, reading: PieceReading) -> None:
    """That a reader kept its promise; a mistake in it shall not become a wrong split.

    Raises:
        CorpusError: two pieces have one id, or the works are not as many as the pieces.
    """
    ids = [piece.id for piece in reading.pieces]
    if len(set(ids)) < len(ids):
        double = next(id for number, id in enumerate(ids) if id in ids[:number])
        raise CorpusError(
            f"The corpus '{facts.name}' names two of its {facts.noun} '{double}'. Check that its "
            "index lists each once."
        )
    if reading.works and len(reading.works) != len(ids):
        raise CorpusError(
            f"The reader of '{facts.name}' gives {len(reading.works)} works for {len(ids)} "
            f"{facts.noun}; one for each is wanted, or none at all."
        )


def _split(
    facts: CorpusFacts,
    reading: PieceReading,
    official: Split | None,
    split_file: files.PathLike | None,
    seed: int,
) -> tuple[Split, list[str]]:
    """The split by hand, else the official one, else one by works; and what it leaves out."""
    ids = [piece.id for piece in reading.pieces]
    given = reading.split or official
    if split_file is not None:
        where = str(split_file)
        split = Split.load(split_file).checked_against(ids, where=f"The split file {where}")
    elif given is not None:
        where = "its official split"
        split = _those_there(given, ids)
    else:
        return make_split(ids, reading.works or ids, seed=seed), []
    left_out = len(ids) - sum(split.sizes.values())
    remark = f"{left_out} {facts.noun} of '{facts.name}' are in no part of {where}."
    return split, [remark] if left_out else []


def _those_there(split: Split, ids: Sequence[str]) -> Split:
    """A split without the pieces that could not be read."""
    known = set(ids)
    return Split(*(tuple(id for id in split.part(name) if id in known) for name in PARTS))


def _nothing_message(facts: CorpusFacts, root: Path, reading: PieceReading) -> str:
    reasons = dict.fromkeys(item.reason for item in reading.skipped)
    why = f" ({'; '.join(list(reasons)[:3])})" if reasons else ""
    missing = f"; {reading.missing:,} that its index lists are missing" if reading.missing else ""
    return (
        f"The corpus '{facts.name}' in {root} has none of its {facts.noun} in a usable form"
        f"{why}{missing}. Check that the folder is the right one and its files are whole. "
        f"{ways_to_get(facts)}"
    )
