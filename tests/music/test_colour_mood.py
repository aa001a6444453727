"""Colours to moods: the directions that were measured, whatever the palette."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromasonic.errors import UsageError
from chromasonic.music.colour_mood import Swatch, mood_of_palette
from chromasonic.music.colour_space import lab_of_srgb

SWATCHES = st.builds(
    lambda light, a, b, share: Swatch(lab=(light, a, b), share=share),
    st.floats(0, 100),
    st.floats(-90, 90),
    st.floats(-90, 90),
    st.floats(0.01, 1),
)
PALETTES = st.lists(SWATCHES, min_size=1, max_size=6)


def swatch(red: float, green: float, blue: float, share: float = 1.0) -> Swatch:
    return Swatch(lab=tuple(lab_of_srgb([red, green, blue])), share=share)


def assert_not_sadder_nor_slower(before: list[Swatch], after: list[Swatch]) -> None:
    old, new = mood_of_palette(before).cues, mood_of_palette(after).cues
    assert new.valence >= old.valence - 1e-9
    assert new.tempo_bpm >= old.tempo_bpm
    assert not (old.mode == "major" and new.valence < -1e-9)


@given(PALETTES, st.floats(0, 60))
def test_lighter_is_never_slower_nor_turns_to_minor(palette: list[Swatch], by: float) -> None:
    lighter = [replace(one, lab=(min(100.0, one.lab[0] + by), *one.lab[1:])) for one in palette]
    assert_not_sadder_nor_slower(palette, lighter)


@given(st.floats(0, 100), st.floats(0, 90), st.floats(1, 4))
def test_a_more_saturated_yellow_is_never_slower_nor_sadder(
    light: float, b: float, more: float
) -> None:
    pale, strong = (Swatch(lab=(light, 0.0, value), share=1.0) for value in (b, b * more))
    assert_not_sadder_nor_slower([pale], [strong])


@given(PALETTES)
def test_yellow_in_place_of_an_equally_strong_blue_is_never_slower(palette: list[Swatch]) -> None:
    yellower = [replace(one, lab=(one.lab[0], one.lab[1], abs(one.lab[2]))) for one in palette]
    assert_not_sadder_nor_slower(palette, yellower)


@pytest.mark.parametrize(
    ("colour", "mode", "slow", "fast"),
    [
        ((1.0, 0.9, 0.2), "major", 125, 170),  # light, saturated, yellow
        ((0.10, 0.13, 0.22), "minor", 50, 95),  # dark, greyish, blue
        ((0.55, 0.05, 0.05), "minor", 100, 170),  # dark red: angry music, not sad music
        ((0.85, 0.92, 0.95), "major", 60, 105),  # pale: calm
    ],
)
def test_the_poles_of_the_studies_come_out(
    colour: tuple, mode: str, slow: float, fast: float
) -> None:
    cues = mood_of_palette([swatch(*colour)]).cues
    assert cues.mode == mode
    assert slow <= cues.tempo_bpm <= fast


def test_colours_count_by_their_area() -> None:
    yellow, night = (1.0, 0.9, 0.2), (0.05, 0.06, 0.2)
    mostly_yellow = mood_of_palette([swatch(*yellow, 0.9), swatch(*night, 0.1)])
    mostly_night = mood_of_palette([swatch(*yellow, 0.1), swatch(*night, 0.9)])
    assert mostly_yellow.cues.mode == "major"
    assert mostly_night.cues.mode == "minor"
    assert mostly_yellow.cues.tempo_bpm > mostly_night.cues.tempo_bpm + 20


@given(PALETTES)
def test_the_order_of_colours_does_not_matter_and_every_influence_is_told(
    palette: list[Swatch],
) -> None:
    mood = mood_of_palette(palette)
    turned = mood_of_palette(palette[::-1])
    assert turned.cues.valence == pytest.approx(mood.cues.valence)
    for side in ("valence", "arousal"):
        total = sum(getattr(one, side) for one in mood.influences)
        assert getattr(mood.cues, side) == pytest.approx(max(-1.0, min(1.0, total)))
    assert [one.share for one in mood.swatches] == sorted(
        (one.share for one in palette), reverse=True
    )


def test_the_sentence_names_what_is_clear_and_what_follows() -> None:
    said = mood_of_palette([swatch(1.0, 0.9, 0.2)]).sentence()
    assert "light, saturated, yellowish" in said
    assert "major" in said
    plain = mood_of_palette([Swatch(lab=(50, 11.5, 15), share=1)])
    assert "neither light nor dark" in plain.sentence()


@pytest.mark.parametrize("palette", [[], [Swatch(lab=(50, 0, 0), share=0.0)]])
def test_a_palette_without_colours_is_refused(palette: list[Swatch]) -> None:
    with pytest.raises(UsageError, match="at least one colour"):
        mood_of_palette(palette)
