"""Movements that the tests make: a hand of three nodes that circles, waves or rests."""

from __future__ import annotations

import numpy as np

from chromasonic.data.corpus import Corpus, Manifest
from chromasonic.data.split import Split
from chromasonic.music.movement import Movement, Skeleton

HAND = Skeleton(
    name="made-hand",
    nodes=("wrist", "thumb", "index"),
    edges=((0, 1), (0, 2)),
    channels=("x", "y", "z"),
    axes=(0, 1, 2),
)
LABELS = ("circle", "rest", "wave")
PERFORMERS = ("ann", "ben", "eva")


def made(label: str, number: int, *, performer: str = "ann", rate_hz: float = 20.0) -> Movement:
    """One movement of about a second; ben's hand is twice as large and elsewhere."""
    rng = np.random.default_rng([LABELS.index(label), number, PERFORMERS.index(performer)])
    count = int(rng.integers(12, 28))
    turn = np.linspace(0, 2 * np.pi, count)
    way = {
        "circle": np.stack([np.cos(turn), np.sin(turn), 0 * turn], 1),
        "wave": np.stack([np.sin(3 * turn), 0 * turn, 0 * turn], 1),
        "rest": np.zeros((count, 3)),
    }[label]
    offsets = np.array([[0, 0, 0], [0.5, 0.3, 0], [0, 0.8, 0.1]])
    size = 2.0 if performer == "ben" else 1.0
    frames = size * (way[:, None] + offsets) + rng.normal(0, 0.05, (count, 3, 3))
    frames += 5.0 if performer == "ben" else 0.0
    return Movement(
        id=f"{performer}/{label}/{number}",
        skeleton=HAND,
        frames=frames.astype(np.float32),
        rate_hz=rate_hz,
        label=label,
        performer=performer,
        session=performer,
    )


def made_corpus(each: int = 6) -> Corpus[Movement]:
    """`each` movements of every label by every performer."""
    pieces = tuple(
        made(label, number, performer=performer)
        for performer in PERFORMERS
        for label in LABELS
        for number in range(each)
    )
    manifest = Manifest(
        name="made-hands", title="Made hands", licence="none", licence_url="", citation="",
        url="", weights_may_ship=True, found_at="memory", found_by="generated",
        fingerprint="0" * 64, counts={"movements": len(pieces)},
    )  # fmt: skip
    return Corpus("made-hands", pieces, manifest, Split((), (), ()))
