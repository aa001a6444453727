"""What is taught of the rules: every rule has it, and it is written out."""

from __future__ import annotations

import pytest

from chromasonic.harmonization.rule_guide import Gravity, guide, written_out
from chromasonic.harmonization.rules import RULES
from chromasonic.harmonization.two_voices_rules import TWO_VOICE_RULES


@pytest.mark.parametrize(("voices", "rules"), [(4, RULES), (2, TWO_VOICE_RULES)])
def test_every_rule_is_taught_and_no_other(voices: int, rules: dict) -> None:
    found = guide(voices)
    assert set(found) == set(rules)
    for one in found.values():
        assert one.why.endswith(".")
        assert one.mend.endswith(".")


def test_what_textbooks_forbid_is_a_fault_and_an_inversion_is_none() -> None:
    found = guide()
    for name in ("parallel_fifths", "parallel_octaves", "crossing", "seventh", "leading_tone"):
        assert found[name].gravity is Gravity.FAULT
    for name in ("first_inversion", "bass_skip", "seventh_chord", "skip"):
        assert found[name].gravity is Gravity.TASTE


def test_only_what_adds_to_the_reward_is_a_merit() -> None:
    for voices in (2, 4):
        for one in guide(voices).values():
            assert (one.gravity is Gravity.MERIT) == (one.weight < 0)


def test_sources_are_written_out() -> None:
    assert written_out("AS unit 5; KP ch. 6") == (
        "Aldwell and Schachter, Harmony and Voice Leading, unit 5; Kostka and Payne, Tonal "
        "Harmony, ch. 6"
    )
    assert written_out("AS unit 5; H") == (
        "Aldwell and Schachter, Harmony and Voice Leading, unit 5; Huron, Tone and Voice (2001)"
    )
    assert written_out("F, first species") == "Fux, Gradus ad Parnassum (1725), first species"
