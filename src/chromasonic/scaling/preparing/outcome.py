"""What one file gave: tunes as tokens, refusals with their reasons, and the time it took."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

STAGES = ("read", "parse", "filter", "tokenize", "write")
"""What a block's time goes to; `parse` to `tokenize` are measured where the file is parsed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TuneTokens:
    """A tune that passed.

    Attributes:
        id: the file's name below the source; of a book of tunes its name without the ending, "/"
            and the tune's number, as in a corpus that is loaded by name.
        tokens: its stream, in the smallest unsigned type that holds the vocabulary.
        notes: how many sound.
        metre: at the start.
        key: hash of its content in any key (`near_duplicates.content_key`).
        shingles: by which near-duplicates are found (`near_duplicates.shingles_of`).
    """

    id: str
    tokens: NDArray[np.unsignedinteger]
    notes: int
    metre: str
    key: str
    shingles: NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file or a tune that is left out.

    Attributes:
        id: as `TuneTokens.id`.
        reason: a short one, the same for all of a kind, to be counted.
        detail: what was met; may be empty.
    """

    id: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOutcome:
    """What a file gave.

    Attributes:
        sha256: of its bytes; empty where it was not read.
        tunes: that passed.
        refused: that did not.
        seconds: stage to processor seconds.
    """

    sha256: str = ""
    tunes: tuple[TuneTokens, ...] = ()
    refused: tuple[Refusal, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as they go from process to process."""
        tunes = [
            {
                **{name: getattr(tune, name) for name in ("id", "notes", "metre", "key")},
                "tokens": [tune.tokens.dtype.str, tune.tokens.tobytes().hex()],
                "shingles": tune.shingles.tobytes().hex(),
            }
            for tune in self.tunes
        ]
        refused = [[refusal.id, refusal.reason, refusal.detail] for refusal in self.refused]
        return {
            "sha256": self.sha256, "tunes": tunes, "refused": refused, "seconds": self.seconds,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> FileOutcome:
        """What `to_dict` gave."""
        tunes = []
        for entry in values["tunes"]:
            kind, tokens = entry.pop("tokens")
            shingles = np.frombuffer(bytes.fromhex(entry.pop("shingles")), np.uint64)
            array = np.frombuffer(bytes.fromhex(tokens), np.dtype(kind))
            tunes.append(TuneTokens(**entry, tokens=array, shingles=shingles))
        return cls(
            sha256=values["sha256"],
            tunes=tuple(tunes),
            refused=tuple(Refusal(*entry) for entry in values["refused"]),
            seconds=values["seconds"],
        )


def refused_file(name: str, reason: str, detail: str = "", sha256: str = "") -> FileOutcome:
    """The outcome of a file that gave nothing."""
    return FileOutcome(sha256=sha256, refused=(Refusal(name, reason, detail),))
