"""What the reader of a corpus gives that is not a book of tunes: performances, chords, clips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from chromasonic.data.progress import Progress
from chromasonic.data.skipped import Skipped
from chromasonic.data.split import Split


class Piece(Protocol):
    """Anything that a corpus holds."""

    @property
    def id(self) -> str:
        """Unique and stable within its corpus."""
        ...


@dataclass(frozen=True, kw_only=True)
class PieceReading:
    """What was read.

    Attributes:
        pieces: frozen dataclasses of numbers, texts, tuples and NumPy arrays, so that they can be
            cached without any code in the file.
        skipped: what could not be read, with its reason.
        split: the official one, by ids of pieces; None splits by `works`.
        works: for each piece the key of its work (song, title and artist, composition): pieces of
            one work are never split; empty makes each piece a work.
        missing: how many pieces the corpus's index lists whose files are not there. Unless the
            user allows a part of a corpus, any is an error.
        remarks: what the user should know.
    """

    pieces: tuple[Piece, ...]
    skipped: tuple[Skipped, ...] = ()
    split: Split | None = None
    works: tuple[str, ...] = ()
    missing: int = 0
    remarks: tuple[str, ...] = ()


Reader = Callable[[Path, Progress | None], PieceReading]
"""(folder of the corpus, told how it goes) to what is there."""

Maker = Callable[[int, int], PieceReading]
"""(count, seed) to what is made."""
