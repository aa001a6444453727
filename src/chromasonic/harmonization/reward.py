"""The reward: what the breaches of the rules cost, below zero, and nothing else.

Two ways to the same numbers: of given voicings in a row (`Reward.of_path`, `motion_in_rows`), and
of all pairs of two sets of candidates (`motion_of_all_pairs`), where each rule is computed on the
distinct values of what it looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from chromasonic.harmonization.harmony_rules import Harmony
from chromasonic.harmonization.melody import Beats
from chromasonic.harmonization.motion_rules import Parts, Tones
from chromasonic.harmonization.rules import RULES, Rule, Scope
from chromasonic.harmonization.voicings import BASS, SOPRANO, Voicings

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Reward:
    """The weighted rules.

    Attributes:
        rules: the rules that count, by name.
    """

    rules: Mapping[str, Rule] = field(default_factory=lambda: RULES)

    def of_scope(self, scope: Scope) -> tuple[Rule, ...]:
        """The rules of a scope that cost something."""
        return tuple(rule for rule in self.rules.values() if rule.scope == scope and rule.weight)

    # One voicing.

    def of_voicings(self, voicings: Voicings, beats: Beats) -> Doubles:
        """(N,) reward of each voicing by itself.

        Args:
            voicings: N of them.
            beats: the N beats that they stand on, or one for all.
        """
        total = np.zeros(len(voicings))
        for rule in self.of_scope(Scope.VOICING):
            total -= rule.weight * rule.predicate(voicings, beats)
        return total

    # Two successive voicings.

    def motion_in_rows(
        self, before: Voicings, after: Voicings, beats: Beats, next_beats: Beats
    ) -> Doubles:
        """(N,) reward of going from row n of `before` to row n of `after`."""
        total = np.zeros(len(before))
        for rule, count, _ in _motion_in_rows(
            self._motion_rules(), before, after, beats, next_beats
        ):
            total -= rule.weight * count
        return total

    def motion_of_all_pairs(
        self, before: Voicings, after: Voicings, beat: Beats, next_beat: Beats
    ) -> Floats:
        """(M, N) reward of going from each voicing of one beat to each of the next."""
        return self.tones_of_all_pairs(before, after, beat) + self.chords_of_all_pairs(
            before, after, beat, next_beat
        )

    def tones_of_all_pairs(self, before: Voicings, after: Voicings, beat: Beats) -> Floats:
        """(M, N) the part of `motion_of_all_pairs` that depends on the voices' pitches.

        Of the beat it depends on `leaving` alone.
        """
        start, end = _leaving(before, beat), after.pitches
        total = np.zeros((len(before), len(after)), np.float32)
        groups: dict[tuple[Scope, Any], list[Rule]] = {}
        for rule in self._motion_rules():
            if rule.scope in (Scope.VOICE, Scope.VOICES, Scope.RESOLUTION):
                for voices in rule.voices:
                    groups.setdefault((rule.scope, voices), []).append(rule)
        for (scope, voices), rules in groups.items():
            columns = list(voices) if scope == Scope.VOICES else [voices]
            values_a, values_b = start[:, columns], end[:, columns]
            if scope == Scope.RESOLUTION:
                values_a = np.column_stack([values_a, before.chord, before.tonic])
                values_b = np.column_stack([values_b, after.chord, after.tonic])
            rows_a, spread_a = _distinct(values_a)
            rows_b, spread_b = _distinct(values_b)
            arguments = _arguments(scope, rows_a[:, None], rows_b[None])
            table = np.zeros((len(rows_a), len(rows_b)), np.float32)
            for rule in rules:
                table -= np.float32(rule.weight) * rule.predicate(*arguments)
            if table.any():
                total += table.take(spread_b, 1).take(spread_a, 0)
        for rule in self.of_scope(Scope.PARTS):
            parts = _parts(start, before, np.s_[:, None]), _parts(end, after, np.s_[None])
            total -= np.float32(rule.weight) * rule.predicate(*parts)
        return total

    def chords_of_all_pairs(
        self, before: Voicings, after: Voicings, beat: Beats, next_beat: Beats
    ) -> Floats:
        """(M, N) the part of `motion_of_all_pairs` that depends on chords and bass."""
        if not self.of_scope(Scope.CHORDS):
            return np.zeros((len(before), len(after)), np.float32)
        rows_a, spread_a = _distinct(_harmony_columns(before))
        rows_b, spread_b = _distinct(_harmony_columns(after))
        step, following = Harmony(*rows_a.T[:, :, None]), Harmony(*rows_b.T[:, None])
        table = np.zeros((len(rows_a), len(rows_b)), np.float32)
        for rule in self.of_scope(Scope.CHORDS):
            table -= np.float32(rule.weight) * rule.predicate(step, following, beat, next_beat)
        return table.take(spread_b, 1).take(spread_a, 0)

    # Whole pieces.

    def of_path(self, voicings: Voicings, beats: Beats) -> float:
        """Reward of one voicing a beat, from the first to the last."""
        own = self.of_voicings(voicings, beats).sum()
        if len(voicings) < 2:
            return float(own)
        motion = self.motion_in_rows(voicings[:-1], voicings[1:], beats[:-1], beats[1:])
        return float(own + motion.sum())

    def _motion_rules(self) -> tuple[Rule, ...]:
        scopes = (Scope.VOICE, Scope.VOICES, Scope.RESOLUTION, Scope.PARTS, Scope.CHORDS)
        return tuple(rule for scope in scopes for rule in self.of_scope(scope))


def counts_of_voicings(
    voicings: Voicings, beats: Beats, rules: Mapping[str, Rule] | None = None
) -> Doubles:
    """(N, R) how often each voicing breaks each rule by itself; zero for rules of motion."""
    rules = RULES if rules is None else rules
    counts = np.zeros((len(voicings), len(rules)))
    for column, rule in enumerate(rules.values()):
        if rule.scope == Scope.VOICING:
            counts[:, column] = rule.predicate(voicings, beats)
    return counts


def counts_of_motion(
    before: Voicings,
    after: Voicings,
    beats: Beats,
    next_beats: Beats,
    rules: Mapping[str, Rule] | None = None,
) -> Doubles:
    """(N, R) how often each rule is broken from row n of `before` to row n of `after`."""
    rules = RULES if rules is None else rules
    columns = {name: column for column, name in enumerate(rules)}
    counts = np.zeros((len(before), len(rules)))
    motion = [rule for rule in rules.values() if rule.scope != Scope.VOICING]
    for rule, count, _ in _motion_in_rows(motion, before, after, beats, next_beats):
        counts[:, columns[rule.name]] += count
    return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One rule broken at one place.

    Attributes:
        rule: which.
        beat: number of the beat on which the voicing (or the second of two) stands.
        voices: which voices it concerns, 0 the soprano; empty where it is the whole chord.
        count: how often, or how much.
        cost: count times weight.
    """

    rule: Rule
    beat: int
    voices: tuple[int, ...]
    count: float
    cost: float


