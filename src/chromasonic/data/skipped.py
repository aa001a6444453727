"""What of a corpus could not be read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something of a corpus that could not be read.

    Attributes:
        reference: the file, or the id that the piece would have had.
        title: the piece's title, where it was read; may be empty.
        reason: why, in words.
    """

    reference: str
    title: str
    reason: str
