"""What a teacher sees in a setting beyond the rules of the reward: parallels between the beats, and
ornaments by their names.

An agent's lower voices move on the beats; a person's have eighths and passing notes, and the fifths
that these make are heard like any others. So two voices are compared at each moment at which one
of them moves.

Source: E. Aldwell and C. Schachter, "Harmony and Voice Leading" (4th ed.), unit 5.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chromasonic.formats.notation import bar_numbers, spell
from chromasonic.harmonization.embellishing import Embellishment, Line
from chromasonic.harmonization.explaining import Remark
from chromasonic.harmonization.fair_marks import is_fair_motion, once, plain_marks
from chromasonic.harmonization.given_voices import OF_WHAT_SOUNDS, GivenSetting
from chromasonic.harmonization.motion_rules import parallel_fifths, parallel_octaves
from chromasonic.harmonization.ornament_advice import advice_on_ornament
from chromasonic.harmonization.placing import Mark, Spot, marks
from chromasonic.harmonization.realizing import NAMES
from chromasonic.harmonization.rule_guide import advice_on
from chromasonic.harmonization.rules import ALL_PAIRS, RULES
from chromasonic.harmonization.voicings import SOPRANO
from chromasonic.music.chorale import SILENT
from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER
from chromasonic.music.tune import Tune

ASKED = {"parallel_fifths": parallel_fifths, "parallel_octaves": parallel_octaves}


def all_marks(given: GivenSetting) -> list[Mark]:
    """The marks of a setting that somebody wrote, parallels between the beats and ornaments too.

    Rules on motion are asked of what sounds, all others of the chords without their ornaments, so
    that a suspension is neither a foreign tone nor a missing third. What is held is marked once,
    where it begins, and nothing is said of phrase ends that are only guessed (`fair_marks`). In
    time.
    """
    lines = [Line.of(part) for part in given.score.parts]
    heard = [
        mark
        for mark in once(marks(given.harmonization, given.tune), lines)
        if is_fair_motion(mark, given.harmonization)
    ]
    plain = plain_marks(given.plain, given.tune, lines)
    sung = {one.beat for one in given.ornaments if one.voice == SOPRANO}
    onset = given.harmonization.melody.onset.tolist()
    explained = {onset[beat] for beat in sung}
    found = [mark for mark in heard if _is_of_what_sounds(mark)]
    found += [
        mark
        for mark in plain
        if not _is_of_what_sounds(mark)
        and not (mark.remark.rule == "melody_clash" and mark.tick in explained)
    ]
    known = {(mark.remark.rule, mark.voices, mark.tick) for mark in found}
    fine = [
        mark
        for mark in marks_between_beats(given)
        if (mark.remark.rule, mark.voices, mark.tick) not in known
    ]
    named = [_named(given, one) for one in given.ornaments]
    return sorted([*found, *fine, *named], key=lambda mark: mark.tick)


def _is_of_what_sounds(mark: Mark) -> bool:
    return RULES[mark.remark.rule].scope in OF_WHAT_SOUNDS


def marks_between_beats(given: GivenSetting) -> list[Mark]:
    """Parallel fifths and octaves from each note of a pair of voices to its next one.

    Their cost is 0: they are no part of the reward. Where a voice rests in between, there are none.
    """
    lines = [Line.of(part) for part in given.score.parts]
    found = []
    for pair in ALL_PAIRS:
        upper, lower = (lines[voice] for voice in pair)
        moments = np.union1d(upper.onset, lower.onset)
        before, here = moments[:-1], moments[1:]
        pitches = [line.at(ticks) for ticks in (before, here) for line in (upper, lower)]
        until = [line.at(here - 1) for line in (upper, lower)]
        sounds = np.logical_and.reduce([row != SILENT for row in (*pitches, *until)])
        for name, predicate in ASKED.items():
            for place in np.flatnonzero(predicate(*pitches) & sounds).tolist():
                ticks = int(before[place]), int(here[place])
                found.append(_mark(given, name, pair, ticks, [int(row[place]) for row in pitches]))
    return found


def _mark(
    given: GivenSetting,
    name: str,
    voices: tuple[int, int],
    ticks: tuple[int, int],
    pitches: Sequence[int],
) -> Mark:
    rule, names = RULES[name], NAMES[len(given.score.parts)]
    bar, beat, key = _place(given.tune, ticks[1])
    first, second = pitches[:2], pitches[2:]
    sung = tuple(
        f"{_name(one, key)}-{_name(other, key)}" for one, other in zip(first, second, strict=True)
    )
    remark = Remark(
        bar=bar,
        beat=beat,
        rule=name,
        text=rule.text,
        voices=tuple(names[voice] for voice in voices),
        notes=sung,
        cost=0.0,
    )
    return Mark(
        remark=remark,
        advice=advice_on(rule),
        tick=ticks[1],
        spots=tuple(Spot(voice=voice, tick=tick) for tick in ticks for voice in voices),
        voices=voices,
        sung=sung,
        numerals=(),
    )


def _named(given: GivenSetting, one: Embellishment) -> Mark:
    """An ornament as a mark: no mistake, and no cost."""
    bar, beat, key = _place(given.tune, one.tick)
    sung = (f"{_name(one.pitch, key)}-{_name(one.goes_to, key)}",)
    advice = advice_on_ornament(one)
    remark = Remark(
        bar=bar,
        beat=beat,
        rule=advice.name,
        text=advice.text,
        voices=(NAMES[len(given.score.parts)][one.voice],),
        notes=sung,
        cost=0.0,
    )
    return Mark(
        remark=remark,
        advice=advice,
        tick=one.tick,
        spots=(Spot(voice=one.voice, tick=one.tick),),
        voices=(one.voice,),
        sung=sung,
        numerals=(),
    )


def _place(tune: Tune, tick: int) -> tuple[int, float, Key]:
    """Number of the bar, felt beat in it from 1, and the key there."""
    start = 0
    for number, bar in zip(bar_numbers(tune.bars), tune.bars, strict=True):
        if tick < start + bar.duration:
            beat = bar.metre.beat_ticks if bar.metre else TICKS_PER_QUARTER
            missing = bar.metre.bar_ticks - bar.duration if number == 0 and bar.metre else 0
            return number, round(1 + (tick - start + missing) / beat, 3), bar.key
        start += bar.duration
    raise AssertionError("a note lies after the last bar")


def _name(pitch: int, key: Key) -> str:
    letter, signs, octave = spell(pitch, key)
    return f"{letter}{'#' * signs if signs > 0 else 'b' * -signs}{octave}"
