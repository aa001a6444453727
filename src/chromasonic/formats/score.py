"""Engraved scores: a tune as an SVG picture, or as PNG.

The SVG is complete in itself: music signs are outlines, it names no font file and no address.
Verovio engraves it in a child process (`engraver`), which may crash or hang without harm.
"""

from __future__ import annotations

import importlib.util
import json
import re
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from chromasonic.errors import RenderError, UsageError
from chromasonic.files import PathLike, sha256_of_bytes, write_bytes, write_text
from chromasonic.formats.engraving import run_engraver
from chromasonic.formats.musicxml import musicxml_text
from chromasonic.formats.notation import bar_numbers
from chromasonic.formats.note_ids import with_note_ids
from chromasonic.music.tune import Tune

TEXT_FONT = '"Times New Roman", Times, "Liberation Serif", STIXGeneral, serif'
SVG_NAME = "http://www.w3.org/2000/svg"
SECONDS_TO_START, SECONDS_A_TUNE = 60.0, 20.0
_TEXT_SIGNS = {
    "\uea64": "♭", "\uea65": "♮", "\uea66": "♯", "\ued60": "♭", "\ued61": "♮", "\ued62": "♯"
}  # fmt: skip
"""Accidentals of the music font in chord symbols, to those of every text font."""

_ADVANCES = {"\ueca5": 302, "\uecb7": 130, "\ueca7": 500, "\ueca3": 302}
"""Widths of metronome note signs in the music font, in thousandths of its size."""

_METRONOME_SIZE = 0.75
"""Of a metronome mark's note beside one on the staff: words and note are then of one size."""

_METRONOME_LIFT = 110
"""How much higher the mark stands than the engraver puts it, where its note would touch the time
signature; a space of the staff has 180."""


@dataclass(frozen=True, kw_only=True)
class ScoreLayout:
    """How a score is laid out.

    Attributes:
        width_px: width of the page in CSS pixels, 200 to 5,000.
        staff_scale: size of the staff in percent; 40 gives a staff about 29 pixels high.
        title: whether the title stands above.
        chord_symbols: whether chord symbols are shown.
        timeout_s: longest time for one tune, beside a minute to start; above 0.
    """

    width_px: int = 840
    staff_scale: int = 40
    title: bool = True
    chord_symbols: bool = True
    timeout_s: float = SECONDS_A_TUNE

    def __post_init__(self) -> None:
        if not 200 <= self.width_px <= 5000:
            raise UsageError(f"width_px is {self.width_px}; a score is 200 to 5000 pixels wide.")
        if not 10 <= self.staff_scale <= 200:
            raise UsageError(f"staff_scale is {self.staff_scale}; allowed: 10 to 200 percent.")
        if not self.timeout_s > 0:
            raise UsageError(f"timeout_s is {self.timeout_s}; it must be above 0.")


def engrave(tune: Tune, *, width_px: int = 840, title: bool = True) -> str:
    """A tune as one SVG document, as many systems as it needs.

    Raises:
        RenderError: the engraver failed, crashed or took too long.
    """
    return engrave_all([tune], ScoreLayout(width_px=width_px, title=title))[0]


