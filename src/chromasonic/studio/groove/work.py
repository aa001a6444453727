"""What the desk does for the Groove page, in a child process."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chromasonic.studio.desk.report import Report
from chromasonic.studio.shelf import Shelf

if TYPE_CHECKING:
    from chromasonic.companion.groove_humanizing import HumanizeSettings
    from chromasonic.companion.models import LoadedCompanion
    from chromasonic.formats.audio import Sound

KIND, DRAFT = "groove", "groove-draft"
"""Kinds of pieces: what was kept, and what the next change takes the place of."""


def groove(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Strike a pattern and keep it with its sound: {"piece": id}; a draft replaces the last."""
    from chromasonic.companion.groove_pattern import Pattern, humanize_pattern
    from chromasonic.formats.audio import audio_bytes
    from chromasonic.formats.drum_loop import equally_loud

    wishes = params["pattern"]
    pattern = Pattern(
        hits=[tuple(hit) for hit in wishes["hits"]],
        bars=wishes["bars"],
        tempo_bpm=wishes["tempo"],
        swing=wishes["swing"],
        swung=wishes["swung"],
        metre=wishes["metre"],
    )
    report(0.1, "Waking the drummer")
    loaded = groove_model(params["model"])
    played = humanize_pattern(pattern, loaded.network, humanize_settings(params))
    report(0.4, "Playing it")
    straight, humanized = equally_loud(
        [
            _loop(_hits(onset, played.pitch, velocity), pattern.seconds)
            for onset, velocity in (
                (played.onset_seconds, played.velocity),
                (played.new_onset_seconds, played.new_velocity),
            )
        ]
    )
    title = params["title"]
    shelf = Shelf(Path(params["shelf"]))
    hits = {
        "step": played.step.tolist(),
        "pitch": played.pitch.tolist(),
        "velocity": played.velocity.tolist(),
        "played": played.new_velocity.tolist(),
        "shift": played.shift_ms.round(2).tolist(),
    }
    piece = shelf.keep(
        KIND if params["keep"] else DRAFT,
        title,
        {
            "wishes": {name: value for name, value in params.items() if name != "shelf"},
            "seconds": pattern.seconds,
            "made_up": loaded.is_synthetic,
        },
        {
            "hits.json": json.dumps(hits),
            "straight.mid": played.midi(is_humanized=False, title=title),
            "humanized.mid": played.midi(is_humanized=True, title=f"{title}, humanized"),
            "straight.wav": audio_bytes(straight, ".wav"),
            "humanized.wav": audio_bytes(humanized, ".wav"),
        },
    )
    replace_draft(shelf, params.get("replaces"))
    return {"piece": piece.id}


def _hits(*columns: Any) -> tuple[tuple[float, int, int], ...]:
    return tuple(zip(*(column.tolist() for column in columns), strict=True))


@lru_cache(maxsize=12)
def _loop(hits: tuple[tuple[float, int, int], ...], seconds: float) -> Sound:
    """A loop's sound, remembered: who turns at a slider hears the straight one unchanged."""
    import numpy as np

    from chromasonic.formats.drum_loop import render_drum_loop

    onset, pitch, velocity = (np.array(column) for column in zip(*hits, strict=True))
    return render_drum_loop(onset, pitch, velocity, seconds)


@lru_cache(maxsize=4)
def groove_model(name: str) -> LoadedCompanion:
    """A trained GroovePredictor, kept in memory."""
    from chromasonic.companion.models import load_companion
    from chromasonic.registry.reference import located

    return load_companion(located(Path(name)), "groove")


def humanize_settings(params: dict[str, Any]) -> HumanizeSettings:
    """How much, from a job's parameters."""
    from chromasonic.companion.groove_humanizing import HumanizeSettings

    return HumanizeSettings(
        velocity=params["velocity"],
        timing=params["timing"],
        looseness=params["looseness"],
        quantize=params.get("quantize", False),
        seed=params["seed"],
    )


def replace_draft(shelf: Shelf, last: str | None) -> None:
    """Take the draft away whose place was taken, and, once, those of pages that were left."""
    from chromasonic.errors import UsageError

    _sweep(shelf.folder)
    if not last:
        return
    try:
        if shelf.get(last).kind == DRAFT:
            shelf.remove(last, for_good=True)
    except UsageError:
        return  # it is gone already


@lru_cache(maxsize=1)
def _sweep(folder: Path) -> None:
    """Take drafts away that nobody has looked at for a day; the pages know their patterns."""
    shelf = Shelf(folder)
    oldest = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    for entry in shelf.listed(kinds=(DRAFT,), most=1000):
        if entry.made < oldest:
            shelf.remove(entry.id, for_good=True)
