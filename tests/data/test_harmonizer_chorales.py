"""What a chorale of which only the pitches are known takes over from its score; the parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chromasonic.data.chorale_alignment import Alignment, Segment
from chromasonic.data.harmonizer_chorales import (
    HarmonizerChorales,
    harmonizer_chorales,
    has_interludes,
    with_score,
)
from chromasonic.errors import CorpusError
from chromasonic.music.chorale import SILENT, Chorale, HarmonicAnalysis
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre
from chromasonic.music.roman_numeral import parse_numeral

G, D7 = [67, 62, 59, 43], [66, 62, 57, 50]


def score() -> Chorale:
    """An upbeat and two bars of 3/4: G | G (held) D7 G | D7 G (fermata) G."""
    pitches = np.repeat(np.array([G, G, D7, G, D7, G, G], np.int64), 4, axis=0)
    onsets = np.zeros((28, 4), np.bool_)
    onsets[::4] = True
    onsets[4, 0] = False  # the soprano's first note is tied over the bar line
    chords = tuple(parse_numeral(n, Key("G")) for n in ("I", "V7", "I", "V7", "I"))
    analysis = HarmonicAnalysis(chords=chords, chord_of_step=np.repeat([0, 0, 1, 2, 3, 4, 4], 4))
    return Chorale(
        id="bach-chorales/x", title="Tune", pitches=pitches, is_onset=onsets, fermatas=(20,),
        key=Key("G"), metre=Metre(3, 4), pickup_steps=4, analysis=analysis,
    )  # fmt: skip


def laid_on(steps: list[int], segments: tuple[Segment, ...], semitones: int = 0) -> Chorale:
    pitches = score().pitches[steps] + semitones
    found = Alignment(transposition=semitones, agreement=1.0, segments=segments)
    return with_score(Chorale(id="jsb/1", title="", pitches=pitches), score(), found)


def test_a_chorale_takes_over_all_that_its_score_says() -> None:
    full = list(range(28))
    piece = laid_on(full, (Segment(0, 0, 28),), semitones=3)
    assert (piece.id, piece.title) == ("jsb/1", "Tune")
    assert piece.is_onset is not None
    assert (piece.is_onset == score().is_onset).all()
    assert (piece.fermatas, piece.metre, piece.pickup_steps) == ((20,), Metre(3, 4), 4)
    assert piece.key == Key("Bb", "major")
    assert piece.analysis is not None
    chord = piece.analysis.at(8)
    assert chord is not None
    assert (chord.numeral, chord.local_key, chord.root) == ("V7", Key("Bb", "major"), 5)
    assert chord.pitch_classes == {5, 9, 0, 3}


def test_a_repeat_that_is_written_out_has_its_fermata_twice() -> None:
    steps = [*range(4, 28), *range(4, 28)]
    piece = laid_on(steps, (Segment(0, 4, 24), Segment(24, 4, 24)))
    assert piece.fermatas == (16, 40)
    assert piece.pickup_steps == 0
    assert piece.analysis is not None
    assert [piece.analysis.roots[step] for step in (0, 4, 24, 28)] == [7, 2, 7, 2]


@pytest.mark.parametrize(("first", "pickup"), [(0, 4), (2, 2), (4, 0), (8, 8), (16, 0), (24, 4)])
def test_the_upbeat_is_counted_from_where_the_chorale_begins(first: int, pickup: int) -> None:
    piece = laid_on(list(range(first, 28)), (Segment(0, first, 28 - first),))
    assert piece.pickup_steps == pickup


def test_what_stands_nowhere_in_the_score_keeps_its_pitches_and_nothing_else() -> None:
    pitches = np.concatenate([score().pitches, score().pitches[:8] + 1])
    found = Alignment(transposition=0, agreement=0.8, segments=(Segment(0, 0, 28),))
    piece = with_score(Chorale(id="x", title="", pitches=pitches), score(), found)
    assert piece.analysis is not None
    assert piece.analysis.at(27) is not None
    assert [piece.analysis.at(step) for step in range(28, 36)] == [None] * 8
    assert piece.is_onset is not None
    assert piece.is_onset[28].all()  # another pitch is another note
    assert not piece.is_onset[29:36].any()


def test_interludes_are_long_silences_of_all_voices() -> None:
    pitches = np.tile(np.array([G], np.int64), (80, 1))
    pitches[10:42] = SILENT
    assert not has_interludes(Chorale(id="x", title="", pitches=pitches))
    pitches[42] = SILENT
    assert has_interludes(Chorale(id="x", title="", pitches=pitches))
    pitches[42, 3] = 43
    assert not has_interludes(Chorale(id="x", title="", pitches=pitches))


@pytest.fixture(scope="module")
def bundled() -> HarmonizerChorales:
    return harmonizer_chorales(analyses=False, download=False)


def test_training_and_validation_need_nothing_but_the_package(bundled: HarmonizerChorales) -> None:
    assert len(bundled.training) == 117
    assert len(bundled.validation) == 72
    assert len(bundled.refitting) == 195
    assert {piece.id for piece in bundled.unlisted} < {piece.id for piece in bundled.training}
    learnt = {piece.id for piece in (*bundled.training, *bundled.refitting)}
    assert not learnt & {piece.id for piece in bundled.test_scores}
    assert not {p.id for p in bundled.training} & {p.id for p in bundled.validation}
    for piece in (*bundled.training, *bundled.validation):
        assert piece.key is not None
        assert piece.metre is not None
        assert piece.is_onset is not None
        assert piece.analysis is None


def test_a_corpus_that_is_not_there_is_an_error_where_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHROMASONIC_DATA", raising=False)
    chorales = harmonizer_chorales(data_dir=tmp_path, download=False)
    assert len(chorales.training) == 117
    with pytest.raises(CorpusError, match="no corpus 'jsb-chorales'"):
        _ = chorales.test
    with pytest.raises(CorpusError, match="no corpus 'when-in-rome'"):
        _ = harmonizer_chorales(data_dir=tmp_path, analyses=True, download=False).training


@pytest.mark.corpus
def test_the_published_chorales_come_with_all_that_is_known(corpus_folder: Path) -> None:
    chorales = harmonizer_chorales(data_dir=corpus_folder, analyses=True)
    assert len(chorales.test) == 77
    assert len(chorales.published_validation) == 76
    assert [piece.id for piece in chorales.test[:2]] == [
        "jsb-chorales/test/1",
        "jsb-chorales/test/2",
    ]
    assert all(piece.key and piece.metre and piece.is_onset is not None for piece in chorales.test)
    assert sum(bool(piece.fermatas) for piece in chorales.test) == 75
    assert sum(piece.analysis is not None for piece in chorales.test) == 69
    assert sum(piece.key is not None for piece in chorales.published_validation) == 72
    tones = known = 0
    for piece in chorales.test:
        if piece.analysis is None:
            continue
        is_tone = piece.analysis.is_chord_tone
        sounding = (piece.pitches != SILENT) & (piece.analysis.chord_of_step >= 0)[:, None]
        step, voice = np.nonzero(sounding)
        tones += int(is_tone[step, piece.pitches[step, voice] % 12].sum())
        known += len(step)
    # What is no chord tone are passing notes and suspensions; at random it would be two thirds.
    assert tones / known > 0.9
