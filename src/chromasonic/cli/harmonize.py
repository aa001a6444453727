"""`chromasonic harmonize`: four parts below a tune, or one voice, as score, sound and numerals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chromasonic.cli.numbered import numbered
from chromasonic.errors import UsageError
from chromasonic.files import json_text

STATE_THEIR_MODE = (".abc",)
"""Endings of files whose key always has a mode; others have a signature, and major by default."""

LONG_BARS = 400
"""From so many bars on a setting takes long enough to say so."""

if TYPE_CHECKING:
    from chromasonic.harmonization.exact import Harmonization
    from chromasonic.music.tune import Tune


def harmonize(
    tune: Annotated[
        str,
        typer.Argument(
            metavar="TUNE",
            help="A file (.abc .mid .musicxml .mxl .krn), or notes: 'C4 D4 E4 F4 G4:2'.",
            show_default=False,
        ),
    ],
    agent: Annotated[
        str, typer.Option(help="exact, simple (two voices), advanced or hybrid.")
    ] = "hybrid",
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write: .musicxml .mid .wav .mp3 .svg .png .abc by its ending; repeat it "
            "for more formats. Alternatives become name-1.mid, name-2.mid, ...",
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(help="In force throughout, such as 'D dorian'; left out: found."),
    ] = None,
    metre: Annotated[
        str | None, typer.Option(help="Of typed notes, such as 3/4; left out: 4/4.")
    ] = None,
    part: Annotated[
        str | None, typer.Option(help="Name or number of the part, where a file has several.")
    ] = None,
    transpose: Annotated[
        str | None,
        typer.Option(help="Semitones to move the tune by, or 'auto': into the soprano's range."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="List every broken rule: where, who, what it cost.")
    ] = False,
    alternatives: Annotated[
        int, typer.Option(help="How many different settings (exact and hybrid).")
    ] = 1,
    seed: Annotated[int, typer.Option(help="Of chance, where the agent uses any.")] = 0,
    models: Annotated[
        Path | None,
        typer.Option(
            help="A models directory of 'chromasonic train harmonizer', or NAME@VERSION, for its "
            "agents."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Set a tune for four voices, with Roman numerals.

    The tune is sung by the soprano as it is written. Phrases end under fermatas, else before
    rests, else where they seem to.

    Examples:

    \b
      chromasonic harmonize tune.abc --output score.svg --output score.mid
      chromasonic harmonize "C4 D4 E4 F4 G4:2 E4 C4" --agent exact
      chromasonic harmonize hymn.musicxml --part Soprano --key "E minor" --explain
      chromasonic harmonize tune.mid --transpose auto --alternatives 3 -o setting.musicxml
    """
    outputs = output or []
    _check_outputs(outputs, tune)
    from chromasonic.harmonization.harmonizing import harmonize as harmonized

    prepared, moved = _read(tune, key=key, metre=metre, part=part, transpose=transpose)
    fixed = prepared.key if key is not None else None
    if len(prepared.bars) > LONG_BARS and agent != "simple":
        typer.echo(f"{len(prepared.bars):,} bars: this may take a minute or more.", err=True)
    found = harmonized(
        prepared,
        agent=agent,
        key=fixed,
        alternatives=alternatives,
        seed=seed,
        models=models,
    )
    if len(found) < alternatives:
        what = "setting was found" if len(found) == 1 else "settings that differ enough were found"
        typer.echo(f"{len(found)} {what}; {alternatives} were asked for.", err=True)
    files = [_written(one, prepared, outputs, n, len(found)) for n, one in enumerate(found, 1)]
    if as_json:
        typer.echo(json_text(_document(found, prepared, moved, seed, files)))
        return
    for number, one in enumerate(found, start=1):
        if files[number - 1] and not explain:
            for path in files[number - 1]:
                typer.echo(str(path))
            continue
        if len(found) > 1:
            typer.echo(f"Alternative {number} of {len(found)}{_how_different(found, number)}")
        typer.echo(_text(one, prepared, moved, explain=explain))
        for path in files[number - 1]:
            typer.echo(str(path))
        if number < len(found):
            typer.echo("")


def _how_different(found: list[Harmonization], number: int) -> str:
    """What sets an alternative apart from those before it."""
    from chromasonic.harmonization.alternatives import difference
    from chromasonic.harmonization.two_voices import has_two_voices

    one, earlier = found[number - 1], found[: number - 1]
    if not earlier or has_two_voices(one):
        return ""
    told = difference(one, earlier)
    return f": new chords on {told.new_chords} of {told.beats} beats"


def _check_outputs(outputs: list[Path], tune: str) -> None:
    """Refuse what cannot be written before any work is done."""
    if not outputs:
        return
    from chromasonic.formats.part_scores import check_part_score_ending

    for path in outputs:
        check_part_score_ending(path)
        if "\n" not in tune and len(tune) < 4096 and path.resolve() == Path(tune).resolve():
            raise UsageError(
                f"--output {path} is the file that is read; it would be lost. Give another name."
            )


