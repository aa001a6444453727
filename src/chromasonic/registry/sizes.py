"""Sizes of files in words."""

from __future__ import annotations


def said(size_bytes: int) -> str:
    """A size in words: "325 bytes", "85.7 KB", "21.7 MB" (decimal)."""
    if size_bytes < 1_000:
        return f"{size_bytes} bytes"
    if size_bytes < 1_000_000:
        return f"{size_bytes / 1_000:.1f} KB"
    return f"{size_bytes / 1_000_000:.1f} MB"
