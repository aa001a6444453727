"""Which files of a trial are its weights: they go where it is not the best, the rest stays."""

from __future__ import annotations

from pathlib import Path

PATTERNS = {
    "melody": ("**/*.pt",),
    "companion": ("**/*.pt", "*.json"),
    "gesture": ("**/*.pth",),
    "harmonizer": ("**/*.pt", "**/*.npz", "*.checkpoint", "*_model.json", "archive/*"),
}
KEPT = ("run.json", "split.json")


def remove_weights(folder: Path, task: str) -> int:
    """Remove the weights of a trial; recipe, facts, history and curves stay.

    Returns:
        Bytes that were freed.
    """
    freed = 0
    for pattern in PATTERNS[task]:
        for path in folder.glob(pattern):
            if path.is_file() and path.name not in KEPT:
                freed += path.stat().st_size
                path.unlink()
    return freed
