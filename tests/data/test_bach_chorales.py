"""The chorales inside music21: as music21 itself reads them, and by hand."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from chromasonic.data import Corpus, load
from chromasonic.data.bach_chorales import FACTS, chorale_of_score, score_paths
from chromasonic.data.chorale_table import chorale_table
from chromasonic.data.locate import locate
from chromasonic.formats.chorale_musicxml import ChoraleScore, parse_chorale
from chromasonic.music.chorale import SILENT, Chorale
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre


@pytest.fixture(scope="module")
def root() -> Path:
    return locate(FACTS).folders[0]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus[Chorale]:
    """All of them, read anew, and once more from the cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHROMASONIC_CACHE", str(tmp_path_factory.mktemp("cache")))
        corpus = load("bach-chorales")
        assert json.dumps(corpus.manifest.to_dict())
        again = load("bach-chorales")
    assert [piece.id for piece in again.pieces] == [piece.id for piece in corpus.pieces]
    first, second = corpus.pieces[40], again.pieces[40]
    assert first.pitches.tolist() == second.pitches.tolist()
    assert first.is_onset.tolist() == second.is_onset.tolist()
    assert (first.key, first.metre, first.fermatas) == (second.key, second.metre, second.fermatas)
    return corpus


@pytest.fixture(scope="module")
def chorales(corpus: Corpus[Chorale]) -> dict[str, Chorale]:
    return {piece.id.partition("/")[2]: piece for piece in corpus.pieces}


def test_all_scores_in_four_voices_are_read_and_the_others_named(
    corpus: Corpus[Chorale], root: Path
) -> None:
    assert len(corpus.pieces) == 407
    assert len(score_paths(root)) == FACTS.pieces == 410
    reasons = {item.reference: item.reason for item in corpus.manifest.skipped}
    assert set(reasons) == {"bwv227.3.mxl", "bwv27.6.mxl", "bwv846.mxl"}
    assert "2 parts are named soprano" in reasons["bwv27.6.mxl"]
    assert "no part is named soprano" in reasons["bwv846.mxl"]


def test_every_number_of_riemenschneider_but_the_five_part_one_is_there(
    chorales: dict[str, Chorale],
) -> None:
    numbers = {n for entry in chorale_table().scores.values() for n in entry.riemenschneider}
    assert set(range(1, 372)) - numbers == {150}
    assert set(chorale_table().scores) == set(chorales)


def test_the_first_chorale_is_as_the_book_has_it(chorales: dict[str, Chorale]) -> None:
    first = chorales["269"]
    assert first.title == "Aus meines Herzens Grunde"
    assert (first.key, first.metre, first.pickup_steps) == (Key("G", "major"), Metre(3, 4), 4)
    assert first.pitches[:16:4, 0].tolist() == [67, 67, 67, 74]  # G | G - D
    assert first.pitches[:16:4, 3].tolist() == [43, 55, 52, 54]  # G | g e f sharp
    assert first.is_onset is not None
    assert first.is_onset[:16:4, 0].tolist() == [True, True, False, True]
    # The score has them in bars 4, 7 (with a repeat), 10, 14, 18 and 21.
    bars = [(step - first.pickup_steps) / 12 + 1 for step in first.fermatas]
    assert [int(bar) for bar in bars] == [4, 7, 10, 14, 18, 21]
    assert all(first.is_onset[step, 0] for step in first.fermatas)


def test_no_chorale_begins_or_ends_in_silence_and_voices_stay_in_order(
    chorales: dict[str, Chorale],
) -> None:
    for name, piece in chorales.items():
        sounding = (piece.pitches != SILENT).any(axis=1)
        assert sounding[0], name
        assert sounding[-1], name
        assert piece.is_onset is not None
        assert not (piece.is_onset & (piece.pitches == SILENT)).any(), name
        changed = (piece.pitches[1:] != piece.pitches[:-1]) & (piece.pitches[1:] != SILENT)
        assert not (changed & ~piece.is_onset[1:]).any(), name
        assert all(0 <= step < len(piece) for step in piece.fermatas), name
    means = np.mean([p.pitches.mean(axis=0) for p in chorales.values()], axis=0)
    assert (np.diff(means) < -3).all()


def their_grid(path: Path) -> np.ndarray:
    """The four voices as music21 parses them, each sixteenth the note that sounds there."""
    from music21 import converter

    parts = converter.parse(path).parts
    names = ("soprano", "alto", "tenor", "bass")
    voices = [next(p for p in parts if p.partName.lower().startswith(name)) for name in names]
    columns = []
    for voice in voices:
        flat = voice.flatten()
        steps = int(flat.highestTime * 4)
        column = np.full(steps, SILENT)
        for note in flat.notes:
            if note.duration.isGrace:
                continue
            first = -(-Fraction(note.offset) * 4 // 1)
            after = -(-(Fraction(note.offset) + Fraction(note.quarterLength)) * 4 // 1)
            column[int(first) : int(after)] = note.pitch.midi
        columns.append(column)
    length = max(map(len, columns))
    return np.stack([np.pad(c, (0, length - len(c)), constant_values=SILENT) for c in columns], 1)


@pytest.mark.parametrize("name", ["269", "66.6", "19.7", "315", "36.4-2"])
def test_music21_parses_the_same_pitches(name: str, root: Path) -> None:
    path = root / f"bwv{name}.mxl"
    ours = parse_chorale(path.read_bytes(), source=path.name).pitches
    theirs = their_grid(path)
    length = max(len(ours), len(theirs))
    pads = [((0, length - len(grid)), (0, 0)) for grid in (ours, theirs)]
    padded = [
        np.pad(g, p, constant_values=SILENT) for g, p in zip((ours, theirs), pads, strict=True)
    ]
    assert (padded[0] == padded[1]).all()


def made_up(silent: int, bars: tuple[int, ...], steps: int = 32) -> ChoraleScore:
    pitches = np.tile(np.array([[72, 67, 64, 48]], np.int64), (steps, 1))
    pitches[:silent] = pitches[-3:] = SILENT
    return ChoraleScore(
        pitches=pitches,
        is_onset=pitches != SILENT,
        fermatas=(0, 12, 30),
        fifths=0,
        mode="",
        metre=Metre(4, 4),
        bars=tuple((str(number), start) for number, start in enumerate(bars)),
        off_grid=0,
    )


@pytest.mark.parametrize(
    ("silent", "bars", "pickup"),
    [(0, (0, 4, 20), 4), (0, (0, 16), 0), (12, (0, 16), 4), (16, (0, 16), 0), (4, (0, 8, 24), 4)],
)
def test_silence_at_the_ends_is_left_out_and_the_upbeat_counted_from_the_first_note(
    silent: int, bars: tuple[int, ...], pickup: int
) -> None:
    piece = chorale_of_score(made_up(silent, bars), id="x", title="")
    assert len(piece) == 32 - silent - 3
    assert piece.pickup_steps == pickup
    assert piece.fermatas == tuple(step - silent for step in (0, 12) if step >= silent)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("66.6", Key("F#", "minor")),
        ("244.62", Key("A", "minor")),  # Phrygian: it ends on the chord of E
        ("38.6", Key("A", "minor")),
        ("140.7", Key("Eb", "major")),
        ("80.8", Key("D", "major")),
    ],
)
def test_the_home_key_is_that_of_the_close(
    name: str, key: Key, chorales: dict[str, Chorale]
) -> None:
    assert chorales[name].key == key