def breaches(
    voicings: Voicings, beats: Beats, rules: Mapping[str, Rule] | None = None
) -> list[Breach]:
    """Every breach in a piece, in time; rules without weight too."""
    rules = RULES if rules is None else rules
    found = []

    def note(rule: Rule, counts: npt.ArrayLike, voices: tuple[int, ...], shift: int) -> None:
        counts = np.asarray(counts, float)
        for beat in np.flatnonzero(counts):
            count = float(counts[beat])
            found.append(
                Breach(
                    rule=rule,
                    beat=int(beat) + shift,
                    voices=voices,
                    count=count,
                    cost=count * rule.weight,
                )
            )

    for rule in rules.values():
        if rule.scope == Scope.VOICING:
            note(rule, rule.predicate(voicings, beats), (), 0)
    if len(voicings) > 1:
        motion = [rule for rule in rules.values() if rule.scope != Scope.VOICING]
        for rule, counts, voices in _motion_in_rows(
            motion, voicings[:-1], voicings[1:], beats[:-1], beats[1:]
        ):
            note(rule, counts, voices, 1)
    return sorted(found, key=lambda breach: (breach.beat, -breach.cost))


def _motion_in_rows(
    rules: Any, before: Voicings, after: Voicings, beats: Beats, next_beats: Beats
) -> Iterator[tuple[Rule, Any, tuple[int, ...]]]:
    """Each rule at each of its voices: (rule, (N,) counts, voices)."""
    start, end = _leaving(before, beats), after.pitches
    harmonies: list[Harmony] = []
    for rule in rules:
        if rule.scope == Scope.CHORDS:
            harmonies = harmonies or [Harmony(*_harmony_columns(of).T) for of in (before, after)]
            yield rule, rule.predicate(*harmonies, beats, next_beats), ()
            continue
        if rule.scope == Scope.PARTS:
            parts = _parts(start, before, np.s_[:]), _parts(end, after, np.s_[:])
            yield rule, rule.predicate(*parts), ()
            continue
        values_a = _of_voices(rule, start, before)  # (N, voices or pairs, columns)
        values_b = _of_voices(rule, end, after)
        counts = rule.predicate(*_arguments(rule.scope, values_a, values_b))
        for place, voices in enumerate(rule.voices):
            yield rule, counts[:, place], voices if rule.scope == Scope.VOICES else (voices,)


