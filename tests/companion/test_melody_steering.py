"""Steering: full bars, the same for one seed, the register kept, what valence and arousal do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from chromasonic.companion.melody_features import PART, features_of
from chromasonic.companion.melody_lines import MelodyLine
from chromasonic.companion.melody_moods import Moods, counted_moods, major_third, pitch_figures
from chromasonic.companion.melody_rhythm import LENGTHS, RhythmModel
from chromasonic.companion.melody_steering import Steering, set_last_pitch, steer
from chromasonic.companion.network import CompanionNetwork
from chromasonic.companion.spec import SPECS
from chromasonic.errors import ConfigError, DataError, UsageError
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre


@pytest.fixture(scope="module")
def network() -> CompanionNetwork:
    torch.manual_seed(0)
    return CompanionNetwork(SPECS["melody_transformer"]).eval()


def rhythm_line(*lengths: int, arousal: float) -> MelodyLine:
    count = len(lengths)
    onset = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return MelodyLine(
        id="r",
        corpus="emopia",
        pitch=np.full(count, 60, np.int64),
        place=(onset % 16).astype(np.int8),
        length=np.array(lengths, np.float32),
        after_rest=np.zeros(count, bool),
        chord=np.zeros((count, 12), np.uint8),
        key=np.zeros((count, 12), np.uint8),
        tonic=np.zeros(count, np.int8),
        arousal=arousal,
    )


@pytest.mark.parametrize("metre", ["4/4", "3/4", "2/4", "6/8", "9/8", "12/8", "5/8", "3/2"])
@pytest.mark.parametrize("arousal", [-1.0, 0.0, 1.0])
def test_every_bar_is_full_in_any_metre(
    network: CompanionNetwork, metre: str, arousal: float
) -> None:
    wanted = Steering(arousal=arousal, bars=5, metre=Metre.parse(metre))
    tune = steer(network, wanted, seed=1).tune
    assert len(tune.bars) == 5
    assert all(bar.is_full for bar in tune.bars)


def test_the_same_seed_gives_the_same_melody_and_another_another(network: CompanionNetwork) -> None:
    wanted = Steering(valence=0.8, arousal=0.5, bars=4)
    first, again, other, second = (
        steer(network, wanted, seed=seed, number=number).tune.bars
        for seed, number in ((3, 1), (3, 1), (4, 1), (3, 2))
    )
    assert first == again
    assert first != other
    assert first != second


def test_the_last_note_is_the_tonic_and_pitches_stay_in_the_register(
    network: CompanionNetwork,
) -> None:
    low, high = counted_moods().register[1]
    for seed in range(5):
        wanted = Steering(arousal=1.0, bars=4, key=Key("E", "minor"))
        pitches = [pitch for _, _, pitch in steer(network, wanted, seed=seed).tune.sounding()]
        assert pitches[-1] % 12 == 4
        assert min(pitches) >= low
        assert max(pitches) <= high


def test_valence_gives_the_mode_arousal_tempo_strength_and_density(
    network: CompanionNetwork,
) -> None:
    made = {
        (valence, arousal): [
            steer(network, Steering(valence=valence, arousal=arousal, bars=8), seed=seed)
            for seed in range(4)
        ]
        for valence in (-0.8, 0.8)
        for arousal in (-0.8, 0.8)
    }
    assert {one.key.mode for (v, _), group in made.items() if v > 0 for one in group} == {"major"}
    assert {one.key.mode for (v, _), group in made.items() if v < 0 for one in group} == {"minor"}
    for valence in (-0.8, 0.8):
        calm, excited = made[valence, -0.8], made[valence, 0.8]
        assert calm[0].velocity < excited[0].velocity
        assert (calm[0].tune.tempo_bpm or 0) < (excited[0].tune.tempo_bpm or 0)
        count = [sum(len(list(one.tune.sounding())) for one in group) for group in (calm, excited)]
        assert count[0] < count[1]


def test_a_key_that_is_given_is_kept(network: CompanionNetwork) -> None:
    wanted = Steering(valence=-1.0, key=Key("F#", "major"), bars=2)
    assert str(steer(network, wanted).tune.key) == "F# major"


def test_turned_off_rules_and_network_change_nothing_of_theirs(network: CompanionNetwork) -> None:
    sad, glad = (
        Steering(valence=valence, arousal=valence, bars=4, by_network=False, by_rules=False)
        for valence in (-1.0, 1.0)
    )
    assert steer(network, sad, seed=2).tune.bars == steer(network, glad, seed=2).tune.bars
    sad, glad = (replace(wanted, by_network=True) for wanted in (sad, glad))
    rhythms = [
        [note.duration for note in steer(network, wanted, seed=2).tune.notes()]
        for wanted in (sad, glad)
    ]
    assert rhythms[0] == rhythms[1]  # only pitches may differ


def test_the_features_of_a_made_melody_are_those_of_training(network: CompanionNetwork) -> None:
    line = rhythm_line(4, 4, 2, 2, 4, arousal=1.0)
    pitched = replace(line, pitch=np.array([60, 71, 47, 90, 60]))
    expected, row_by_row = features_of(pitched), features_of(line)
    for row, pitch in zip(row_by_row[1:], pitched.pitch.tolist(), strict=False):
        set_last_pitch(row, pitch)
    np.testing.assert_array_equal(row_by_row, expected)
    assert row_by_row[0, PART["arousal"].start] == 1.0


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"valence": 1.5}, "valence is 1.5; allowed: from -1 to 1"),
        ({"arousal": float("nan")}, "arousal is nan"),
        ({"bars": 0}, "bars is 0; allowed: from 1 to 1000"),
        ({"temperature": 0.0}, "temperature is 0.0; allowed: above 0"),
        ({"top_p": 0.0}, "top_p is 0.0"),
        ({"top_k": 0}, "top_k is 0"),
    ],
)
def test_impossible_wishes_are_named(wish: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Steering(**wish)


def test_another_network_and_a_metre_without_sixteenths_are_refused(
    network: CompanionNetwork,
) -> None:
    with pytest.raises(UsageError, match="GroovePredictor"):
        steer(CompanionNetwork(SPECS["groove_predictor"]), Steering())
    with pytest.raises(UsageError, match="1/64 is no whole number of sixteenths"):
        steer(network, Steering(metre=Metre(1, 64)))


def test_a_rhythm_chain_by_hand() -> None:
    excited = rhythm_line(*[2] * 40, arousal=1.0)
    calm = rhythm_line(*[4] * 40, arousal=-1.0)
    model = RhythmModel.of([excited, calm, replace(calm, arousal=0.0)])
    assert model.counts.sum() == 39 + 39  # the clip of unknown arousal counts nowhere
    eighth, quarter = LENGTHS.index(2), LENGTHS.index(4)
    assert model.chances(1.0)[eighth, 2].argmax() == eighth
    assert model.chances(-1.0)[quarter, 4].argmax() == quarter
    np.testing.assert_allclose(model.chances(0.3).sum(-1), 1)
    middle = (model.chances(-1.0) + model.chances(1.0)) / 2
    np.testing.assert_allclose(model.chances(0.0), middle)
    assert (
        model.bits_a_length([excited])
        < 1.0
        < model.bits_a_length([rhythm_line(1, 3, 1, 3, 6, 1, 12, 1, arousal=1.0)])
    )


def test_the_statistics_of_the_package_go_to_json_and_back() -> None:
    moods = counted_moods()
    again = Moods.from_dict(moods.to_dict())
    np.testing.assert_array_equal(again.rhythm.counts, moods.rhythm.counts)
    assert again.register == moods.register
    assert moods.major_share[0] < 0.5 < moods.major_share[1]
    assert "emopia" in str(moods.source)
    broken = {**moods.to_dict(), "rhythm_counts": [[1]]}
    with pytest.raises(DataError, match="damaged"):
        Moods.from_dict(broken)


def test_figures_of_pitches_by_hand() -> None:
    figures = pitch_figures(np.array([60, 64, 62, 62]))
    assert figures["mean_pitch"] == 62
    assert figures["interval"] == pytest.approx((4 + 2 + 0) / 3)
    assert figures["pitch_range"] == pytest.approx(63.7 - 60.3)


def test_the_share_of_the_major_third_by_hand() -> None:
    pitch, length = np.array([62, 66, 65, 78, 60]), np.array([4.0, 2.0, 1.0, 1.0, 9.0])
    assert major_third(pitch, length, tonic=2) == pytest.approx(3 / 4)
    assert np.isnan(major_third(pitch, length, tonic=6))
