"""What stands in the report for one tune: scores, sound, files, and which note sounds when."""

from __future__ import annotations

import base64
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from chromasonic.errors import RenderError
from chromasonic.formats.abc import write_abc
from chromasonic.formats.midi import quarters_per_minute, write_midi
from chromasonic.formats.musicxml import musicxml_text
from chromasonic.formats.notation import written_bar
from chromasonic.formats.score import ScoreLayout, engrave_all
from chromasonic.music.metre import TICKS_PER_QUARTER
from chromasonic.music.tune import ChordSymbol, Tune

WIDE = ScoreLayout(width_px=840, staff_scale=40, title=False)
NARROW = ScoreLayout(width_px=400, staff_scale=40, title=False)

Moment = tuple[float, float, int]
"""Start and end in seconds, and which note head of the score sounds."""


@dataclass(frozen=True, kw_only=True)
class TuneMedia:
    """A tune's pictures, sound and files.

    Attributes:
        wide, narrow: scores as SVG, for a screen and for a phone; "" where none could be made.
        mp3: the sound; empty where none could be made.
        midi, abc, musicxml: the files.
        moments: note heads in the order of sounding, repeats played out.
        problem: why something is missing.
    """

    wide: str
    narrow: str
    mp3: bytes
    midi: bytes
    abc: str
    musicxml: str
    moments: tuple[Moment, ...]
    problem: str = ""


def media_of(
    tunes: Sequence[Tune],
    *,
    sound: bool = True,
    on_tune: Callable[[int, int], None] | None = None,
) -> list[TuneMedia]:
    """Everything that the report shows of some tunes.

    A score or a sound that cannot be made is left out, with the reason in `problem`.

    Args:
        tunes: what to show.
        sound: whether to render sound.
        on_tune: told after each tune how many of how many are done.
    """
    wide, narrow = _scores(tunes, WIDE), _scores(tunes, NARROW)
    result = []
    for index, tune in enumerate(tunes):
        problems = [side[1] for side in (wide[index],) if side[1]]
        mp3, why = _mp3(tune) if sound else (b"", "")
        moments = sounding_heads(tune)
        heads = 1 + max((head for _, _, head in moments), default=-1)
        if wide[index][0] and len(re.findall(r'class="note"', wide[index][0])) < heads:
            moments = []  # other heads than we count: better no light than a wrong one
        result.append(
            TuneMedia(
                wide=_lean(wide[index][0]),
                narrow=_lean(narrow[index][0]),
                mp3=mp3,
                midi=_midi(tune),
                abc=write_abc(tune),
                musicxml=musicxml_text(tune),
                moments=tuple(moments),
                problem=" ".join([*problems, why]).strip(),
            )
        )
        if on_tune:
            on_tune(index + 1, len(tunes))
    return result


def _scores(tunes: Sequence[Tune], layout: ScoreLayout) -> list[tuple[str, str]]:
    """(SVG, problem) of each tune: all at once, or one by one where one of them fails."""
    try:
        return [(svg, "") for svg in engrave_all(tunes, layout)]
    except RenderError:
        results = []
        for tune in tunes:
            try:
                results.append((engrave_all([tune], layout)[0], ""))
            except RenderError as error:
                results.append(("", str(error)))
        return results


def _mp3(tune: Tune) -> tuple[bytes, str]:
    from chromasonic.formats.audio import audio_bytes, render

    try:
        return audio_bytes(render(tune), ".mp3"), ""
    except RenderError as error:
        return b"", str(error)


def _midi(tune: Tune) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return write_midi(tune, Path(folder) / "tune.mid").read_bytes()


def _lean(svg: str) -> str:
    """Without what a page does not need: the ids of single signs, the engraver's own title."""
    kept = set(re.findall(r'href="#([^"]+)"', svg)) | set(re.findall(r"#([\w-]+)[ {]", svg))

    def keep(match: re.Match[str]) -> str:
        return match.group(0) if match.group(1) in kept else ""

    svg = re.sub(r' id="([^"]+)"', keep, svg)
    return re.sub(r"<title>.*?</title>", "", svg, count=1)


def sounding_heads(tune: Tune) -> list[Moment]:
    """Which note head of the written score sounds when, in seconds, as the sound plays it."""
    heads = [[head for head in written_bar(bar) if head.pitch is not None] for bar in tune.bars]
    first = [0]
    for written in heads:
        first.append(first[-1] + len(written))
    numbered = tuple(
        replace(bar, chords=(ChordSymbol(0, str(index)),)) for index, bar in enumerate(tune.bars)
    )
    seconds = 60 / quarters_per_minute(tune) / TICKS_PER_QUARTER
    moments, now = [], 0
    for bar in replace(tune, bars=numbered).expanded().bars:
        index = int(bar.chords[0].text)
        for number, head in enumerate(heads[index]):
            start = (now + head.onset) * seconds
            moments.append((start, start + head.duration * seconds, first[index] + number))
        now += bar.duration
    return moments


def data_uri(data: bytes | str, kind: str) -> str:
    """A file's content as an address that needs no network."""
    raw = data.encode() if isinstance(data, str) else data
    return f"data:{kind};base64,{base64.b64encode(raw).decode()}"
