"""A mood for a model that never heard of moods: what moves, and what stays the model's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from chromasonic.errors import UsageError
from chromasonic.melody_generation.generation import GenerationSettings, generate_tunes
from chromasonic.melody_generation.mood import (
    MOST_NOTES_A_SECOND,
    generate_in_mood,
    lean_of,
    tempo_for,
)
from chromasonic.melody_generation.tokens import VOCABULARY
from chromasonic.music.metre import TICKS_PER_QUARTER
from chromasonic.music.mood_cues import cues_of
from chromasonic.music.tune import Tune

SETTINGS = GenerationSettings(bars=8, endings=1, metre="4/4")


class Tunelike(nn.Module):
    """Prefers eighths and quarters, and pitches around G4, as tunes do."""

    def __init__(self) -> None:
        super().__init__()
        logits = torch.full((VOCABULARY.size,), -4.0)
        for name in ("NOTE:1/2", "NOTE:1", "NOTE:1/4", "NOTE:2"):
            logits[VOCABULARY.id(name)] = 2.0
        for pitch in range(36, 97):
            logits[VOCABULARY.id(f"PITCH:{pitch}")] = -(((pitch - 67) / 5) ** 2) / 2
        for token, name in enumerate(VOCABULARY.names):
            if name.startswith(("TONIC", "MODE")):
                logits[token] = 0.0
        self.register_buffer("logits", logits)

    def forward(self, ids_BT: Tensor) -> Tensor:
        return self.logits.expand(*ids_BT.shape, -1)


def notes_a_quarter(tunes: list[Tune]) -> float:
    notes = sum(sum(1 for _ in tune.sounding()) for tune in tunes)
    ticks = sum(bar.duration for tune in tunes for bar in tune.bars)
    return notes / (ticks / TICKS_PER_QUARTER)


def mean_pitch(tunes: list[Tune]) -> float:
    return float(np.mean([pitch for tune in tunes for _, _, pitch in tune.sounding()]))


def written(valence: float, arousal: float) -> list[Tune]:
    moods = generate_in_mood(
        Tunelike(), 12, valence=valence, arousal=arousal, settings=SETTINGS, seed=4
    )
    return [one.tune for one in moods]


def test_arousal_makes_tunes_denser_and_faster() -> None:
    calm, middle, lively = (written(0.0, arousal) for arousal in (-0.8, 0.0, 0.8))
    assert notes_a_quarter(calm) < 0.8 * notes_a_quarter(middle)
    assert notes_a_quarter(middle) < 0.8 * notes_a_quarter(lively)
    for slower, faster in ((calm, middle), (middle, lively)):
        assert max(t.tempo_bpm for t in slower) <= min(t.tempo_bpm for t in faster)


def test_valence_sets_the_mode_and_lifts_the_register() -> None:
    sad, glad = written(-0.8, 0.0), written(0.8, 0.0)
    assert {tune.key.mode for tune in sad} == {"minor"}
    assert {tune.key.mode for tune in glad} == {"major"}
    assert mean_pitch(glad) > mean_pitch(sad) + 2


def test_the_middle_of_the_plane_leans_on_nothing_within_the_comfortable_range() -> None:
    lean = lean_of(cues_of(0.0, 0.0))
    moved = {VOCABULARY.names[token] for token in np.flatnonzero(lean)}
    assert moved == {f"PITCH:{pitch}" for pitch in (*range(36, 57), *range(82, 97))}


def test_key_mode_and_opening_that_are_given_stay() -> None:
    for given, expected in (
        ({"key": "D dorian"}, "D dorian"),
        ({"key": "E minor"}, "E minor"),
    ):
        (made,) = generate_in_mood(
            Tunelike(), valence=0.9, arousal=0.1, settings=GenerationSettings(bars=2, **given)
        )
        assert str(made.tune.key) == expected
    (made,) = generate_in_mood(
        Tunelike(), valence=0.9, arousal=0.1, settings=GenerationSettings(bars=2, mode="phrygian")
    )
    assert made.tune.key.mode == "phrygian"
    opening = "X:1\nM:3/4\nL:1/8\nK:Am\nA2B2c2"
    (made,) = generate_in_mood(
        Tunelike(), valence=0.9, arousal=0.1, settings=GenerationSettings(bars=2), opening=opening
    )
    assert str(made.tune.key) == "A minor"
    assert [note.pitch for note in made.tune.bars[0].notes] == [69, 71, 72]


def test_a_mode_alone_leaves_the_tonic_to_the_model() -> None:
    tunes = generate_tunes(
        Tunelike(), 20, settings=GenerationSettings(bars=1, endings=1, mode="lydian"), seed=1
    )
    assert {tune.key.mode for tune in tunes} == {"lydian"}
    assert len({tune.key.tonic for tune in tunes}) > 3
    with pytest.raises(UsageError, match="'happy' is no mode"):
        GenerationSettings(mode="happy")


def test_a_tune_of_many_short_notes_is_not_rushed() -> None:
    for tune in written(1.0, 1.0):
        seconds = sum(bar.duration for bar in tune.bars) / TICKS_PER_QUARTER * 60 / tune.tempo_bpm
        assert sum(1 for _ in tune.sounding()) / seconds <= MOST_NOTES_A_SECOND * 1.02


def test_a_long_beat_comes_less_often() -> None:
    from chromasonic.formats.abc import read_abc

    cues = cues_of(0.0, 0.0)
    four, two = (
        read_abc(f"X:1\nM:{metre}\nL:1/4\nK:C\nC4|", source="t").tunes[0]
        for metre in ("4/4", "2/2")
    )
    assert tempo_for(cues, four) == 100
    assert tempo_for(cues, two) == 71  # 100 / sqrt(2)