def engrave_all(tunes: Sequence[Tune], layout: ScoreLayout | None = None) -> list[str]:
    """Several tunes as SVG documents, through one child process.

    Raises:
        RenderError: as `engrave`; the message names the tune.
    """
    layout = layout or ScoreLayout()
    pages = [
        Page(
            title=tune.title or tune.id,
            musicxml=musicxml_text(tune if layout.chord_symbols else _without_chords(tune)),
        )
        for tune in tunes
    ]
    return engrave_pages(pages, layout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is engraved as one picture.

    Attributes:
        title: stands above, and names it in messages.
        musicxml: the notation.
        options: the engraver's options that differ from those of a tune, by its names for them.
        phrase_ends: numbers of the bars, from 0, after which a system rather ends, and systems are
            made about equally full; None leaves the breaks to the engraver.
    """

    title: str
    musicxml: str
    options: Mapping[str, object] = field(default_factory=dict)
    phrase_ends: tuple[int, ...] | None = None


def engrave_pages(pages: Sequence[Page], layout: ScoreLayout) -> list[str]:
    """Pages of notation as SVG documents, through one child process.

    Raises:
        RenderError: the engraver failed, crashed or took too long; the message names the page.
    """
    if not pages:
        return []
    jobs: list[dict[str, object]] = []
    for page in pages:
        options = {**_options(layout, page.musicxml), **page.options}
        jobs.append({"musicxml": page.musicxml, "options": options})
        if page.phrase_ends is not None:
            jobs[-1]["phrase_ends"] = page.phrase_ends
    results = _run_engraver(jobs, pages, layout.timeout_s)
    return [_finished(result, page, layout) for result, page in zip(results, pages, strict=True)]


def at_widths(page: Page, widths_px: Sequence[int], layout: ScoreLayout) -> list[Page]:
    """The page at the layout's width, then at each of some others."""
    return [
        page,
        *(
            replace(page, options={**page.options, "pageWidth": _page_width(width, layout)})
            for width in widths_px
        ),
    ]


def engrave_widths(tune: Tune, widths_px: Sequence[int], layout: ScoreLayout) -> list[str]:
    """A tune at the layout's width and at others, its note heads named as in `note_ids`.

    Raises:
        RenderError: as `engrave`.
    """
    text = with_note_ids(musicxml_text(tune), [[0]])
    page = Page(
        title=tune.title or tune.id,
        musicxml=text,
        options={"defaultTopMargin": 1.5},  # a metronome mark else touches the staff
        phrase_ends=_phrase_ends(tune),
    )
    return engrave_pages(at_widths(page, widths_px, layout), layout)


def _phrase_ends(tune: Tune) -> tuple[int, ...]:
    """Bars that a system rather ends with: every fourth of a section, and its last."""
    ends, of_section = [], 0
    for place, (bar, number) in enumerate(zip(tune.bars, bar_numbers(tune.bars), strict=True)):
        of_section += number > 0 and bar.is_full
        is_last = bool(bar.closes_repeat or bar.closes_section)
        if is_last or (of_section and of_section % 4 == 0 and bar.is_full):
            ends.append(place)
        if is_last:
            of_section = 0
    return tuple(ends)


def _page_width(width_px: int, layout: ScoreLayout) -> int:
    return width_px * 100 // layout.staff_scale


def _without_chords(tune: Tune) -> Tune:
    return replace(tune, bars=tuple(replace(bar, chords=()) for bar in tune.bars))


def _options(layout: ScoreLayout, text: str) -> dict[str, object]:
    """Verovio's options; the seed keeps ids apart where several scores stand on one page."""
    return {
        "pageWidth": _page_width(layout.width_px, layout),
        "pageHeight": 60_000,
        "adjustPageHeight": True,
        "scale": layout.staff_scale,
        "header": "none",
        "footer": "none",
        "breaks": "auto",
        "svgViewBox": True,
        "smuflTextFont": "none",
        "pageMarginLeft": 50,
        "pageMarginRight": 10,
        "pageMarginTop": 20,
        "pageMarginBottom": 60,
        "spacingSystem": 6,
        "minLastJustification": 0.6,
        "xmlIdSeed": int(sha256_of_bytes(f"{layout}{text}".encode())[:7], 16) + 1,
    }


def _run_engraver(jobs: list[dict], pages: Sequence[Page], timeout_s: float) -> list[dict]:
    """The child's results; raises for the first job that has none."""
    try:
        output, how = run_engraver(jobs, SECONDS_TO_START + timeout_s * len(jobs))
    except OSError as error:
        raise RenderError(f"Cannot start the engraver: {error}.") from error
    results = [json.loads(line) for line in output.split(b"\n") if line.endswith(b"}")]
    if len(results) < len(jobs):
        culprit = pages[len(results)]
        raise RenderError(
            f"No score of '{culprit.title}': the engraver stopped at it, {how}. "
            "Write it as MusicXML and open it in a notation program instead."
        )
    return results


def _finished(result: dict, page: Page, layout: ScoreLayout) -> str:
    """The engraver's SVG with title, fonts and outlined metronome signs."""
    if "error" in result:
        raise RenderError(
            f"No score of '{page.title}': {result['error']}. "
            "Write it as MusicXML and open it in a notation program instead."
        )
    ET.register_namespace("", SVG_NAME)
    root = ET.fromstring(result["svg"].replace("xlink:href", "href"))
    _outline_metronome(root, result["glyphs"])
    _plain_accidentals(root)
    for element in root.iter():
        if element.get("font-family") == "Times, serif":
            element.set("font-family", TEXT_FONT)
    description = root.find(f"{{{SVG_NAME}}}desc")
    title = page.title
    if description is not None:
        description.tag, description.text = f"{{{SVG_NAME}}}title", f"Score of {_printable(title)}"
    root.set("role", "img")
    if layout.title:
        _add_title(root, _printable(title))
    return _minified(ET.tostring(root, encoding="unicode"))


def _minified(svg: str) -> str:
    """Without indentation between tags; ids stay, as drawings refer to them."""
    return re.sub(r">\s*\n\s*<", "><", svg) + "\n"


def _printable(text: str) -> str:
    return re.sub("[\x00-\x1f\ud800-\udfff\ufffe\uffff]", "", text)


def _add_title(root: ET.Element, title: str) -> None:
    """The title above the music, centred, on as many lines as it needs (three at most)."""
    left, top, width, height = (float(part) for part in root.get("viewBox", "0 0 1 1").split())
    size = 21.0
    lines = textwrap.wrap(
        title, width=max(8, int(width / size * 1.9)), max_lines=3, placeholder="…"
    )
    room = len(lines) * size * 1.3 + 10
    for number, line in enumerate(lines):
        text = ET.SubElement(root, f"{{{SVG_NAME}}}text")
        text.set("x", f"{left + width / 2:g}")
        text.set("y", f"{top - room + size * (1.05 + 1.3 * number):g}")
        text.set("text-anchor", "middle")
        text.set("font-size", f"{size:g}px")
        text.set("font-family", TEXT_FONT)
        text.set("fill", "currentColor")
        text.text = line
    root.set("viewBox", f"{left:g} {top - room:g} {width:g} {height + room:g}")


def _outline_metronome(root: ET.Element, glyphs: dict[str, str]) -> None:
    """Draw the note of a metronome mark, which stands as text in a font that nobody has."""
    for group in root.iter(f"{{{SVG_NAME}}}g"):
        text = group.find(f"{{{SVG_NAME}}}text")
        if "tempo" not in group.get("class", "").split() or text is None:
            continue
        x, y = float(text.get("x", 0)), float(text.get("y", 0)) - _METRONOME_LIFT
        text.set("y", f"{y:g}")
        for span in list(text.iter(f"{{{SVG_NAME}}}tspan")):
            if span.get("font-family") != "Leipzig" or not span.text:
                continue
            size_px = float(span.get("font-size", "720px").removesuffix("px")) * _METRONOME_SIZE
            scale = size_px / 1000
            for character in span.text:
                if character in glyphs:
                    outline = ET.fromstring(glyphs[character])
                    drawing = ET.SubElement(group, f"{{{SVG_NAME}}}g")
                    drawing.set("transform", f"translate({x:g},{y:g}) scale({scale:g})")
                    for path in outline.iter("path"):
                        ET.SubElement(drawing, f"{{{SVG_NAME}}}path", path.attrib)
                x += _ADVANCES.get(character, 400 if character in glyphs else 60) * scale
            span.text = ""
        text.set("x", f"{x:g}")


def _plain_accidentals(root: ET.Element) -> None:
    """Chord symbols' accidentals as ordinary text of the size around them."""
    for harmony in root.iter(f"{{{SVG_NAME}}}g"):
        if "harm" not in harmony.get("class", "").split():
            continue
        spans = list(harmony.iter(f"{{{SVG_NAME}}}tspan"))
        sizes = [span.get("font-size") for span in spans if not span.get("font-family")]
        for span in spans:
            if span.get("font-family") != "Leipzig":
                continue
            span.text = "".join(_TEXT_SIGNS.get(sign, sign) for sign in span.text or "")
            span.attrib.pop("font-family")
            span.set("font-size", next(filter(None, sizes), "405px"))


def score_png(svg: str, *, width_px: int = 1680) -> bytes:
    """A score's SVG as PNG bytes, black on white, with a text font that is always there.

    Raises:
        RenderError: the SVG cannot be drawn.
    """
    import resvg_py

    fonts = _font_folder()
    names = ("STIXGeneral.ttf", "STIXGeneralBol.ttf", "STIXGeneralItalic.ttf", "DejaVuSerif.ttf")
    try:
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=svg,
                width=width_px,
                background="#ffffff",
                skip_system_fonts=True,
                font_files=[str(fonts / name) for name in names],
                font_family="STIXGeneral",
                serif_family="STIXGeneral",
            )
        )
    except ValueError as error:
        raise RenderError(f"The score cannot be drawn as PNG: {error}.") from error


