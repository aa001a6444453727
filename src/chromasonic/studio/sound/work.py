"""What the desk does for the sound of a piece, in a child process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chromasonic.studio.desk.report import Report
from chromasonic.studio.shelf import Shelf
from chromasonic.studio.sound.files import TIMELINE, sound_names


def sound(params: dict[str, Any], report: Report) -> dict[str, Any]:
    """Render a piece, unless that was done before.

    Args:
        params: "shelf", "piece", "form" (see `sound_names`), "program" (or None).
        report: hears how far it is.

    Returns:
        "files": names beside the piece; "voices": "name" and "pan" of each.
    """
    shelf, piece = Shelf(Path(params["shelf"])), params["piece"]
    timeline = json.loads(shelf.path(piece, TIMELINE).read_text(encoding="utf-8"))
    form, program = params["form"], params.get("program")
    names = sound_names(form, len(timeline["voices"]), program)
    if not set(names) <= set(shelf.get(piece).files):
        for name, content in rendered(timeline, form, program, report).items():
            shelf.add(piece, name, content)
    voices = [{"name": one["name"], "pan": one.get("pan", 0)} for one in timeline["voices"]]
    return {"files": names, "voices": voices}


def rendered(
    timeline: dict[str, Any], form: str, program: int | None, report: Report
) -> dict[str, bytes]:
    """The sound files of a timeline by name; see `sound`."""
    from chromasonic.formats.audio import audio_bytes
    from chromasonic.formats.timeline_sound import flac_bytes, mixed, render_voices

    report(0.1, "Playing")
    voices = render_voices(timeline, program=program)
    names = sound_names(form, len(voices), program)
    report(0.6, "Writing the sound")
    if form == "voices":
        return {name: flac_bytes(one) for name, one in zip(names, voices, strict=True)}
    return {names[0]: audio_bytes(mixed(voices, timeline), f".{form}")}
