"""A pianist's performance of a piece."""

from __future__ import annotations

from dataclasses import dataclass

from chromasonic.music.bar_grid import Beats
from chromasonic.music.performance import PlayedNotes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PianoPerformance:
    """What one pianist played once.

    Attributes:
        id: unique and stable within its corpus.
        composer: as the corpus names them.
        title: of the piece.
        notes: all that was played.
        beats: as somebody annotated them; None where nobody did.
    """

    id: str
    composer: str
    title: str
    notes: PlayedNotes
    beats: Beats | None = None

    @property
    def work(self) -> str:
        """The composition, whoever plays it."""
        return f"{self.composer}: {self.title}"
