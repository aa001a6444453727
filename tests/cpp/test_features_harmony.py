"""The HarmonyPredictor's features, chords and accompaniments: C++ equal to Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asking import PARITY, Cpp, largest_gap
from exported_network import network_of

from chromasonic.companion.harmony_features import PLACE, encoded, surroundings
from chromasonic.companion.harmony_playing import harmonize_tune
from chromasonic.data.loading import load
from chromasonic.formats.abc import read_abc
from chromasonic.music.chord import CLASSES, HOLD, NONE, OTHER, START, chord_of_class, class_name
from chromasonic.music.chord_fitting import fit_chords
from chromasonic.music.harmonic_rhythm import (
    progression_of_chorale,
    progression_of_tune,
)
from chromasonic.music.key import Key
from chromasonic.music.progression import ChordProgression, progression
from chromasonic.music.tune import Tune

TUNES = Path(__file__).parents[1] / "fixtures" / "tunes.abc"


@pytest.fixture(scope="module")
def cpp(built: Path) -> Iterator[Cpp]:
    with Cpp(built) as child:
        yield child


@pytest.fixture(scope="module")
def tunes() -> Sequence[Tune]:
    return read_abc(TUNES.read_text("utf-8"), source="tunes.abc").tunes


def beats(piece: ChordProgression) -> list[dict[str, Any]]:
    """What is known at each beat, as it sounds, and the chord that then comes."""
    around = surroundings(piece)
    targets, classes = piece.targets(), piece.classes()
    is_new = (targets != HOLD) & (targets != START)
    return [
        {
            "tonic": piece.tonic[n],
            "scale": np.flatnonzero(piece.scale[n]),
            "beat": piece.beat[n],
            "bar_beats": piece.bar_beats[n],
            "melody": around[n, PLACE["melody"]],
            "chord": classes[n],
            "is_new": bool(is_new[n]),
        }
        for n in range(len(piece))
    ]


def gap_of(cpp: Cpp, piece: ChordProgression) -> float:
    return largest_gap(cpp.ask("harmony_features", beats=beats(piece)), encoded(piece)[0])


def made_up(rng: np.random.Generator, count: int, *, palette: int) -> ChordProgression:
    """A progression that comes back to few chords, so that the memory finds its way."""
    chosen = rng.permutation([*range(60), NONE, OTHER])[:palette]
    classes = [*[-1] * int(rng.integers(0, 5)), *chosen[rng.integers(0, palette, count)].tolist()]
    held = np.repeat(classes, rng.integers(1, 6, len(classes)))[:count].tolist()
    tonic = np.repeat(rng.integers(-1, 12, -(-count // 32)), 32)[:count]
    bar_beats = int(rng.integers(0, 7))
    return progression(
        [None if number < 0 else chord_of_class(number) for number in held],
        id="made up",
        title="",
        beat=[beat % bar_beats if bar_beats else -1 for beat in range(count)],
        bar_beats=[bar_beats] * count,
        tonic=tonic.tolist(),
        scale=(rng.random((count, 12)) < 0.5) & (tonic >= 0)[:, None],
        melody=rng.random((count, 12)) if rng.random() < 0.7 else None,
    )


def test_features_of_made_up_progressions_are_pythons(cpp: Cpp) -> None:
    rng = np.random.default_rng(0)
    for count in (1, 2, 9, 40, 100, 150, 200):
        for palette in (1, 2, 3, 5, 12):
            assert gap_of(cpp, made_up(rng, count, palette=palette)) <= PARITY


def test_the_memory_is_pythons_up_to_its_bound(cpp: Cpp) -> None:
    rng = np.random.default_rng(1)
    # The first way through the piece is met again only at the very end.
    course = rng.permutation(12).tolist()
    between = (12 + rng.integers(0, 48, 4_050)).tolist()
    between = [b for a, b in zip([-1, *between], between, strict=False) if a != b]
    classes = [*course, *between, *course]
    assert 4_000 < len(classes) < 4_096
    piece = progression(
        [chord_of_class(number) for number in classes],
        id="long",
        title="",
        beat=[0] * len(classes),
        bar_beats=[4] * len(classes),
        tonic=[0] * len(classes),
        scale=np.zeros((len(classes), 12)),
    )
    features = encoded(piece)[0]
    assert features[-1, course[-1]] >= 0.5, "by the whole way back it expects the last chord"
    assert gap_of(cpp, piece) <= PARITY


def test_real_tunes_have_pythons_features(cpp: Cpp, tunes: Sequence[Tune]) -> None:
    assert max(gap_of(cpp, progression_of_tune(tune)) for tune in tunes) <= PARITY


@pytest.mark.corpus
def test_three_corpora_have_pythons_features(cpp: Cpp, corpus_folder: Path) -> None:
    for name, made, step in (
        ("nottingham", progression_of_tune, 25),
        ("jsb-chorales", progression_of_chorale, 20),
        ("mcgill-billboard", lambda song: song, 40),
    ):
        pieces = load(name, data_dir=corpus_folder, download=False).pieces[::step]
        assert len(pieces) > 10
        assert max(gap_of(cpp, made(piece)) for piece in pieces) <= PARITY


def test_notes_on_a_clock_of_beats_are_the_melody_of_the_beats(
    cpp: Cpp, tunes: Sequence[Tune]
) -> None:
    """Where all bars are full the beats are even, so that a host can count them."""
    compared = 0
    for tune in tunes:
        if not all(bar.is_full for bar in tune.bars) or len({b.metre for b in tune.bars}) > 1:
            continue
        length = tune.bars[0].metre.beat_ticks if tune.bars[0].metre else 10_080
        notes = [[pitch, at / length, (at + d) / length] for at, d, pitch in tune.sounding()]
        piece = progression_of_tune(tune)
        for begin in range(0, len(piece), 48):  # it keeps 64 beats at once
            shown = [note for note in notes if begin <= note[2] and note[1] < begin + 56]
            answer = cpp.ask("harmony_melody", notes=shown, beats=min(begin + 48, len(piece)))
            expected = surroundings(piece)[:, PLACE["melody"]][begin : begin + 48]
            assert largest_gap(answer[begin:], expected) <= PARITY
        compared += 1
    assert compared >= 3


@pytest.mark.parametrize("mode", ["major", "minor"])
def test_chords_have_pythons_names_and_tones_in_every_key(cpp: Cpp, mode: str) -> None:
    for name in ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#"):
        key = Key(name, mode)
        if abs(key.fifths) > 7:
            continue
        rows = cpp.ask("chord_table", fifths=key.fifths, is_minor=mode == "minor")
        assert [row["name"] for row in rows] == [class_name(n, key) for n in range(CLASSES)]
        for number, row in enumerate(rows[:NONE]):
            tones = chord_of_class(number).pitch_classes
            assert {tone for tone in range(12) if row["tones"] >> tone & 1} == tones
            assert {pitch % 12 for pitch in row["notes"]} == tones
            assert row["notes"][0] % 12 == number % 12, "the root is in the bass"
            assert row["notes"] == sorted(set(row["notes"]))


def test_sounding_tones_make_the_chord_that_python_finds(cpp: Cpp) -> None:
    rng = np.random.default_rng(4)
    held = (np.arange(4096)[:, None] >> np.arange(12) & 1).astype(np.float32)  # all sets of tones
    soft = np.where(rng.random((3000, 12)) < 0.4, rng.random((3000, 12)), 0).astype(np.float32)
    weights = np.concatenate([held, soft])
    basses = rng.integers(-1, 12, len(weights)).tolist()
    named = [None if bass < 0 else bass for bass in basses]
    expected = [chord.class_id for chord in fit_chords(weights.astype(np.float64), named)]
    assert cpp.ask("fitted_chords", weights=weights, basses=basses) == expected
    assert len(set(expected)) == 62  # all 60, none and other


def worst_agreement(cpp: Cpp, models: Path, tunes: Sequence[Tune]) -> tuple[float, int]:
    """Over tunes the smallest share of beats with Python's chord; how many chords came at all."""
    network = network_of(models, "harmony_predictor")
    model = str(models / "harmony_predictor.json")
    shares, chords = [], set()
    for tune in tunes:
        expected = harmonize_tune(network, tune, beam=1).classes
        answer = cpp.ask(
            "harmony_accompaniment", model=model, beats=beats(progression_of_tune(tune))
        )
        shares.append(float((np.array(answer) == expected).mean()))
        chords |= set(answer)
    return min(shares), len(chords)


def test_the_model_accompanies_in_cpp_as_in_python(
    cpp: Cpp, exported_models: Path, tunes: Sequence[Tune]
) -> None:
    agreement, chords = worst_agreement(cpp, exported_models, tunes)
    assert agreement == 1
    assert chords > 5


@pytest.mark.corpus
def test_the_model_accompanies_nottingham_in_cpp_as_in_python(
    cpp: Cpp, exported_models: Path, corpus_folder: Path
) -> None:
    pieces = load("nottingham", data_dir=corpus_folder, download=False).pieces[::40]
    agreement, chords = worst_agreement(cpp, exported_models, pieces)
    assert len(pieces) > 20
    assert agreement == 1
    assert chords > 5
