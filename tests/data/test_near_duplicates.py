"""Near-duplicates: what counts as a copy, and what does not."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, count
from pathlib import Path

import pytest

from chromasonic.data.near_duplicates import (
    content_key,
    fingerprints_of,
    group_keys,
    group_labels,
    near_pairs,
    without_copies_of,
)
from chromasonic.data.synthetic import random_walk_tunes, structured_tunes
from chromasonic.formats.abc import read_abc
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Bar, Note, Tune

FIXTURE = Path(__file__).parents[1] / "fixtures" / "tunes.abc"


@pytest.fixture(scope="module")
def tunes() -> tuple[Tune, ...]:
    return read_abc(FIXTURE.read_text(encoding="utf-8"), source="tunes").tunes


def rebarred(tune: Tune, eighths: int) -> Tune:
    """The same notes with bar lines elsewhere (long notes are tied over them)."""
    metre = Metre(eighths, 8)
    bars: list[list[Note]] = [[]]
    room = metre.bar_ticks
    for note in tune.notes():
        left, tied = note.duration, note.tied
        while left:
            part = min(left, room)
            bars[-1].append(Note(part, note.pitch, tied))
            left, room, tied = left - part, room - part, note.pitch is not None
            if not room:
                bars.append([])
                room = metre.bar_ticks
    return replace(tune, bars=tuple(Bar(tuple(bar), metre, tune.key) for bar in bars if bar))


def doubled(tune: Tune) -> Tune:
    """The same tune in notes of twice the length."""
    bars = tuple(
        replace(bar, notes=tuple(replace(n, duration=2 * n.duration) for n in bar.notes))
        for bar in tune.bars
    )
    return replace(tune, bars=bars)


def ornamented(tune: Tune, every: int) -> Tune:
    """Each so-manieth note is another one."""
    places = count(1)
    bars = tuple(
        replace(
            bar,
            notes=tuple(
                replace(note, pitch=note.pitch + 1, tied=False)
                if next(places) % every == 0 and note.pitch is not None
                else note
                for note in bar.notes
            ),
        )
        for bar in tune.bars
    )
    return replace(tune, bars=bars)


@pytest.mark.parametrize("semitones", [-7, -1, 5, 12])
def test_a_transposed_copy_is_a_copy(tunes: tuple[Tune, ...], semitones: int) -> None:
    for tune in tunes:
        copy = tune.transposed(semitones)
        assert near_pairs([tune, copy]) == [(0, 1)]
        assert content_key(tune) == content_key(copy)


def test_other_bar_lines_note_lengths_and_repeats_written_out_do_not_hide_a_copy(
    tunes: tuple[Tune, ...],
) -> None:
    for tune in tunes:
        for copy in (rebarred(tune, 5), doubled(tune), tune.expanded()):
            assert near_pairs([tune, copy]) == [(0, 1)]
        assert content_key(rebarred(tune, 5)) == content_key(doubled(tune)) == content_key(tune)


def test_small_variants_do_not_hide_a_copy(tunes: tuple[Tune, ...]) -> None:
    # A changed note stands in 7 runs of 7 notes: of 14 runs about 7 are left, over a quarter.
    assert all(near_pairs([tune, ornamented(tune, 14)]) == [(0, 1)] for tune in tunes)


def test_a_tune_with_every_fifth_note_changed_is_another_tune(tunes: tuple[Tune, ...]) -> None:
    assert not any(near_pairs([tune, ornamented(tune, 5)]) for tune in tunes)


def test_the_fixture_tunes_are_different_but_for_the_jig_in_two_keys(
    tunes: tuple[Tune, ...],
) -> None:
    assert near_pairs(tunes) == [(0, 9)]
    assert group_labels(tunes) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 10, 11]
    keys = group_keys(tunes)
    assert keys[0] == keys[9]
    assert len(set(keys)) == 11


def test_copies_of_copies_are_one_group(tunes: tuple[Tune, ...]) -> None:
    a, b, c = tunes[1], tunes[3], tunes[4]
    ab = replace(a, bars=a.bars + b.bars)
    bc = replace(b, bars=b.bars + c.bars)
    assert group_labels([a, ab, bc, c, tunes[7]]) == [0, 0, 0, 0, 4]


def test_the_search_finds_exactly_the_pairs_that_comparing_all_with_all_finds() -> None:
    tunes = [*random_walk_tunes(80, 1), *structured_tunes(120, 2)]
    tunes += [ornamented(tune, 14) for tune in tunes[::9]]
    prints = fingerprints_of(tunes)
    ends = prints.sizes.cumsum()
    sets = [
        set(prints.shingles[end - size : end].tolist())
        for end, size in zip(ends, prints.sizes, strict=True)
    ]
    for threshold in (0.1, 0.25, 0.3):
        expected = [
            (i, j)
            for i, j in combinations(range(len(tunes)), 2)
            if len(sets[i] & sets[j]) >= threshold * min(len(sets[i]), len(sets[j])) - 1e-9
        ]
        assert near_pairs(tunes, threshold=threshold) == expected
        assert expected


def test_copies_of_reference_tunes_are_taken_out_and_only_they(tunes: tuple[Tune, ...]) -> None:
    others = random_walk_tunes(30, 3)
    mixed = [*others[:10], tunes[2].transposed(4), *others[10:], rebarred(tunes[6], 7)]
    kept, removed = without_copies_of(mixed, tunes)
    assert kept == others
    assert removed == (mixed[10], mixed[31])


def test_copies_among_the_tunes_themselves_stay(tunes: tuple[Tune, ...]) -> None:
    both = (tunes[0], tunes[9])
    assert without_copies_of(both, [tunes[1]]) == (both, ())


def test_nothing_and_tiny_tunes_are_no_trouble() -> None:
    def tiny(*pitches: int | None) -> Tune:
        notes = tuple(Note(100, pitch) for pitch in pitches)
        return Tune("t", "", (Bar(notes, None, Key()),))

    assert near_pairs([]) == []
    assert without_copies_of([], []) == ((), ())
    assert near_pairs([tiny(60), tiny(None)]) == []
    assert near_pairs([tiny(60, 62, 64), tiny(65, 67, 69), tiny(60, 64, 62)]) == [(0, 1)]
    assert content_key(tiny(None)) != content_key(tiny(60))


def test_portions_of_candidates_change_no_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    tunes = [*random_walk_tunes(30, 1), *(t.transposed(2) for t in random_walk_tunes(30, 1)[:12])]
    whole = near_pairs(tunes, threshold=0.02)
    assert len(whole) >= 12
    for size in (1, 7, 100):
        monkeypatch.setattr("chromasonic.data.near_duplicates._CANDIDATES_AT_ONCE", size)
        assert near_pairs(tunes, threshold=0.02) == whole
