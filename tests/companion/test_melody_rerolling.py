"""A bar anew by the MelodyTransformer: the rest stays, the new one fits what stands around it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from chromasonic.companion.melody_features import PART
from chromasonic.companion.melody_rerolling import reroll_steered_bar
from chromasonic.companion.melody_steering import Steering, steer
from chromasonic.companion.network import CompanionNetwork, State
from chromasonic.companion.spec import SPECS
from chromasonic.errors import UsageError
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre
from chromasonic.music.tune import Bar, Note, Tune

WANTED = Steering(valence=0.8, arousal=0.5, bars=4, key=Key("D", "major"))


@pytest.fixture(scope="module")
def network() -> CompanionNetwork:
    torch.manual_seed(0)
    return CompanionNetwork(SPECS["melody_transformer"]).eval()


@pytest.fixture(scope="module")
def tune(network: CompanionNetwork) -> Tune:
    return steer(network, WANTED, seed=3).tune


def heard(bar: Bar) -> list[tuple]:
    return [(note.duration, note.pitch) for note in bar.notes]


@pytest.mark.parametrize("number", [1, 3, 4])
def test_one_full_bar_is_new_and_all_others_stay(
    network: CompanionNetwork, tune: Tune, number: int
) -> None:
    new, again = (reroll_steered_bar(network, tune, number, WANTED, seed=5) for _ in range(2))
    assert new == again
    bar = new.bars[number - 1]
    assert bar.is_full
    assert heard(bar) != heard(tune.bars[number - 1])
    assert replace(new, bars=(*new.bars[: number - 1], *new.bars[number:])) == replace(
        tune, bars=(*tune.bars[: number - 1], *tune.bars[number:])
    )


def test_earlier_versions_do_not_come_again(network: CompanionNetwork, tune: Tune) -> None:
    bars: list[Bar] = [tune.bars[1]]
    for seed in range(3):
        new = reroll_steered_bar(network, tune, 2, WANTED, seed=seed, avoid=bars)
        assert heard(new.bars[1]) not in [heard(bar) for bar in bars]
        bars.append(new.bars[1])


def test_the_last_bar_ends_on_the_tonic_and_on_its_longest_note(
    network: CompanionNetwork, tune: Tune
) -> None:
    for seed in range(2):
        notes = reroll_steered_bar(network, tune, 4, WANTED, seed=seed).bars[-1].notes
        assert notes[-1].pitch is not None
        assert notes[-1].pitch % 12 == 2
        assert notes[-1].duration == max(note.duration for note in notes)


class Leading(CompanionNetwork):
    """C or E, as likely as each other; G after C alone."""

    def step(self, features: Tensor, state: State | None = None) -> tuple[Tensor, State | None]:
        logits = torch.full((*features.shape[:-1], 128), -9.0)
        logits[..., [60, 64]] = 9.0
        after_c = features[..., PART["last_pitch_class"].start] == 1
        logits[..., 67] = torch.where(after_c, 9.0, -9.0)
        return logits, state


def quarters(*pitches: int) -> Bar:
    return Bar(tuple(Note(10_080, pitch) for pitch in pitches), Metre(4, 4), Key())


def test_what_follows_has_a_say() -> None:
    network = Leading(SPECS["melody_transformer"])
    wanted = Steering(key=Key())
    bars = (quarters(60, 64, 60, 64), quarters(64, 64, 64, 64), quarters(67, 60, 60, 60))
    tune = Tune(id="t", title="", bars=bars)
    lasts = {
        reroll_steered_bar(network, tune, 2, wanted, seed=seed).bars[1].notes[-1].pitch
        for seed in range(8)
    }
    assert lasts == {60}


def test_a_note_that_the_next_bar_holds_on_is_kept(network: CompanionNetwork) -> None:
    held = replace(quarters(71, 60, 60, 60), notes=(Note(10_080, 71, tied=True), Note(30_240, 60)))
    tune = Tune(id="t", title="", bars=(quarters(60, 64, 60, 64), quarters(64, 64, 64, 71), held))
    new = reroll_steered_bar(network, tune, 2, Steering(key=Key()), seed=1)
    assert new.bars[1].notes[-1].pitch == 71
    after = sum(bar.duration for bar in tune.bars[:2])
    assert [n for n in new.sounding() if n[0] >= after] == [
        n for n in tune.sounding() if n[0] >= after
    ]


def test_what_cannot_be_done_is_said(network: CompanionNetwork, tune: Tune) -> None:
    with pytest.raises(UsageError, match="no bar 5: the tune has bars 1 to 4"):
        reroll_steered_bar(network, tune, 5, WANTED)
    short = replace(tune, bars=(quarters(60), *tune.bars))
    with pytest.raises(UsageError, match="Bar 1 is not full"):
        reroll_steered_bar(network, short, 1, WANTED)
    with pytest.raises(UsageError, match="asked of the GroovePredictor"):
        reroll_steered_bar(CompanionNetwork(SPECS["groove_predictor"]), tune, 1, WANTED)