def _font_folder() -> Path:
    """Where matplotlib keeps its fonts, without importing it (that takes half a second)."""
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or not spec.submodule_search_locations:
        raise RenderError("There are no fonts to draw with: install matplotlib, or write .svg.")
    return Path(spec.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"


def write_score(tune: Tune, path: PathLike, *, layout: ScoreLayout | None = None) -> Path:
    """Write an engraved score as .svg or .png, by the file's ending.

    Raises:
        UsageError: another ending.
        RenderError: see `engrave`.
        StorageError: the file cannot be written.
    """
    layout = layout or ScoreLayout()
    path = Path(path)
    check_picture_ending(path)
    return write_picture(engrave_all([tune], layout)[0], path, layout)


def check_picture_ending(path: Path) -> None:
    """Refuse another ending than .svg and .png.

    Raises:
        UsageError: it is another one.
    """
    if path.suffix.lower() not in (".svg", ".png"):
        raise UsageError(f"A score is written as .svg or .png, not '{path.suffix}' ({path}).")


def write_picture(svg: str, path: Path, layout: ScoreLayout) -> Path:
    """Write a score's SVG as it is, or as PNG of twice its width, by the file's ending.

    Raises:
        RenderError: it cannot be drawn.
        StorageError: the file cannot be written.
    """
    if path.suffix.lower() == ".svg":
        return write_text(path, '<?xml version="1.0" encoding="UTF-8"?>\n' + svg)
    return write_bytes(path, score_png(svg, width_px=2 * layout.width_px))
