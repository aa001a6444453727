"""Names of files where one command writes several."""

from __future__ import annotations

from pathlib import Path


def numbered(path: Path, number: int, count: int) -> Path:
    """tune.mid for a single one, else tune-1.mid, tune-2.mid, ..."""
    return path if count == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
