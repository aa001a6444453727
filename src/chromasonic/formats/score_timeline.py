"""When each note of a written score sounds: seconds as the MIDI file and the sound have them.

A cursor follows it through repeats, which stand once on the page and sound twice.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chromasonic.formats.audio import FLUTE
from chromasonic.formats.midi import VELOCITIES, quarters_per_minute, stresses
from chromasonic.formats.musicxml_measures import written_heads
from chromasonic.formats.notation import Written, bar_numbers, spelling
from chromasonic.formats.note_ids import note_id
from chromasonic.formats.part_score_midi import (
    CHOIR,
    FERMATA_SLOWING,
    fermata_spans,
    singing_bpm,
)
from chromasonic.formats.part_score_sound import WIDTH
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER
from chromasonic.music.part_score import PartScore
from chromasonic.music.repeats import played_order
from chromasonic.music.tune import Tune


def tune_timeline(tune: Tune, *, program: int = FLUTE) -> dict[str, Any]:
    """The timeline of a tune; see `score_timeline`."""
    clock = _Clock.of(quarters_per_minute(tune), [])
    voices = [{"name": tune.title or "Melody", "program": program, "pan": 0.0}]
    return _timeline([tune], clock, voices)


def score_timeline(score: PartScore, *, program: int = CHOIR) -> dict[str, Any]:
    """What sounds when in a score of several parts.

    Args:
        score: as written; its repeats are played.
        program: General MIDI instrument of every part.

    Returns:
        "duration" (s), "tempo" (quarters a minute), "voices" ("name", "program", "pan" -1 to 1);
        "notes" in time: "id" and "tied" (names of the note heads, see `note_ids`), "start" and
        "end" (s), "quarter" and "quarters" (onset and length, played, in quarter notes), "pitch",
        "name" (as spelled, "F♯4"), "velocity", "voice" (from 0), "bar" (place on the
        page, from 1); "bars" as played: "number" (place on the page), "label" (the number
        printed), "start", "end".
    """
    spans = fermata_spans(score.expanded())
    tempo = quarters_per_minute(score.parts[0], default_bpm=singing_bpm(score))
    last = max(len(score.parts) - 1, 1)
    voices = [
        {"name": name, "program": program, "pan": round(2 * WIDTH * (place / last - 0.5), 3)}
        for place, name in enumerate(score.names)
    ]
    return _timeline(list(score.parts), _Clock.of(tempo, spans), voices)


@dataclass(frozen=True, slots=True)
class _Clock:
    """Ticks to seconds: from each place on, so many seconds a tick."""

    tempo: float
    places: list[int]
    seconds: list[float]
    rates: list[float]

    @staticmethod
    def of(tempo: float, held: list[tuple[int, int]]) -> _Clock:
        """Args: quarters a minute; spans of ticks under a fermata."""
        rate = 60 / tempo / TICKS_PER_QUARTER
        clock = _Clock(tempo, [0], [0.0], [rate])
        for onset, end in held:
            for place, own in ((onset, rate / FERMATA_SLOWING), (end, rate)):
                clock.seconds.append(clock.at(place))
                clock.places.append(place)
                clock.rates.append(own)
        return clock

    def at(self, tick: int) -> float:
        index = bisect_right(self.places, tick) - 1
        return self.seconds[index] + (tick - self.places[index]) * self.rates[index]


@dataclass(frozen=True, slots=True)
class _Head:
    id: str
    onset: int
    duration: int
    pitch: int | None
    name: str
    continues: bool
    bar: int


def _timeline(parts: list[Tune], clock: _Clock, voices: list[dict[str, Any]]) -> dict[str, Any]:
    notes = [note for voice, tune in enumerate(parts) for note in _notes(voice, tune, clock)]
    bars = list(_bars(parts[0], clock))
    end = max([bars[-1]["end"], *(note["end"] for note in notes)])
    return {
        "duration": end,
        "tempo": clock.tempo,
        "voices": voices,
        "notes": sorted(notes, key=lambda note: (note["start"], note["voice"])),
        "bars": bars,
    }


def _bars(tune: Tune, clock: _Clock) -> Iterator[dict[str, Any]]:
    labels, now = bar_numbers(tune.bars), 0
    for index in played_order(tune.bars):
        end = now + tune.bars[index].duration
        yield {
            "number": index + 1,
            "label": labels[index],
            "start": _rounded(clock.at(now)),
            "end": _rounded(clock.at(end)),
        }
        now = end


def _notes(voice: int, tune: Tune, clock: _Clock) -> Iterator[dict[str, Any]]:
    """The sounding notes of a part, tied heads joined."""
    stress = stresses(tune.expanded())
    sounding: list[list[_Head]] = []
    last: _Head | None = None
    for head in _heads(voice, tune):
        if head.pitch is not None:
            if head.continues and last is not None and last.pitch == head.pitch:
                sounding[-1].append(head)
            else:
                sounding.append([head])
        last = head
    for heads in sounding:
        onset, end = heads[0].onset, heads[-1].onset + heads[-1].duration
        yield {
            "id": heads[0].id,
            "tied": [head.id for head in heads[1:]],
            "start": _rounded(clock.at(onset)),
            "end": _rounded(clock.at(end)),
            "quarter": round(onset / TICKS_PER_QUARTER, 6),
            "quarters": round((end - onset) / TICKS_PER_QUARTER, 6),
            "pitch": heads[0].pitch,
            "name": heads[0].name,
            "velocity": VELOCITIES[stress.get(onset, "between")],
            "voice": voice,
            "bar": heads[0].bar,
        }


def _heads(voice: int, tune: Tune) -> Iterator[_Head]:
    """The written heads and rests in the order of performance."""
    written = [written_heads(tune, index) for index in range(len(tune.bars))]
    before = [0]
    for row in written:
        before.append(before[-1] + len(row))
    now = 0
    for index in played_order(tune.bars):
        for number, head in enumerate(written[index], start=before[index] + 1):
            yield _Head(
                id=note_id(voice + 1, number),
                onset=now + head.onset,
                duration=head.duration,
                pitch=head.pitch,
                name=_name(head, tune.bars[index].key),
                continues=head.tie_from,
                bar=index + 1,
            )
        now += tune.bars[index].duration


def _name(head: Written, key: Key) -> str:
    """How a note is called ("F♯4"); a rest has no name."""
    if head.pitch is None:
        return ""
    letter, alteration, octave = spelling(head, key)
    return f"{letter}{('♭' * -alteration) or ('♯' * alteration)}{octave}"


def _rounded(seconds: float) -> float:
    """To a tenth of a millisecond: no screen and no ear tells more."""
    return round(seconds, 4)
