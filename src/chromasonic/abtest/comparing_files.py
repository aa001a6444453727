"""Comparisons written to a file, by its ending."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chromasonic import files
from chromasonic.abtest.comparing import Comparison
from chromasonic.abtest.comparing_text import lines_of
from chromasonic.errors import UsageError

ENDINGS = (".json", ".md", ".txt", ".png")


def check_output(output: Path) -> None:
    """Refuse an ending that nothing is written under, before the work begins.

    Raises:
        UsageError: the ending is another.
    """
    if output.suffix not in ENDINGS:
        raise UsageError(f"--output is '{output}'; its ending must be one of {', '.join(ENDINGS)}.")


def write_comparisons(compared: Sequence[Comparison], output: Path) -> None:
    """Write comparisons.

    Raises:
        StorageError: the file cannot be written.
    """
    if output.suffix == ".json":
        files.write_json(output, [one.to_dict() for one in compared])
    else:
        files.write_text(output, "\n".join(line for one in compared for line in lines_of(one)))
