"""Our voice-leading predicates agree with music21's, but for differences that have a reason."""

from __future__ import annotations

import random

import pytest
from music21 import converter, corpus

from chromasonic.harmonization.agreement import (
    OCTAVE_TO_UNISON,
    SAME_LETTERS,
    SPELLING,
    THEIRS,
    UNEXPLAINED,
    compare,
    quartets_of_score,
)

CHORALES = ("bach/bwv268", "bach/bwv266", "bach/bwv271", "bach/bwv269", "bach/bwv347")


def test_on_chorales_by_bach_every_answer_is_the_same():
    quartets = [q for name in CHORALES for q in quartets_of_score(corpus.parse(name))]

    found = compare(quartets)

    assert found.quartets > 1_500
    assert found.differences == []
    assert found.ours == found.theirs
    for question in ("parallel fifths", "overlap", "crossing", "contrary motion"):
        assert found.ours[question] > 0  # the chorales do ask it


def test_on_pitches_of_any_spelling_every_difference_has_a_reason():
    rng = random.Random(5)
    names = [f"{letter}{sign}{octave}" for letter in "CDEFGAB" for sign in ("", "#", "-")
             for octave in (2, 3, 4)]  # fmt: skip

    found = compare(tuple(rng.choice(names) for _ in range(4)) for _ in range(6_000))

    whys = {difference.why for difference in found.differences}
    assert whys == {SPELLING, OCTAVE_TO_UNISON, SAME_LETTERS}
    assert all(found.ours[question] and found.theirs[question] for question in THEIRS)


@pytest.mark.parametrize(
    ("quartet", "question", "ours", "why"),
    [
        (("D4", "D3", "A4", "A4"), "parallel octaves or unisons", True, OCTAVE_TO_UNISON),
        (("G4", "C4", "G#4", "D-4"), "parallel fifths", True, SPELLING),
        (("F4", "B3", "A4", "D4"), "hidden fifths, upper voice leaping", True, SAME_LETTERS),
        (("G4", "C4", "G#4", "C#4"), "parallel fifths", None, None),
        (("D4", "G4", "G4", "C5"), "parallel fifths", None, None),  # crossed fourths are no fifths
        (("C4", "G4", "D4", "A4"), "parallel fifths", None, None),  # crossed fifths are fifths
    ],
)
def test_a_difference_is_named_by_its_class(quartet, question, ours, why):
    found = compare([quartet])

    differences = {
        difference.question: (difference.ours, difference.why) for difference in found.differences
    }
    assert differences.get(question) == (None if why is None else (ours, why))
    assert UNEXPLAINED not in {reason for _, reason in differences.values()}


def test_rests_grace_notes_and_instruments_make_no_quartets():
    score = converter.parse(
        """**kern\t**kern\t**kern\t**kern
        *Ibass\t*Itenor\t*Ialto\t*Isoprn
        4C\t4c\t4e\t4g
        4r\t4d\t4f\t4a
        4E\t8e\t4g\t4b
        .\t8f\t.\t.
        *-\t*-\t*-\t*-""".replace("        ", ""),
        format="humdrum",
    )

    quartets = list(quartets_of_score(score))

    assert ("C4", "E4", "E3", "G3") not in quartets
    # three pairs without the bass at two steps and one within the third beat; the bass in one step
    assert len(quartets) == 3 * 3 + 3 * 1
