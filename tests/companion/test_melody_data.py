"""Which melodies the MelodyTransformer learns from, and what becomes of corpora half there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import symusic

from chromasonic.companion import melody_data
from chromasonic.companion.companion import DataRequest
from chromasonic.companion.melody_clips import key_of_weights, line_of_clip, line_of_found
from chromasonic.companion.melody_data import both_ways, load_examples
from chromasonic.companion.melody_lines import UNKNOWN
from chromasonic.data.catalogue import facts_of
from chromasonic.data.corpus import Corpus, Manifest
from chromasonic.data.lakh import stream_lakh
from chromasonic.data.split import Split
from chromasonic.errors import CorpusError
from chromasonic.formats.abc import read_abc
from chromasonic.music.emotion import EmotionClip
from chromasonic.music.performance import PlayedNotes
from chromasonic.music.tune import Tune


def song(*, tempo: bool, metre: tuple[int, int] | None = (3, 4)) -> bytes:
    score = symusic.Score(480)
    if tempo:
        score.tempos.append(symusic.Tempo(0, 120))
    if metre:
        score.time_signatures.append(symusic.TimeSignature(0, *metre))
    track = symusic.Track("Melody", 0, False)
    for step in range(24):
        if step % 6 != 5:  # every sixth is silent
            track.notes.append(symusic.Note(step * 240, 200, 62 + [0, 2, 4, 5, 7, 9][step % 6], 90))
    score.tracks.append(track)
    return bytes(score.dumps_midi())


def lakh_folder(root: Path, data: bytes) -> Path:
    for number in range(30):
        track = f"TRABC{number:02d}128F42"
        folder = root / "lakh-matched" / "lmd_matched" / "A" / "B" / "C" / track
        folder.mkdir(parents=True)
        (folder / f"{number:032d}.mid").write_bytes(data if number else data[:60])
    return root


def test_a_melody_found_in_a_file_stands_on_the_files_own_bars(tmp_path: Path) -> None:
    root = lakh_folder(tmp_path, song(tempo=True)) / "lakh-matched"
    line = line_of_found(next(iter(stream_lakh(root))), corpus="lakh-matched")
    assert line.place.tolist()[:6] == [0, 2, 4, 6, 8, 0]
    assert line.length.tolist()[:4] == [2, 2, 2, 2]
    assert line.after_rest.tolist()[:6] == [True, False, False, False, False, True]
    assert not line.has_chords


@pytest.mark.parametrize(("tempo", "metre"), [(False, (3, 4)), (True, None)])
def test_without_tempo_or_metre_places_are_unknown(
    tmp_path: Path, tempo: bool, metre: tuple[int, int] | None
) -> None:
    root = lakh_folder(tmp_path, song(tempo=tempo, metre=metre)) / "lakh-matched"
    line = line_of_found(next(iter(stream_lakh(root))), corpus="lakh-matched")
    assert set(line.place.tolist()) == {UNKNOWN}


def test_a_part_of_lakh_is_taken_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(melody_data, "CORPORA", ("lakh-matched",))
    monkeypatch.setattr(melody_data, "LAKH_WORKERS", 0)
    data = load_examples(DataRequest(data_dir=lakh_folder(tmp_path, song(tempo=True))))
    assert set(data.train.groups["corpus"]) == {"lakh-matched"}
    assert len(data.train) == len(set(data.train.pieces)) > 15
    assert any("melodies in" in remark for remark in data.remarks)


def clip(*, jitter: float) -> EmotionClip:
    """An even tune in A minor over a bass, every onset somewhat off."""
    rng = np.random.default_rng(0)
    tune = [(0.5 * step, 69 + [0, 2, 3, 5, 7, 8, 11, 12][step % 8]) for step in range(32)]
    bass = [(2.0 * step, 45) for step in range(8)]
    onset, pitch = np.array(sorted(tune + bass)).T
    onset = np.maximum(onset + rng.normal(0, jitter, len(onset)), 0)
    order = np.lexsort((pitch, onset))
    count = len(onset)
    notes = PlayedNotes(
        onset_seconds=onset[order],
        end_seconds=onset[order] + 0.4,
        onset_quarters=onset[order] * 2,
        pitch=pitch[order].astype(np.int64),
        velocity=np.full(count, 70, np.int64),
        channel=np.zeros(count, np.int64),
        track=np.zeros(count, np.int64),
        program=np.zeros(count, np.int64),
    )
    return EmotionClip(
        id="clip",
        title="",
        song="song",
        valence=-1,
        arousal=1,
        notes=notes,
        ringing_seconds=notes.end_seconds,
        sha256="",
    )


def test_a_clip_gives_its_upper_line_with_its_emotion_and_key() -> None:
    line = line_of_clip(clip(jitter=0.005), corpus="emopia")
    assert line.pitch.tolist() == [69 + [0, 2, 3, 5, 7, 8, 11, 12][step % 8] for step in range(32)]
    assert (line.valence, line.arousal) == (-1.0, 1.0)
    assert int(line.tonic[0]) == 9
    assert line.key[0, 0] == 1  # C natural: minor
    steps = np.diff(np.unwrap(line.place.astype(float), period=16))
    assert np.median(steps) in (2, 4)  # the beat is one of the two


def test_chords_are_judged_both_ways_but_clips_once() -> None:
    line = line_of_clip(clip(jitter=0.0), corpus="emopia")
    assert both_ways([line]) == [line]


@pytest.mark.parametrize(
    ("weights", "key"),
    [
        ([5, 0, 2, 0, 4, 2, 0, 4, 0, 2, 0, 1], "C major"),
        ([2, 0, 1, 0, 3, 1, 0, 1, 1, 5, 0, 1], "A minor"),
    ],
)
def test_the_key_that_weights_speak_for(weights: list[float], key: str) -> None:
    assert str(key_of_weights(np.array(weights, float))) == key


def test_without_nottingham_the_folk_tunes_keep_their_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMASONIC_DATA", str(tmp_path))
    monkeypatch.setenv("CHROMASONIC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(melody_data, "CORPORA", ("nottingham", "folk-pd"))
    calls = []

    def load(name: str, **options: object) -> Corpus:
        calls.append((name, options["data_dir"]))
        tunes = tuple(_tune(number) for number in range(6))
        split = Split(*(tuple(tune.id for tune in tunes[at : at + 2]) for at in (0, 2, 4)))
        facts = facts_of(name)
        manifest = Manifest.of(facts, found_at="", found_by="", fingerprint="", counts={})
        return Corpus(name, tunes, manifest, split)

    monkeypatch.setattr(melody_data.data, "load", load)
    data = load_examples(DataRequest())
    assert calls == [("folk-pd", None)]
    assert [len(part) for part in (data.train, data.validation, data.test())] == [2, 2, 2]
    assert data.test() is data.test()
    assert any("'nottingham' is left out" in remark for remark in data.remarks)


def _tune(number: int) -> Tune:
    text = f"X:{number}\nM:4/4\nL:1/4\nK:C\n" + "CDEF|" * (2 + number) + "\n"
    (tune,) = read_abc(text, source="test").tunes
    return replace(tune, id=f"folk/{number}")


def test_a_corpus_that_is_half_there_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "emopia").mkdir()
    (tmp_path / "emopia" / "readme.txt").write_text("unpacking ...")
    monkeypatch.setattr(melody_data, "CORPORA", ("emopia",))
    with pytest.raises(CorpusError, match="emopia"):
        load_examples(DataRequest(data_dir=tmp_path))
    with pytest.raises(CorpusError, match="None of the MelodyTransformer's corpora"):
        load_examples(DataRequest(data_dir=tmp_path / "nothing"))
