"""Recordings on the Gesture page: read in a process of narrow limits, and kept as plain numbers."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromasonic.errors import ChromasonicError, FormatError
from chromasonic.studio.desk.report import Report
from chromasonic.studio.shelf import Shelf

if TYPE_CHECKING:
    from chromasonic.music.movement import Movement

RECORDING = "recording"
"""Kind of the pieces that hold a recording."""

MOST_NUMBERS = 24_000_000
EXAMPLE = (
    "swipe-down", "swipe-left", "pinch", "swipe-right", "tap", "swipe-up",
    "circle-right", "wave", "swipe-down", "fist",
)  # fmt: skip
EXAMPLE_SEED, EXAMPLE_PERFORMER = 1234, "performer 10"
"""A made performer from whom the shipped model has not learned (the test part)."""


def read(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Read an upload and keep it: {"piece": id}."""
    from chromasonic.formats.movements import read_movement

    path, name = Path(params["path"]), params["name"]
    report(0.1, "Reading the recording")
    try:
        movement = read_movement(path, rate_hz=params["rate"])
    except ChromasonicError as error:
        words = str(error).replace(str(path), name).replace(path.name, name)
        words = words.replace("give the rate (rate_hz=, --rate)", "give the rate beside the file")
        raise FormatError(words) from error
    if movement.frames.size > MOST_NUMBERS:
        raise FormatError(
            f"{name} has {movement.frames.size:,} numbers; the studio takes {MOST_NUMBERS:,}. "
            "Cut it, or use 'chromasonic gesture recognize', which takes more."
        )
    title = Path(name).stem or name
    report(0.6, "Making it ready to be seen")
    return {"piece": _keep(replace(movement, id=title), title, params["shelf"])}


def example(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Make a hand that makes gestures, and keep it: {"piece": id}."""
    from chromasonic.data.synthetic_gestures import made_gestures
    from chromasonic.gesture.spotting_sequences import sequence_of

    report(0.2, "Making a hand")
    takes = [one for one in made_gestures(480, EXAMPLE_SEED) if one.performer == EXAMPLE_PERFORMER]
    chosen = []
    for label in EXAMPLE:
        take = next(one for one in takes if one.label == label)
        takes.remove(take)
        chosen.append(take)
    movement, _ = sequence_of(chosen, id="A made hand")
    movement = replace(movement, performer="", session="")
    return {"piece": _keep(movement, "A made hand", params["shelf"])}


def _keep(movement: Movement, title: str, shelf: str) -> str:
    from chromasonic.formats.landmarks_npz import write_npz
    from chromasonic.studio.gesture.film import film_of

    told, numbers = film_of(movement)
    with tempfile.TemporaryDirectory() as folder:
        data = write_npz(movement, Path(folder) / "movement.npz").read_bytes()
    piece = Shelf(Path(shelf)).keep(
        RECORDING,
        title,
        {"recorded": {name: told[name] for name in ("seconds", "recorded", "rate", "unseen")}},
        {"movement.npz": data, "film.json": json.dumps(told), "film.bin": numbers},
    )
    return piece.id
