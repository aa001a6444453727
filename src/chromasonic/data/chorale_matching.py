"""Which chorales of two collections are the same setting, and which share a tune.

The same setting: four voices that sound alike up to transposition, found by common shingles (a bar
of all voices, relative to its highest first tone) and then laid side by side.

A shared passage: `PASSAGE_STEPS` in a row of all four voices. Bach took some over from one chorale
into another whose tune begins alike ("Helft mir Gott's Güte preisen" has a phrase of "Von Gott will
ich nicht lassen"): what shares one counts as a variant, too.

The same tune: sopranos that agree up to transposition, rhythm, ornament and order of phrases. A
soprano is reduced to the pitches on the beats, repeated ones taken once; two reduced tunes are
compared by their best local alignment, as sequences of residues are.

Source: T. F. Smith and M. S. Waterman, "Identification of common molecular subsequences", Journal
of Molecular Biology 147 (1981), for the local alignment.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from chromasonic.data.chorale_alignment import Alignment, align_pitches
from chromasonic.music.chorale import SILENT, STEPS_OF_QUARTER, Integers

SHINGLE_STEPS = 16
"""A bar of 4/4."""
MASK = b"\x7f"
"""Stands in a shingle for a voice that is silent."""
PASSAGE_STEPS = 40
"""Ten beats; the longest that two settings of different tunes have in common by chance is 34
sixteenths (two bars of cadence)."""
CANDIDATES = 4
"""How many (score, transposition) are laid side by side for each chorale."""
SAME_SETTING = 0.8
"""Agreement from which two editions hold the same setting."""

REDUCED_SHINGLE = 4
"""Intervals of a reduced tune that two must share anywhere before they are compared."""
LEAST_SHARED = 0.125
"""How many of those they must share, for each note of the shorter one."""
MATCH, MISMATCH, GAP = 1.0, -1.0, -1.0
NEGLIGIBLE = 0.01
"""A difference in agreement that is no reason to take another edition."""
SAME_TUNE = 0.7
"""Score of the local alignment, as a share of the shorter reduced tune, from which tunes are the
same whatever they are called. Of the 44,000 pairs that have some intervals in common 440 lie above
0.85 and 106 between 0.6 and 0.85; below 0.73 some of those are two tunes that share a phrase."""
SAME_TUNE_AND_TITLE = 0.3
"""And from which they are the same if they are called alike. ("Christus, der uns selig macht" in
its older and its newer form: 0.38. One text to two tunes: 0 to 0.25.)"""


def match_settings(
    chorales: Mapping[str, Integers], scores: Mapping[str, Integers]
) -> dict[str, tuple[str, Alignment]]:
    """For each chorale the score that holds the same setting, and how it lies on it.

    Args:
        chorales: name to (T, 4) pitches.
        scores: name to (S, 4) pitches; earlier ones are preferred among equals.

    Returns:
        Only the chorales that have one with an agreement of `SAME_SETTING`.
    """
    index = _Index(scores)
    matches = {name: index.best(pitches, list(scores)) for name, pitches in chorales.items()}
    return {name: found for name, found in matches.items() if found is not None}


def doubles(scores: Mapping[str, Integers]) -> dict[str, str]:
    """Score to the first one before it that holds the same setting, where there is one."""
    index = _Index(scores)
    same: dict[str, str] = {}
    before: list[str] = []
    for name, pitches in scores.items():
        found = index.best(pitches, before)
        if found is not None:
            same[name] = found[0]
        else:
            before.append(name)
    return same


class _Index:
    """Scores by the shingles that they hold."""

    def __init__(self, scores: Mapping[str, Integers]) -> None:
        self.scores = scores
        self.holders: dict[bytes, list[tuple[str, int]]] = defaultdict(list)
        for name, pitches in scores.items():
            for shingle, top in _shingles(pitches).items():
                self.holders[shingle].append((name, top))

    def best(self, pitches: Integers, allowed: Sequence[str]) -> tuple[str, Alignment] | None:
        """The allowed score that holds the same setting; the first of equals."""
        votes: Counter[tuple[str, int]] = Counter()
        for shingle, top in _shingles(pitches).items():
            votes.update((name, top - other) for name, other in self.holders.get(shingle, ()))
        order = {name: place for place, name in enumerate(allowed)}
        candidates = [item for item, _ in votes.most_common() if item[0] in order][:CANDIDATES]
        candidates.sort(key=lambda item: order[item[0]])
        best: tuple[str, Alignment] | None = None
        for name, transposition in candidates:
            found = align_pitches(pitches, self.scores[name], transposition)
            if best is None or found.agreement > best[1].agreement + NEGLIGIBLE:
                best = name, found
        return best if best is not None and best[1].agreement >= SAME_SETTING else None


def shared_passages(chorales: Sequence[Integers]) -> list[tuple[int, int]]:
    """Pairs (i, j), i < j, of chorales that have a passage of four sounding voices in common."""
    holders: dict[bytes, set[int]] = defaultdict(set)
    for place, pitches in enumerate(chorales):
        for passage in _shingles(pitches, PASSAGE_STEPS):
            if MASK not in passage:
                holders[passage].add(place)
    pairs = {
        (left, right)
        for places in holders.values()
        for left in places
        for right in places
        if left < right
    }
    return sorted(pairs)


def _shingles(pitches: Integers, steps: int = SHINGLE_STEPS) -> dict[bytes, int]:
    """Each stretch of so many steps relative to its first soprano tone, and that tone."""
    shingles = {}
    for start in range(len(pitches) - steps + 1):
        window = pitches[start : start + steps]
        top = int(window[0, 0])
        if top != SILENT:
            relative = np.where(window == SILENT, MASK[0], window - top)
            shingles[relative.astype(np.int8).tobytes()] = top
    return shingles


def reduced_tune(soprano: Integers, beat_offset: int = 0) -> Integers:
    """The soprano on the quarter beats; repeated pitches and rests are left out.

    Args:
        soprano: (T,) pitches at sixteenths.
        beat_offset: the sixteenth on which the first beat falls.
    """
    on_beats = soprano[beat_offset::STEPS_OF_QUARTER]
    on_beats = on_beats[on_beats != SILENT]
    if not len(on_beats):
        return on_beats
    return on_beats[np.append(True, np.diff(on_beats) != 0)]


def tune_similarity(first: Integers, second: Integers) -> float:
    """How much of the shorter of two reduced tunes the other holds, 0 to 1, in the best key."""
    shorter = min(len(first), len(second))
    if not shorter:
        return 0.0
    shifts = Counter[int]()
    intervals = defaultdict(list)
    for place, shingle in enumerate(_interval_shingles(second)):
        intervals[shingle].append(int(second[place]))
    for place, shingle in enumerate(_interval_shingles(first)):
        shifts.update(int(first[place]) - other for other in intervals.get(shingle, ()))
    best = 0.0
    for shift, _ in shifts.most_common(3):
        best = max(best, local_alignment(first, second + shift))
    return best / shorter


def _interval_shingles(tune: Integers) -> list[tuple[int, ...]]:
    steps = np.diff(tune).tolist()
    return [
        tuple(steps[start : start + REDUCED_SHINGLE])
        for start in range(len(steps) - REDUCED_SHINGLE + 1)
    ]


def local_alignment(first: Integers, second: Integers) -> float:
    """Score of the best local alignment of two sequences."""
    equal = np.where(first[:, None] == second[None, :], MATCH, MISMATCH)
    above = np.zeros(len(second) + 1)
    places = np.arange(len(second) + 1)
    best = 0.0
    for row in equal:
        here = np.zeros(len(second) + 1)
        here[1:] = np.maximum(above[:-1] + row, above[1:] + GAP)
        here = np.maximum(here, 0.0)
        # Gaps along the row: the best start to the left, less the way from there.
        here = np.maximum.accumulate(here - GAP * places) + GAP * places
        best = max(best, float(here.max()))
        above = here
    return best


def tune_groups(
    tunes: Sequence[Integers], titles: Sequence[str], same: Sequence[tuple[int, int]] = ()
) -> list[int]:
    """For each reduced tune the number of its group: 0, 1, 2, ... in the order of appearance.

    Args:
        tunes: reduced.
        titles: of each, in one spelling; "" where none is known.
        same: pairs that are known to share a tune.
    """
    parents = list(range(len(tunes)))

    def root(place: int) -> int:
        while parents[place] != place:
            place = parents[place]
        return place

    for left, right in (*same, *similar_pairs(tunes, titles)):
        low, high = sorted((root(left), root(right)))
        parents[high] = low
    numbers: dict[int, int] = {}
    return [numbers.setdefault(root(place), len(numbers)) for place in range(len(tunes))]


def similar_pairs(tunes: Sequence[Integers], titles: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of reduced tunes that are the same tune."""
    holders: dict[tuple[int, ...], set[int]] = defaultdict(set)
    for place, tune in enumerate(tunes):
        for shingle in _interval_shingles(tune):
            holders[shingle].add(place)
    shared: Counter[tuple[int, int]] = Counter()
    for places in holders.values():
        ordered = sorted(places)
        shared.update((a, b) for i, a in enumerate(ordered) for b in ordered[i + 1 :])
    called: dict[str, list[int]] = defaultdict(list)
    for place, title in enumerate(titles):
        if title:
            called[title].append(place)
    alike = {
        (a, b) for places in called.values() for i, a in enumerate(places) for b in places[i + 1 :]
    }
    near = {
        pair
        for pair, count in shared.items()
        if count >= max(2, min(len(tunes[place]) for place in pair) * LEAST_SHARED)
    }
    pairs = []
    for left, right in sorted(alike | near):
        threshold = SAME_TUNE_AND_TITLE if (left, right) in alike else SAME_TUNE
        if tune_similarity(tunes[left], tunes[right]) >= threshold:
            pairs.append((left, right))
    return pairs
