"""One bar anew: the rest note for note, the same by seed, never the bar that was there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import ids_of, tunes
from torch import Tensor, nn

from chromasonic.errors import UsageError
from chromasonic.formats.abc import read_abc
from chromasonic.melody_generation.constraints import GRID_TICKS
from chromasonic.melody_generation.generation import GenerationSettings, generate_tunes
from chromasonic.melody_generation.markov import MarkovConfig, MarkovModel
from chromasonic.melody_generation.models import build_model
from chromasonic.melody_generation.rerolling import RerollSettings, reroll_bar
from chromasonic.melody_generation.tokens import VOCABULARY, UnencodableTune, encode
from chromasonic.music.tune import Bar, ChordSymbol, Note, Tune

FEW = RerollSettings(candidates=6)


class EvenModel(nn.Module):
    """Only `forward`: every token is as likely as the others."""

    def forward(self, ids_BT: Tensor) -> Tensor:
        return torch.zeros(*ids_BT.shape, VOCABULARY.size)


def tune_of(music: str, header: str = "M:4/4\nL:1/8\nK:G") -> Tune:
    return read_abc(f"X:1\n{header}\n{music}", source="test").tunes[0]


def heard(bar: Bar) -> list[tuple]:
    return [(note.duration, note.pitch, note.tied) for note in bar.notes]


@settings(max_examples=30, deadline=None)
@given(tunes(), st.integers(0, 10**6), st.data())
def test_all_other_bars_stay_note_for_note(tune: Tune, seed: int, data: st.DataObject) -> None:
    try:
        encode(tune)
    except UnencodableTune:
        return
    with_notes = [number for number, bar in enumerate(tune.bars, 1) if bar.notes]
    number = data.draw(st.sampled_from(with_notes))
    try:
        new = reroll_bar(EvenModel(), tune, number, seed=seed, settings=FEW)
    except UsageError as error:
        is_odd = tune.bars[number - 1].duration % GRID_TICKS != 0
        assert ("within a tuplet" if is_odd else "held into the next bar") in str(error)
        return
    assert len(new.bars) == len(tune.bars)
    for place, (old_bar, new_bar) in enumerate(zip(tune.bars, new.bars, strict=True), 1):
        if place == number:
            assert new_bar.duration == old_bar.duration
            assert heard(new_bar) != heard(old_bar)
            assert replace(new_bar, notes=()) == replace(old_bar, notes=())
        else:
            assert new_bar == old_bar
            assert [note.name for note in new_bar.notes] == [note.name for note in old_bar.notes]
    before = sum(bar.duration for bar in tune.bars[:number])
    assert [n for n in new.sounding() if n[0] >= before] == [
        n for n in tune.sounding() if n[0] >= before
    ]


@pytest.mark.parametrize("kind", ["lstm", "transformer"])
def test_networks_write_bars_too_and_the_same_seed_the_same_bar(kind: str) -> None:
    torch.manual_seed(3)
    model = build_model(kind)
    (tune,) = generate_tunes(model, settings=GenerationSettings(bars=4, endings=1), seed=2)
    number = len(tune.bars) - 1
    first, again = (reroll_bar(model, tune, number, seed=5, settings=FEW) for _ in range(2))
    assert first == again
    assert first != tune
    alone = RerollSettings(candidates=1)
    one, other = (reroll_bar(model, tune, number, seed=seed, settings=alone) for seed in (5, 6))
    assert heard(one.bars[number - 1]) != heard(other.bars[number - 1])


def test_repeats_endings_chords_and_upbeats_stay_on_the_page() -> None:
    tune = tune_of('G2 |: "G"GABc d2e2 | "C"c2e2 g4 |1 d2B2 G4 :|2 d2B2 G2 z2 |]')
    for number in range(1, len(tune.bars) + 1):
        new = reroll_bar(EvenModel(), tune, number, seed=number, settings=FEW)
        old_bar, new_bar = tune.bars[number - 1], new.bars[number - 1]
        assert new_bar.duration == old_bar.duration
        assert (new_bar.chords, new_bar.ending) == (old_bar.chords, old_bar.ending)
        assert [bar.closes_repeat for bar in new.bars] == [bar.closes_repeat for bar in tune.bars]
    assert tune.bars[1].chords == (ChordSymbol(0, "G"),)


def test_a_note_held_into_the_next_bar_is_still_held() -> None:
    tune = tune_of("GABc d4 | e2d2 c4- | c4 B4 | A8 |")
    for seed in range(8):
        new = reroll_bar(EvenModel(), tune, 2, seed=seed, settings=FEW)
        assert new.bars[1].notes[-1].pitch == 72
        assert new.bars[2].notes[0].tied
        assert heard(new.bars[1]) != heard(tune.bars[1])


class Leading(nn.Module):
    """Whole notes, B or low C as likely as each other; high C comes after B alone."""

    def forward(self, ids_BT: Tensor) -> Tensor:
        pitch = {number: VOCABULARY.id(f"PITCH:{number}") for number in (60, 71, 72)}
        logits = torch.zeros(*ids_BT.shape, VOCABULARY.size)
        logits[..., VOCABULARY.id("NOTE:4")] = 9.0
        logits[..., [pitch[60], pitch[71]]] = 9.0
        logits[..., pitch[72]] = -9.0
        after_b = torch.nn.functional.pad(ids_BT == pitch[71], (3, 0))[:, : ids_BT.shape[1]]
        logits[..., pitch[72]][after_b] = 9.0  # B, bar line, its duration: then the pitch
        for step in (1, 2):
            later = torch.nn.functional.pad(ids_BT == pitch[71], (step, 0))[:, : ids_BT.shape[1]]
            logits[..., pitch[72]][later] = 9.0
        return logits


def test_what_follows_has_a_say() -> None:
    tune = tune_of("G8 | G8 | c8 |")
    alone = replace(tune, bars=tune.bars[:2])
    with_after, without = (
        [reroll_bar(Leading(), each, 2, seed=seed).bars[1].notes[-1].pitch for seed in range(12)]
        for each in (tune, alone)
    )
    assert with_after == [71] * 12
    assert 2 <= sum(pitch == 71 for pitch in without) <= 10


def test_a_model_that_knows_one_bar_only_finds_another_all_the_same() -> None:
    tune = tune_of("GABc d4 | GABc d4 | GABc d4 | GABc d4 |")
    model = MarkovModel(MarkovConfig())
    model.fit([encode(tune)] * 20)
    new = reroll_bar(model, tune, 3, seed=1)
    assert heard(new.bars[2]) != heard(tune.bars[2])


def test_earlier_versions_are_not_offered_again() -> None:
    tune = tune_of("GABc d4 | e2d2 c4 | B8 |")
    bars: list[Bar] = []
    for seed in range(6):
        new = reroll_bar(EvenModel(), tune, 2, seed=seed, settings=FEW, avoid=bars)
        assert heard(new.bars[1]) not in [heard(bar) for bar in bars]
        bars.append(new.bars[1])


def test_leaning_reaches_the_bar() -> None:
    lean = np.zeros(VOCABULARY.size)
    lean[ids_of("NOTE:4")] = 50.0
    tune = tune_of("GABc d4 | e2d2 c4 | B8 |")
    new = reroll_bar(EvenModel(), tune, 2, settings=RerollSettings(lean_V=lean))
    assert [note.duration for note in new.bars[1].notes] == [tune.bars[1].duration]


def test_a_model_in_training_is_left_in_training() -> None:
    model = build_model("lstm").train()
    reroll_bar(model, tune_of("GABc d4 | e2d2 c4 |"), 1, settings=FEW)
    assert model.training


@pytest.mark.parametrize(
    ("number", "said"), [(0, "bars 1 to 2"), (3, "bars 1 to 2"), (-1, "no bar -1")]
)
def test_a_bar_that_is_not_there_is_said(number: int, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        reroll_bar(EvenModel(), tune_of("GABc d4 | e2d2 c4 |"), number)


def test_what_the_vocabulary_cannot_say_is_said() -> None:
    tune = tune_of("GABc d4 | e8 |")
    low = replace(tune, bars=(replace(tune.bars[0], notes=(Note(40_320, 20),)), tune.bars[1]))
    with pytest.raises(UsageError, match="pitch out of range"):
        reroll_bar(EvenModel(), low, 2)
    with pytest.raises(UsageError, match="candidates is 0"):
        RerollSettings(candidates=0)
    with pytest.raises(UsageError, match="seed is -1"):
        reroll_bar(EvenModel(), tune, 1, seed=-1)
