"""The child process that engraves: `python -m chromasonic.formats.engraver`.

Verovio is C++ and has been seen to crash on odd input, which would take the whole program with it.
So it runs here: jobs come as one JSON list on standard input, and each result leaves as one line
of JSON as soon as it is there. Whoever waits knows from the number of lines which job crashed.
"""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any

STAY = "--stay"
CLEF_WIDTH, SIGN_WIDTH = 900, 180
"""About how wide a clef, and a sharp or flat of the key, are at the beginning of a system."""

MOST_EVEN_MEASURES = 400
"""Measures of all parts together; an engraving without breaks takes time by their square."""


def main() -> None:
    """Engrave each job of standard input; errors of a job are its result.

    With the argument `--stay` each line of the input is a list of jobs, until the input ends.
    """
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what C++ prints goes to standard error, not among the results
    stays = sys.argv[1:] == [STAY]
    lists = sys.stdin.buffer if stays else [sys.stdin.buffer.read()]
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    glyphs = os.path.join(os.path.dirname(verovio.__file__), "data", "Leipzig")
    for jobs in lists:
        for job in json.loads(jobs):
            out.write(json.dumps(engrave_one(toolkit, job, glyphs)) + "\n")
            out.flush()


def engrave_one(toolkit: Any, job: dict[str, Any], glyphs: str) -> dict[str, Any]:
    """Engrave one job: {"svg": text, "glyphs": {character: path}} or {"error": why}.

    Args:
        toolkit: a verovio toolkit.
        job: "musicxml" and "options" (verovio's names); with "phrase_ends" (numbers of bars) the
            systems are broken by `system_breaks`; else, or if it is long, by verovio.
        glyphs: folder of the music font's outlines.
    """
    toolkit.resetOptions()
    text, options = job["musicxml"], job["options"]
    if "phrase_ends" in job and text.count("<measure ") <= MOST_EVEN_MEASURES:
        text, options = _broken(toolkit, text, options, job["phrase_ends"])
        toolkit.resetOptions()
    toolkit.setOptions(options)
    if not toolkit.loadData(text):
        return {"error": "it does not read the notation"}
    if toolkit.getPageCount() != 1:
        return {"error": f"it makes {toolkit.getPageCount()} pages of it"}
    svg = toolkit.renderToSVG(1)
    return {"svg": svg, "glyphs": _glyphs_in_text(svg, glyphs)}


def _broken(
    toolkit: Any, text: str, options: dict[str, Any], phrase_ends: list[int]
) -> tuple[str, dict[str, Any]]:
    """The notation with breaks in it, and the options that keep them."""
    from chromasonic.formats.system_breaks import bar_widths, system_breaks, with_breaks

    toolkit.setOptions({**options, "breaks": "none", "adjustPageWidth": True})
    if not toolkit.loadData(text):
        return text, options
    margins = options.get("pageMarginLeft", 0) + options.get("pageMarginRight", 0)
    signs = abs(int(match[1])) if (match := re.search(r"<fifths>(-?\d+)<", text)) else 0
    breaks = system_breaks(
        bar_widths(toolkit.renderToSVG(1)),
        line=10.0 * (options["pageWidth"] - margins),
        prefix=CLEF_WIDTH + SIGN_WIDTH * signs,
        phrase_ends=phrase_ends,
    )
    return with_breaks(text, breaks), {**options, "breaks": "encoded"}


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
