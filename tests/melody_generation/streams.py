"""Streams and tunes for tests: hypothesis strategies that know only the documented grammar."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from chromasonic.melody_generation.tokens import DURATIONS_QUARTERS, METRES, VOCABULARY
from chromasonic.music.key import MODES, Key
from chromasonic.music.metre import TICKS_PER_QUARTER, Metre
from chromasonic.music.tune import Bar, Note, Tune

DURATIONS = st.sampled_from(DURATIONS_QUARTERS)
LONGER_QUARTERS = "5/8 9/8 11/4 13/4 11/2 7 10 47/8".split()
"""Durations without a token that add up from a few: 5/8 is a half and an eighth of a quarter."""

PITCHES = st.integers(36, 96)


def ids_of(text: str) -> list[int]:
    """Token ids from their names, blanks between."""
    return [VOCABULARY.id(name) for name in text.split()]


def names_of(ids: list[int]) -> str:
    """Token names, blanks between."""
    return " ".join(VOCABULARY.names[token] for token in ids)


@st.composite
def streams(draw: Any) -> list[int]:
    """Valid token streams with changes of key and metre, ties, rests; bars need not be full."""
    metre, key = draw(st.sampled_from(METRES)), (draw(st.integers(0, 11)), _mode(draw))
    names = ["START", f"METRE:{metre}", f"TONIC:{key[0]}", f"MODE:{key[1]}"]
    is_sounding = False
    for number in range(draw(st.integers(1, 4))):
        if number:
            names.append("BAR")
            if draw(st.integers(0, 3)) == 0:
                metre = draw(st.sampled_from([name for name in METRES if name != metre]))
                names.append(f"METRE:{metre}")
            if draw(st.integers(0, 3)) == 0:
                new = (draw(st.integers(0, 11)), _mode(draw))
                if new != key:
                    key = new
                    names += [f"TONIC:{key[0]}", f"MODE:{key[1]}"]
        for event in range(draw(st.integers(1, 6))):
            # The first event of all sounds, so that there is a note.
            kinds = ["NOTE"] if not number + event else ["NOTE", "REST", "HOLD"][: 2 + is_sounding]
            kind = draw(st.sampled_from(kinds))
            names.append(f"{kind}:{draw(DURATIONS)}")
            if kind == "NOTE":
                names.append(f"PITCH:{draw(PITCHES)}")
            is_sounding = kind != "REST"
    return [VOCABULARY.id(name) for name in [*names, "END"]]


def _mode(draw: Any) -> str:
    return draw(st.sampled_from(list(MODES)))


@st.composite
def tunes(draw: Any) -> Tune:
    """Tunes that fit the vocabulary: any spelling of keys, any ties, empty bars among them."""
    notes = st.builds(
        Note,
        duration=st.sampled_from(DURATIONS_QUARTERS + LONGER_QUARTERS).map(ticks),
        pitch=st.none() | PITCHES | st.sampled_from([60, 62]),
        tied=st.booleans(),
    )
    bars = st.builds(
        Bar,
        notes=st.lists(notes, max_size=6).map(tuple),
        metre=st.sampled_from(METRES[:6]).map(Metre.parse),
        key=st.builds(
            Key, st.sampled_from("C D Eb F# Gb B A#".split()), st.sampled_from(list(MODES))
        ),
    )
    drawn = draw(st.lists(bars, min_size=1, max_size=5))
    if all(note.pitch is None for bar in drawn for note in bar.notes):
        drawn.append(Bar(notes=(Note(TICKS_PER_QUARTER, 60),), metre=Metre(), key=Key()))
    return Tune(id="drawn", title="", bars=tuple(drawn))


def ticks(quarters: str) -> int:
    """Ticks of a duration in quarters, such as "3/2"."""
    return int(Fraction(quarters) * TICKS_PER_QUARTER)
