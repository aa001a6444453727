"""What decides which tunes a prepared corpus holds, and how the work is cut."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from chromasonic.errors import ConfigError
from chromasonic.melody_generation.tokens import METRES
from chromasonic.music.melody_part import FEWEST_NOTES

PREPARING_VERSION = 1
"""Goes up whenever the same file and settings would give something else."""


@dataclass(frozen=True, kw_only=True)
class PrepareSettings:
    """Filters, limits on a single file, and sizes.

    Attributes:
        min_notes: sounding notes that a tune must have.
        max_notes: sounding notes that it may have.
        min_pitches: different pitches that it must have.
        metres: metres that it may be in, such as "4/4"; none allows all that have a token.
        on_grid: share of the onsets of a MIDI melody that must lie near a sixteenth or a triplet
            of its own quarters. Of notes played without a click half do, by chance: their bars
            mean nothing.
        max_file_bytes: larger files are refused unread.
        seconds_per_file: processor time that one file may take.
        memory_mb: memory that one file may take, beside what the reader itself needs.
        block_files: files of one piece of work; it does not change the result.
        shard_tunes: tunes of a shard at most.
    """

    min_notes: int = FEWEST_NOTES
    max_notes: int = 4000
    min_pitches: int = 4
    metres: tuple[str, ...] = ()
    on_grid: float = 0.75
    max_file_bytes: int = 2_000_000
    seconds_per_file: float = 10.0
    memory_mb: int = 1024
    block_files: int = 256
    shard_tunes: int = 8192

    def __post_init__(self) -> None:
        unknown = [name for name in self.metres if name not in METRES]
        for name, is_right, allowed in (
            ("min_notes", self.min_notes >= 1, "1 or more"),
            ("max_notes", self.max_notes >= self.min_notes, f"min_notes ({self.min_notes}) up"),
            ("min_pitches", 1 <= self.min_pitches <= 128, "from 1 to 128"),
            ("metres", not unknown, ", ".join(METRES)),
            ("on_grid", 0 <= self.on_grid <= 1, "from 0 (any) to 1"),
            ("max_file_bytes", self.max_file_bytes >= 1, "1 or more"),
            ("seconds_per_file", 0.1 <= self.seconds_per_file <= 3600, "from 0.1 to 3600"),
            ("memory_mb", self.memory_mb >= 64, "64 or more"),
            ("block_files", self.block_files >= 1, "1 or more"),
            ("shard_tunes", self.shard_tunes >= 1, "1 or more"),
        ):
            if not is_right:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; allowed: {allowed}.")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "metres": list(self.metres)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> PrepareSettings:
        """What `to_dict` gave."""
        return cls(**{**values, "metres": tuple(values["metres"])})
