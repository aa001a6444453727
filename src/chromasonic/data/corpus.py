"""A corpus in memory: its pieces (tunes, recordings, songs), its manifest and its split."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

from chromasonic.data.facts import CorpusFacts
from chromasonic.data.piece_reading import Piece
from chromasonic.data.skipped import Skipped
from chromasonic.data.split import Split
from chromasonic.errors import UsageError

PARTS = ("train", "validation", "test")


P_co = TypeVar("P_co", bound=Piece, covariant=True)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What was loaded, from where, under which licence, and what was left out.

    Attributes:
        name, title, licence, licence_url, citation, url, weights_may_ship: as in `CorpusFacts`.
        found_at: the folder that was read; for generated corpora how they were made.
        found_by: which rule found it: "data-dir", "CHROMASONIC_DATA", "cache", "download",
            "installed package", "generated".
        fingerprint: SHA-256 over the names and contents of the files (or of the recipe).
        counts: tunes, bars and notes (sounding notes, as written), tunes without near-duplicates,
            files, and tunes by collection.
        skipped: what could not be read.
        remarks: what the user should know, such as a file that differs from the pinned one.
    """

    name: str
    title: str
    licence: str
    licence_url: str
    citation: str
    url: str
    weights_may_ship: bool
    found_at: str
    found_by: str
    fingerprint: str
    counts: dict[str, int]
    skipped: tuple[Skipped, ...] = ()
    remarks: tuple[str, ...] = ()

    @classmethod
    def of(cls, facts: CorpusFacts, **rest: Any) -> Manifest:
        """A manifest that takes name, licence and the like from the facts."""
        shared = ("name", "title", "licence", "licence_url", "citation", "url", "weights_may_ship")
        return cls(**{name: getattr(facts, name) for name in shared}, **rest)

    @property
    def skipped_reasons(self) -> dict[str, int]:
        """Reason to how often it was met, the most frequent first."""
        return dict(Counter(item.reason for item in self.skipped).most_common())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**dataclasses.asdict(self), "remarks": list(self.remarks)}


@dataclass(frozen=True)
class Corpus(Generic[P_co]):
    """Pieces with their manifest and split.

    Attributes:
        name: as in the catalogue.
        pieces: every piece (tune, recording, song) that was read, in the order of files and
            numbers.
        manifest: licence, source, counts, what was skipped.
        split: which piece is for training, validation and test.
    """

    name: str
    pieces: tuple[P_co, ...]
    manifest: Manifest
    split: Split = field(repr=False)

    def part(self, name: str) -> tuple[P_co, ...]:
        """The pieces of "train", "validation" or "test", in corpus order.

        Raises:
            UsageError: there is no such part.
        """
        if name not in PARTS:
            raise UsageError(f"'{name}' is no part of a corpus; allowed: {', '.join(PARTS)}.")
        wanted = set(self.split.part(name))
        return tuple(piece for piece in self.pieces if piece.id in wanted)

    @cached_property
    def by_id(self) -> Mapping[str, P_co]:
        """Id to piece."""
        return {piece.id: piece for piece in self.pieces}
