"""The child process that engraves: `python -m chromasonic.formats.engraver`.

Verovio is C++ and has been seen to crash on odd input, which would take the whole program with it.
So it runs here: jobs come as one JSON list on standard input, and each result leaves as one line
of JSON as soon as it is there. Whoever waits knows from the number of lines which job crashed.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def main() -> None:
    """Engrave each job of standard input; errors of a job are its result."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what C++ prints goes to standard error, not among the results
    jobs = json.loads(sys.stdin.buffer.read())
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    glyphs = os.path.join(os.path.dirname(verovio.__file__), "data", "Leipzig")
    for job in jobs:
        out.write(json.dumps(engrave_one(toolkit, job, glyphs)) + "\n")
        out.flush()


def engrave_one(toolkit: Any, job: dict[str, Any], glyphs: str) -> dict[str, Any]:
    """Engrave one job: {"svg": text, "glyphs": {character: path}} or {"error": why}.

    Args:
        toolkit: a verovio toolkit.
        job: "musicxml" and "options" (verovio's names).
        glyphs: folder of the music font's outlines.
    """
    toolkit.resetOptions()
    toolkit.setOptions(job["options"])
    if not toolkit.loadData(job["musicxml"]):
        return {"error": "it does not read the notation"}
    if toolkit.getPageCount() != 1:
        return {"error": f"it makes {toolkit.getPageCount()} pages of it"}
    svg = toolkit.renderToSVG(1)
    return {"svg": svg, "glyphs": _glyphs_in_text(svg, glyphs)}


def _glyphs_in_text(svg: str, folder: str) -> dict[str, str]:
    """Music characters that stand in text (a metronome mark), with their outlines."""
    outlines = {}
    for character in {one for one in svg if "\ue000" <= one <= "\uf8ff"}:
        path = os.path.join(folder, f"{ord(character):04X}.xml")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                outlines[character] = file.read()
    return outlines


if __name__ == "__main__":
    main()