def _of_voices(rule: Rule, pitches: Integers, voicings: Voicings) -> Integers:
    """(N, V, columns) what a rule sees of each of its V voices or pairs: see `_arguments`."""
    of_voices = pitches[:, list(rule.voices)]
    if rule.scope == Scope.VOICES:
        return of_voices
    if rule.scope == Scope.VOICE:
        return of_voices[..., None]
    chord = np.broadcast_to(voicings.chord[:, None], of_voices.shape)
    tonic = np.broadcast_to(voicings.tonic[:, None], of_voices.shape)
    return np.stack([of_voices, chord, tonic], -1)


def _arguments(scope: Scope, before: Integers, after: Integers) -> tuple[Any, ...]:
    """What a predicate of a scope wants, out of columns in the last axis."""
    if scope == Scope.VOICE:
        return before[..., 0], after[..., 0]
    if scope == Scope.VOICES:
        return before[..., 0], before[..., 1], after[..., 0], after[..., 1]
    return Tones(*np.moveaxis(before, -1, 0)), Tones(*np.moveaxis(after, -1, 0))


def _parts(pitches: Integers, voicings: Voicings, rows: Any) -> Parts:
    """All voices of voicings, their rows laid out for broadcasting."""
    return Parts(pitches.astype(np.int8)[rows], voicings.chord[rows], voicings.tonic[rows])


def _leaving(voicings: Voicings, beats: Beats) -> Integers:
    """(N, 4) pitches at the end of the beat: the melody may have moved on, the others have not."""
    pitches = voicings.pitches.copy()
    pitches[:, SOPRANO] = beats.leaving
    return pitches


def _harmony_columns(voicings: Voicings) -> Integers:
    return np.column_stack([voicings.chord, voicings.tonic, voicings.pitches[:, BASS]])


def _distinct(values: Integers) -> tuple[Integers, Integers]:
    """The distinct rows, and which of them each row is."""
    rows, spread = np.unique(_packed(values), return_inverse=True)
    width = values.shape[1]
    columns = [((rows >> (10 * (width - 1 - i))) & 1023) - 1 for i in range(width)]
    return np.stack(columns, 1), spread


def _packed(values: Integers) -> Integers:
    """(N,) rows of small numbers (-1 to 1,022) as one number each."""
    packed = np.zeros(len(values), np.int64)
    for column in values.T:
        packed = (packed << 10) | (column + 1)
    return packed


Predicate = Callable[..., Any]