def _read(
    text: str, *, key: str | None, metre: str | None, part: str | None, transpose: str | None
) -> tuple[Tune, int]:
    """The tune as it is harmonized, and by how many semitones it was moved."""
    from chromasonic.formats.melodies import is_path, load_melody
    from chromasonic.harmonization.harmonizing import fitted, in_key
    from chromasonic.harmonization.key_plan import found_key, relative_key
    from chromasonic.music.key_text import parse_key
    from chromasonic.music.metre import Metre

    given_key = None if key is None else parse_key(key)
    try:
        given_metre = None if metre is None else Metre.parse(metre)
    except ValueError as error:
        raise UsageError(f"--metre {metre}: {error}") from error
    tune = load_melody(text, part=part, metre=given_metre, key=given_key)
    if given_key is not None:
        tune = in_key(tune, given_key)
    elif not is_path(text):
        tune = in_key(tune, found_key(tune))
    elif Path(text).suffix.lower() not in STATE_THEIR_MODE and tune.key != relative_key(tune):
        tune = in_key(tune, relative_key(tune))
    if given_metre is not None and any(bar.metre != given_metre for bar in tune.bars):
        raise UsageError(
            f"--metre {given_metre} is for typed notes; {text} has its own ({tune.metre}). "
            "Leave --metre out."
        )
    if transpose is None:
        return tune, 0
    if transpose.strip().lower() == "auto":
        return fitted(tune)
    try:
        move = int(transpose)
    except ValueError as error:
        raise UsageError(
            f"--transpose {transpose} is neither a whole number of semitones nor 'auto'."
        ) from error
    if not -48 <= move <= 48:
        raise UsageError(f"--transpose {move} is out of range: from -48 to 48 semitones.")
    return tune.transposed(move), move


def _written(
    found: Harmonization, tune: Tune, outputs: list[Path], number: int, count: int
) -> list[Path]:
    """The files of one harmonization."""
    if not outputs:
        return []
    from chromasonic.formats.part_scores import save_part_score
    from chromasonic.harmonization.realizing import part_score

    score = part_score(found, tune)
    return [save_part_score(score, numbered(path, number, count)) for path in outputs]


def _text(found: Harmonization, tune: Tune, moved: int, *, explain: bool) -> str:
    """Heading, table and, if asked for, what the reward is made of."""
    from chromasonic.harmonization.explaining import remarks
    from chromasonic.harmonization.tabulating import remark_lines, table

    beats = len(found.melody)
    shift = f", moved by {moved:+d} semitones" if moved else ""
    head = [
        tune.title or "Untitled",
        f"{tune.key}, {tune.metre or 'free metre'}, {_bars(tune)}{shift}; agent "
        f"{found.agent}, reward {found.reward:.2f} ({found.reward / beats:.3f} a beat)",
        "",
        table(found, tune),
    ]
    if explain:
        head += ["", *remark_lines(remarks(found, tune))]
    return "\n".join(head)


def _bars(tune: Tune) -> str:
    count = _count_of_bars(tune)
    return "1 bar" if count == 1 else f"{count} bars"


def _count_of_bars(tune: Tune) -> int:
    """How many bars are numbered: no upbeat, and one that a repeat splits once."""
    from chromasonic.formats.notation import bar_numbers

    return bar_numbers(tune.bars)[-1]


def _document(
    found: list[Harmonization], tune: Tune, moved: int, seed: int, files: list[list[Path]]
) -> dict[str, Any]:
    """What --json prints."""
    return {
        "title": tune.title,
        "key": str(tune.key),
        "metre": None if tune.metre is None else str(tune.metre),
        "bars": _count_of_bars(tune),
        "transposed_semitones": moved,
        "seed": seed,
        "harmonizations": [
            {**_facts(one, tune), "files": paths} for one, paths in zip(found, files, strict=True)
        ],
    }


def _facts(found: Harmonization, tune: Tune) -> dict[str, Any]:
    """One harmonization in a JSON document."""
    from dataclasses import asdict

    from chromasonic.harmonization.chords import VOCABULARY
    from chromasonic.harmonization.explaining import beat_numbers, pitch_names, remarks
    from chromasonic.harmonization.realizing import written_keys
    from chromasonic.harmonization.spelling import spelled_key
    from chromasonic.music.metre import TICKS_PER_QUARTER

    melody, voicings, beats = found.melody, found.voicings, found.melody.beats
    names, places = pitch_names(found, tune), beat_numbers(found, tune)
    homes = written_keys(found, tune)
    rows = [
        {
            "bar": int(melody.bar[row]),
            "beat": places[row],
            "onset_quarters": int(melody.onset[row]) / TICKS_PER_QUARTER,
            "duration_quarters": int(melody.duration[row]) / TICKS_PER_QUARTER,
            "key": str(spelled_key(int(beats.tonic[row]), int(beats.mode[row]), homes[row])),
            "numeral": VOCABULARY[int(voicings.chord[row])].figured(int(voicings.member[row, -1]))
            if voicings.chord[row] >= 0
            else None,
            "pitches": voicings.pitches[row].tolist(),
            "names": list(names[row]),
            "ends_phrase": bool(beats.ends_phrase[row]),
        }
        for row in range(len(melody))
    ]
    return {
        "agent": found.agent,
        "reward": found.reward,
        "reward_a_beat": found.reward / len(melody),
        "voicings": rows,
        "remarks": [asdict(remark) for remark in remarks(found, tune)],
    }
