"""Words for moods, and what a mood asks of music."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromasonic.errors import UsageError
from chromasonic.music.emotion_words import ANGLES_DEGREES, word_for
from chromasonic.music.mood_cues import cues_of

PLACE = st.floats(-1, 1)


@pytest.mark.parametrize(
    ("valence", "arousal", "word"),
    [
        (0.6, 0.6, "excited"),
        (0.0, 0.8, "tense"),
        (-0.7, -0.3, "gloomy"),
        (0.6, -0.4, "serene"),
        (0.0, -0.6, "sleepy"),
        (0.2, -0.12, "a little serene"),
        (1.0, 0.1, "very happy"),
        (0.05, -0.05, "neutral"),
    ],
)
def test_places_have_the_words_of_the_circumplex(valence: float, arousal: float, word: str) -> None:
    assert word_for(valence, arousal) == word


@pytest.mark.parametrize("word", ANGLES_DEGREES)
def test_each_word_is_reached_at_its_angle(word: str) -> None:
    angle = math.radians(ANGLES_DEGREES[word])
    assert word_for(0.7 * math.cos(angle), 0.7 * math.sin(angle)) == word


@pytest.mark.parametrize("place", [(1.1, 0), (0, -2), (math.nan, 0)])
def test_a_place_outside_the_plane_is_refused(place: tuple) -> None:
    with pytest.raises(UsageError, match="allowed: from -1 to 1"):
        cues_of(*place)


@given(PLACE, PLACE, st.floats(0, 1))
def test_more_arousal_is_never_slower_softer_nor_sparser(
    valence: float, arousal: float, by: float
) -> None:
    low, high = cues_of(valence, arousal), cues_of(valence, min(1.0, arousal + by))
    assert high.tempo_bpm >= low.tempo_bpm
    assert high.velocity >= low.velocity
    assert high.density_octaves >= low.density_octaves
    assert high.mode == low.mode


@given(PLACE, PLACE)
def test_mode_follows_the_sign_of_valence_and_all_stays_playable(
    valence: float, arousal: float
) -> None:
    cues = cues_of(valence, arousal)
    assert cues.mode == ("major" if valence >= 0 else "minor")
    assert 55 <= cues.tempo_bpm <= 170
    assert 40 <= cues.velocity <= 110


def test_every_cue_has_its_reason() -> None:
    reasons = cues_of(-0.5, 0.5).reasons()
    assert set(reasons) == {"mode", "tempo", "register", "density", "loudness"}
    assert "Minor" in reasons["mode"]
    assert "sad" in reasons["mode"]
