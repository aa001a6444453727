"""Scores of several parts: what fits together, what is refused, repeats played out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chromasonic.music.key import Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.part_score import Label, PartScore
from chromasonic.music.tune import Bar, Note, Tune

Q = TICKS_PER_QUARTER


def bar(*pitches: int, **marks: object) -> Bar:
    return Bar(tuple(Note(Q, pitch) for pitch in pitches), Metre(2, 4), Key(), **marks)


HIGH = Tune("high", "", (bar(72, 74, closes_repeat=1, opens_repeat=True), bar(76, 72)))
LOW = Tune("low", "", (bar(48, 55), bar(48, 48)))
LABELS = ((Label(onset=0, text="I"), Label(onset=Q, text="V6/5")), (Label(onset=0, text="I"),))


def score(**changes: object) -> PartScore:
    return replace(
        PartScore(id="x", title="", names=("Soprano", "Bass"), parts=(HIGH, LOW), labels=LABELS),
        **changes,
    )


def test_repeats_of_the_first_part_stand_in_every_part() -> None:
    assert [one.closes_repeat for one in score().parts[1].bars] == [1, 0]
    assert score().parts[1].bars[0].opens_repeat


def test_played_out_every_part_and_the_labels_have_the_repeated_bar_twice() -> None:
    played = score().expanded()
    assert [one.pitch for one in played.parts[0].notes()] == [72, 74, 72, 74, 76, 72]
    assert [one.pitch for one in played.parts[1].notes()] == [48, 55, 48, 55, 48, 48]
    assert played.labels == (LABELS[0], LABELS[0], LABELS[1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parts": (HIGH,)}, "1 parts have 2 names"),
        ({"names": ("Bass", "Bass")}, "not all different"),
        ({"parts": (HIGH, replace(LOW, bars=LOW.bars[:1]))}, "Soprano has 2 bars, Bass has 1"),
        ({"parts": (HIGH, replace(LOW, bars=(bar(48), LOW.bars[1])))}, "bar 1 .* the duration"),
        (
            {"parts": (HIGH, replace(LOW, bars=(replace(LOW.bars[0], key=Key("G")), LOW.bars[1])))},
            "the key C major, Bass has G major",
        ),
        ({"labels": LABELS[:1]}, "labels for 1 bars, and 2 bars"),
        ({"labels": ((Label(onset=2 * Q, text="I"),), ())}, "labels of bar 1 stand at"),
        ({"labels": ((), (Label(onset=0, text=" "),))}, "label of bar 2 is empty"),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        score(**changes)
