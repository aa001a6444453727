"""All votes of an experiment as a table: for anybody's own analysis, without personal data.

A listener is a pseudonym of this experiment alone; addresses are not in it, not even hashed.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from chromasonic.abtest import guards
from chromasonic.abtest.design import Design
from chromasonic.abtest.experiments import Experiment
from chromasonic.errors import UsageError
from chromasonic.files import PathLike, write_json, write_text

ENDINGS = (".csv", ".json")


def export_votes(experiment: Experiment, path: PathLike) -> Path:
    """Write the log, whole.

    Args:
        experiment: open or closed.
        path: .csv (a line a vote), or .json (with the design and the reading).

    Raises:
        UsageError: another ending.
        RegistryError: the log was changed outside of Chromasonic, or cannot be read.
        StorageError: the file cannot be written.
    """
    path = check_ending(path)
    rows = vote_rows(experiment)
    if path.suffix == ".json":
        return write_json(path, export_document(experiment))
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return write_text(path, text.getvalue())


COLUMNS = (
    "number", "listener", "trial", "item", "first", "second", "choice", "preferred", "confidence",
    "heard_first_ms", "heard_second_ms", "clip_first_ms", "clip_second_ms", "repeats", "is_anchor",
    "cast_at", "waited_ms", "chain", "set_apart_by",
)  # fmt: skip
"""Of the table, in order."""


def check_ending(path: PathLike) -> Path:
    """The path, its ending one that votes can be written in."""
    path = Path(path)
    if path.suffix not in ENDINGS:
        raise UsageError(f"{path} ends in '{path.suffix}'; allowed: {' and '.join(ENDINGS)}.")
    return path


def vote_rows(experiment: Experiment) -> list[dict[str, Any]]:
    """A row a vote, with the rules that set it apart ("" where none does)."""
    votes = experiment.votes()
    apart: dict[int, list[str]] = {}
    for flag in guards.flags(votes, experiment.design.guards):
        for number in flag.votes:
            apart.setdefault(number, []).append(flag.rule)
    return [
        {**vote.to_dict(), "set_apart_by": " ".join(apart.get(vote.number, []))} for vote in votes
    ]


CLIPS = {
    ".mp3": "MP3", ".wav": "WAV, lossless", ".flac": "FLAC, lossless", ".ogg": "OGG",
    ".mid": "MIDI", ".midi": "MIDI", "": "played by the page",
}  # fmt: skip
"""Ending of a clip's file to what listeners heard."""


def clips_in_words(design: Design) -> str:
    """What listeners heard files of, such as "MP3" or "WAV, lossless"."""
    endings = {Path(clip.source).suffix for item in design.items for clip in item.clips.values()}
    return " and ".join(sorted({CLIPS.get(ending.lower(), ending) for ending in endings}))


def export_document(experiment: Experiment) -> dict[str, Any]:
    """Everything in one document; `head` is what a later log must still lead to."""
    experiment.verify()
    design = experiment.design.to_dict()
    del design["salt"]  # who has it can tell which listener a known id was
    return {
        "experiment": experiment.name,
        "status": experiment.status,
        "created_at": experiment.created_at,
        "closed_at": experiment.closed_at,
        "closed_because": experiment.closed_because,
        "clips": clips_in_words(experiment.design),
        "design": design,
        "design_sha256": experiment.design_sha256,
        "head": experiment.head,
        "reading": experiment.reading().to_dict(),
        "votes": vote_rows(experiment),
    }
