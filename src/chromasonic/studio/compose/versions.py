"""What was composed: tunes, and the versions that became of each, bar by bar."""

from __future__ import annotations

from typing import Any

from chromasonic.studio.shelf import Piece, Shelf

KIND = "tune"
MOST = 400
"""Tunes that are looked through, the newest."""

MOST_SHOWN = 60


def tunes_on(shelf: Shelf) -> list[dict[str, Any]]:
    """The tunes of a shelf, the newest first; of the versions of one tune the newest alone."""
    shown: dict[str, dict[str, Any]] = {}
    for piece in shelf.all(KIND, most=MOST):
        root = piece.data.get("root", piece.id)
        if root in shown:
            shown[root]["versions"] += 1
        else:
            shown[root] = {**_told(piece), "versions": 1}
    return list(shown.values())[:MOST_SHOWN]


def family_of(shelf: Shelf, piece_id: str) -> dict[str, list[dict[str, Any]]]:
    """The versions of the tune that a piece is of, and the tunes that were written with it.

    Returns:
        {"versions": the oldest first, "variations": in the order they were written}.

    Raises:
        UsageError: there is no such piece.
    """
    wanted = shelf.get(piece_id)
    root, batch = wanted.data.get("root", wanted.id), wanted.data.get("batch")
    pieces = shelf.all(KIND, most=MOST)
    versions = [piece for piece in pieces if piece.data.get("root", piece.id) == root]
    together = [
        piece for piece in pieces if batch and piece.data.get("batch") == batch and _is_first(piece)
    ]
    together.sort(key=lambda piece: piece.data.get("place", 0))
    return {
        "versions": [_told(piece) for piece in reversed(versions)],
        "variations": [_told(piece) for piece in together],
    }


def _is_first(piece: Piece) -> bool:
    return not piece.data.get("parent")


def _told(piece: Piece) -> dict[str, Any]:
    data = piece.data
    return {
        "id": piece.id,
        "title": piece.title,
        "made": piece.made,
        "key": data.get("key"),
        "metre": data.get("metre"),
        "bars": data.get("full_bars"),
        "parent": data.get("parent"),
        "bar": data.get("bar"),
        "colours": [one["hex"] for one in data.get("wishes", {}).get("colours", [])],
    }
