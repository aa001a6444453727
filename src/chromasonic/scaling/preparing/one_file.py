"""One file's bytes to token streams: parse, filter, tokenize. No disk, no state.

MIDI: the melody is the part that is named so or moves so (`music.melody_part`), its highest line,
on the file's own beats. ABC: every tune of the book. MusicXML: the first part's first voice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from chromasonic.data.near_duplicates import content_key, shingles_of
from chromasonic.errors import FormatError
from chromasonic.files import sha256_of_bytes
from chromasonic.formats.midi import tune_of_notes
from chromasonic.formats.midi_events import DRUM_CHANNEL, parse_midi
from chromasonic.formats.midi_performance import performance_of
from chromasonic.melody_generation.tokens import VOCABULARY, UnencodableTune, encode
from chromasonic.music.melody_part import melody_part, parts_of
from chromasonic.music.tune import Tune
from chromasonic.scaling.preparing.outcome import FileOutcome, Refusal, TuneTokens
from chromasonic.scaling.preparing.settings import PrepareSettings

TOKEN_TYPE = np.min_scalar_type(VOCABULARY.size)
"""One byte a token, as long as the vocabulary has no more than 256."""

Found = Iterator[Tune | Refusal]


def outcome_of(name: str, data: bytes, settings: PrepareSettings) -> FileOutcome:
    """What a file gives; whatever is wrong with it is a refusal, not an error."""
    tunes: list[TuneTokens] = []
    refused: list[Refusal] = []
    seconds = {"parse": 0.0, "filter": 0.0, "tokenize": 0.0}
    started = time.process_time()
    try:
        found = list(READERS[PurePosixPath(name).suffix.lower()](name, data, settings))
    except FormatError as error:
        found = [Refusal(name, "damaged or not what its name says", first_sentence(error, name))]
    seconds["parse"] = time.process_time() - started
    for item in found:
        if isinstance(item, Refusal):
            refused.append(item)
            continue
        started = time.process_time()
        refusal = _filtered(item, settings)
        between = time.process_time()
        seconds["filter"] += between - started
        passed = refusal or _tokenized(item)
        seconds["tokenize"] += time.process_time() - between
        (refused if isinstance(passed, Refusal) else tunes).append(passed)  # type: ignore[arg-type]
    return FileOutcome(
        sha256=sha256_of_bytes(data), tunes=tuple(tunes), refused=tuple(refused), seconds=seconds
    )


def first_sentence(error: object, name: str) -> str:
    """What an error says first, without the file's name."""
    text = str(error).partition(". ")[0].replace(PurePosixPath(name).name, "the file")
    return text.rstrip(".")


def _midi(name: str, data: bytes, settings: PrepareSettings) -> Found:
    events = parse_midi(data, PurePosixPath(name).name)
    if not events.notes:
        yield Refusal(name, "no notes")
        return
    if all(note.channel == DRUM_CHANNEL for note in events.notes):
        yield Refusal(name, "drums only")
        return
    performance = performance_of(events, source=name)
    answer = melody_part(parts_of(performance.notes, performance.track_names))
    if answer is None:
        yield Refusal(name, "no part can be a melody")
        return
    part = answer[0]
    notes = [n for n in events.notes if n.track == part.track and n.channel == part.channel]
    near = share_on_grid(np.array([note.onset for note in notes]), events.ticks_per_quarter)
    if near < settings.on_grid:
        yield Refusal(name, "off its own beats", f"{near:.0%} of its onsets lie on them")
        return
    tune = tune_of_notes(notes, events, title=part.name, path=Path(PurePosixPath(name).name))
    yield replace(tune, id=name)


def share_on_grid(onsets: np.ndarray, ticks_per_quarter: int) -> float:
    """Share of onsets within 1/24 quarter of a sixteenth or a triplet eighth.

    Args:
        onsets: (N,) in ticks.
        ticks_per_quarter: of the file.
    """
    places = (onsets / ticks_per_quarter)[:, None]
    distances = [np.abs(places * parts - np.rint(places * parts)) / parts for parts in (4, 3)]
    return float((np.minimum(*distances) <= 1 / 24).mean())


def _abc(name: str, data: bytes, _: PrepareSettings) -> Found:
    from chromasonic.formats.abc import read_abc

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    book = read_abc(text, source=name)
    place = name.removesuffix(".abc")  # as the tunes of a corpus that is loaded by name are called
    for tune in book.tunes:
        yield replace(tune, id=f"{place}/{tune.id.removeprefix(f'{name}:')}")
    for skipped in book.skipped:
        yield Refusal(f"{place}/{skipped.reference}", "damaged tune in a book", skipped.reason)


def _musicxml(name: str, data: bytes, _: PrepareSettings) -> Found:
    from chromasonic.formats.musicxml_document import unpacked
    from chromasonic.formats.musicxml_reader import parse_musicxml

    source = PurePosixPath(name).name
    yield replace(parse_musicxml(unpacked(data, source), source=source), id=name)


READERS: dict[str, Callable[[str, bytes, PrepareSettings], Found]] = {
    ".mid": _midi,
    ".midi": _midi,
    ".kar": _midi,
    ".abc": _abc,
    ".musicxml": _musicxml,
    ".xml": _musicxml,
    ".mxl": _musicxml,
}
"""Ending to what finds the tunes of a file."""


def _filtered(tune: Tune, settings: PrepareSettings) -> Refusal | None:
    pitches = [pitch for _, _, pitch in tune.sounding()]
    if not pitches:
        return Refusal(tune.id, "no notes")
    if len(pitches) < settings.min_notes:
        return Refusal(tune.id, f"fewer than {settings.min_notes} notes", f"it has {len(pitches)}")
    if len(pitches) > settings.max_notes:
        return Refusal(tune.id, f"more than {settings.max_notes} notes", f"it has {len(pitches)}")
    different = len(set(pitches))
    if different < settings.min_pitches:
        return Refusal(tune.id, f"fewer than {settings.min_pitches} pitches", f"it has {different}")
    others = {str(bar.metre) for bar in tune.bars} - set(settings.metres)
    if settings.metres and others:
        return Refusal(tune.id, "another metre", f"it has {', '.join(sorted(others))}")
    return None


def _tokenized(tune: Tune) -> TuneTokens | Refusal:
    try:
        tokens = encode(tune)
    except UnencodableTune as error:
        return Refusal(tune.id, f"does not fit the vocabulary: {error.reason}")
    return TuneTokens(
        id=tune.id,
        tokens=np.array(tokens, TOKEN_TYPE),
        notes=sum(1 for _ in tune.sounding()),
        metre=str(tune.metre),
        key=content_key(tune),
        shingles=shingles_of(tune),
    )
