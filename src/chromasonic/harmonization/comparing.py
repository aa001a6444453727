"""Settings of one melody beside each other: what can be counted, and what differs, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chromasonic.harmonization.alternatives import difference
from chromasonic.harmonization.chords import TABLE
from chromasonic.harmonization.exact import Harmonization
from chromasonic.harmonization.placing import Mark
from chromasonic.harmonization.realizing import key_name, written_keys
from chromasonic.harmonization.rule_guide import Gravity
from chromasonic.harmonization.spelling import spelled_key
from chromasonic.harmonization.two_voices import has_two_voices
from chromasonic.harmonization.voicings import NO_CHORD, SOPRANO
from chromasonic.music.tune import Tune

NOTABLE_SHARE = 0.1
"""Shares that are closer than this are not said to differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What can be counted in a setting.

    Attributes:
        beats: voicings in it.
        reward_a_beat: of its own rules; comparable between settings of as many voices.
        gravities: breaches by `Gravity.value`.
        rules: (rule, its text, gravity, count), gravest and most frequent first; no
            merits, no ornaments.
        contrary: share of the moves of both outer voices that are against each other; NaN where
            they never move together.
        bass_steps: share of the bass's moves that are by step; NaN where it never moves.
        sevenths: voicings of seventh chords.
        keys: that it goes through, in order, each once: "D", "e".
    """

    beats: int
    reward_a_beat: float
    gravities: dict[str, int]
    rules: tuple[tuple[str, str, str, int], ...]
    contrary: float
    bass_steps: float
    sevenths: int
    keys: tuple[str, ...]


def traits(one: Harmonization, tune: Tune, marks: Sequence[Mark]) -> Traits:
    """Count what there is.

    Args:
        one: a setting.
        tune: the tune of its melody.
        marks: of it, see `placing.marks`.
    """
    outer = one.voicings.pitches[:, [SOPRANO, -1]]
    moves = np.sign(np.diff(outer, axis=0))
    together = (moves != 0).all(1)
    lowest = np.diff(outer[:, 1])
    moved = lowest != 0
    chord = one.voicings.chord[one.voicings.chord != NO_CHORD]
    found = Counter(
        (mark.remark.rule, mark.remark.text, mark.advice.gravity.value) for mark in marks
    )
    order = [gravity.value for gravity in Gravity]
    no_breach = (Gravity.MERIT.value, Gravity.ORNAMENT.value)
    rules = sorted(
        ((*rule, count) for rule, count in found.items() if rule[2] not in no_breach),
        key=lambda row: (order.index(row[2]), -row[3], row[0]),
    )
    by_gravity = Counter(mark.advice.gravity.value for mark in marks)
    return Traits(
        beats=len(one.melody),
        reward_a_beat=one.reward / len(one.melody),
        gravities={name: by_gravity.get(name, 0) for name in order},
        rules=tuple(rules),
        contrary=_share(moves[together, 0] != moves[together, 1]),
        bass_steps=_share(abs(lowest[moved]) <= 2),
        sevenths=int((TABLE.size[chord] == 4).sum()),
        keys=tuple(dict.fromkeys(_keys(one, tune))),
    )


def differences(
    one: Harmonization, other: Harmonization, own: Traits, its: Traits, name: str
) -> list[str]:
    """What sets a setting apart from another of the same melody, most telling first.

    Args:
        one, other: the setting, and the one that it is held against.
        own, its: their `traits`.
        name: what the other is called.
    """
    if has_two_voices(one) != has_two_voices(other):
        fewer = has_two_voices(one)
        return ["One voice below the melody." if fewer else "Three voices below the melody."]
    found = []
    if not has_two_voices(one):
        new = difference(one, [other]).new_chords
        if not new:
            found.append(f"The same chords as {name}, other voices." if _moved(one, other) else "")
        else:
            found.append(f"Other chords than {name} on {new} of {own.beats} beats.")
        if set(own.keys) != set(its.keys):
            found.append(f"Goes through {_listed(own.keys)}; {name} through {_listed(its.keys)}.")
        if abs(own.sevenths - its.sevenths) >= 2:
            found.append(
                f"{_counted(own.sevenths, 'seventh chord')}, {name} has {its.sevenths or 'none'}."
            )
    found += _of_shares(own, its, name)
    return [text for text in found if text] or [f"The same notes as {name}."]


def _of_shares(own: Traits, its: Traits, name: str) -> list[str]:
    found = []
    if abs(own.bass_steps - its.bass_steps) >= NOTABLE_SHARE:
        how = "steps more" if own.bass_steps > its.bass_steps else "leaps more"
        found.append(
            f"The lowest voice {how}: {own.bass_steps:.0%} by step, {name} {its.bass_steps:.0%}."
        )
    if abs(own.contrary - its.contrary) >= NOTABLE_SHARE:
        how = "More" if own.contrary > its.contrary else "Less"
        found.append(
            f"{how} contrary motion of the outer voices: {own.contrary:.0%}, {name} "
            f"{its.contrary:.0%}."
        )
    return found


def _moved(one: Harmonization, other: Harmonization) -> bool:
    return bool((one.voicings.pitches != other.voicings.pitches).any())


def _keys(one: Harmonization, tune: Tune) -> list[str]:
    beats, homes = one.melody.beats, written_keys(one, tune)
    return [
        key_name(spelled_key(int(tonic), int(mode), home))
        for tonic, mode, home in zip(beats.tonic, beats.mode, homes, strict=True)
    ]


def _share(truths: np.ndarray) -> float:
    return float(truths.mean()) if len(truths) else float("nan")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def _counted(count: int, noun: str) -> str:
    return f"{count or 'No'} {noun}{'' if count == 1 else 's'}"
