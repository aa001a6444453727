"""Pieces as files: names of notes, timelines beside the MIDI file, sound beside the timeline."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import symusic

from chromasonic.errors import RenderError
from chromasonic.formats.abc import read_abc
from chromasonic.formats.note_ids import with_note_ids
from chromasonic.formats.timeline_sound import mixed, render_voices
from chromasonic.music.part_score import Label, PartScore
from chromasonic.music.repeats import played_order
from chromasonic.music.tune import Tune
from chromasonic.studio.desk.report import unheard
from chromasonic.studio.rendering import setting_files, tune_files
from chromasonic.studio.shelf import Shelf
from chromasonic.studio.sound import work
from chromasonic.studio.sound.files import sound_names

REEL = """X:1
T:A <script>reel</script>
M:4/4
L:1/4
Q:1/4=120
K:D
A|:"D"d d-d f|a3/2 b/ (3a/g/f/ e|1 d2 z A:|2 d3||
|:f g a2-|a4:|
"""
VOICES = (
    "d c B A|!fermata!G4|B A G2|!fermata!G4|]",
    "A G G F|!fermata!D4|G F G2|!fermata!D4|]",
    "F E D D|!fermata!B,4|z2 E2|!fermata!B,4|]",
    "D A, B, D|!fermata!G,4|D D E2|!fermata!G,4|]",
)


def tune_of(abc: str) -> Tune:
    return read_abc(abc, source="test").tunes[0]


def chorale() -> PartScore:
    head = "X:1\nT:Little\nM:4/4\nL:1/4\nQ:1/4=90\nK:G\n"
    parts = tuple(tune_of(f"{head}{voice}\n") for voice in VOICES)
    return PartScore(
        id="little",
        title="Little",
        names=("Soprano", "Alto", "Tenor", "Bass"),
        parts=parts,
        labels=((Label(onset=0, text="I"),), (), (), ()),
    )


@pytest.fixture(scope="module")
def reel() -> dict[str, Any]:
    return tune_files(tune_of(REEL))


@pytest.fixture(scope="module")
def setting() -> dict[str, Any]:
    return setting_files(chorale())


def told(files: dict[str, Any]) -> dict[str, Any]:
    return json.loads(files["timeline.json"])


def midi_notes(data: bytes) -> list[tuple[float, float, int]]:
    """Onset and end in seconds and pitch, as symusic reads them with the file's tempos."""
    score = symusic.Score.from_midi(data, ttype="second")
    return sorted(
        (round(note.time, 2), round(note.time + note.duration, 2), note.pitch)
        for track in score.tracks
        for note in track.notes
    )


@pytest.mark.parametrize("kind", ["reel", "setting"])
def test_the_timeline_is_what_the_midi_file_plays(
    kind: str, request: pytest.FixtureRequest
) -> None:
    files = request.getfixturevalue(kind)
    data = files["tune.mid" if kind == "reel" else "setting.mid"]
    own = [
        (round(note["start"], 2), round(note["end"], 2), note["pitch"])
        for note in told(files)["notes"]
    ]
    assert np.allclose(sorted(own), midi_notes(data), atol=0.011)


def test_a_repeat_sounds_twice_from_the_same_notes(reel: dict[str, Any]) -> None:
    # By hand, at 120 a quarter is 0.5 s: an upbeat (head 1), then three bars of 2 s until the
    # repeat; heads 2 to 5 are the first of them, and its heads 3 and 4 are tied.
    notes = told(reel)["notes"]
    assert [n["start"] for n in notes if n["id"] == "note-1-2"] == [0.5, 6.5]
    (first, second) = [n for n in notes if n["id"] == "note-1-3"]
    assert first["tied"] == ["note-1-4"]
    assert (first["start"], first["end"]) == (1.0, 2.0)
    assert second["start"] == 7.0


def test_notes_are_called_as_they_are_spelled() -> None:
    files = tune_files(tune_of("X:1\nT:t\nM:4/4\nL:1/4\nK:Eb\nE G B =B|]\n"))
    assert [note["name"] for note in told(files)["notes"]] == ["E♭4", "G4", "B♭4", "B4"]


def test_bars_are_told_as_played(reel: dict[str, Any]) -> None:
    bars = told(reel)["bars"]
    assert [bar["number"] for bar in bars] == [1, 2, 3, 4, 2, 3, 5, 6, 7, 6, 7]
    assert bars[0]["label"] == 0
    assert [bar["start"] for bar in bars[:4]] == [0.0, 0.5, 2.5, 4.5]


def test_bars_are_played_in_the_order_of_their_repeats() -> None:
    bars = tune_of("X:1\nT:t\nM:2/4\nL:1/4\nK:C\n|:C C|D D|1E E:|2F F|G G|]\n").bars
    assert list(played_order(bars)) == [0, 1, 2, 0, 1, 3, 4]


@pytest.mark.parametrize("kind", ["reel", "setting"])
@pytest.mark.parametrize("name", ["score.svg", "score-narrow.svg"])
def test_every_note_of_the_timeline_stands_in_the_picture(
    kind: str, name: str, request: pytest.FixtureRequest
) -> None:
    files = request.getfixturevalue(kind)
    named = set(re.findall(r'id="(note-\d+-\d+)" class="note"', files[name]))
    wanted = {one for note in told(files)["notes"] for one in (note["id"], *note["tied"])}
    assert wanted == named


def test_names_count_the_heads_of_each_voice() -> None:
    text = (
        '<part id="P1"><measure><note><voice>1</voice></note><note print-object="no"><voice>1'
        "</voice></note><backup /><note><voice>2</voice></note></measure></part>"
        '<part id="P2"><notehead/><note><voice>1</voice></note></part>'
    )
    named = with_note_ids(text, [[0, 1], [2]])
    assert re.findall(r'<note id="([^"]+)"', named) == [
        *("note-1-1", "note-1-2", "note-2-1", "note-3-1"),
    ]
    assert named.replace(' id="note-1-1"', "").count("<notehead/>") == 1


def test_a_title_with_markup_stays_text(reel: dict[str, Any]) -> None:
    assert "<script" not in reel["score.svg"]
    assert "<script" not in reel["tune.musicxml"].decode()


def test_a_fermata_holds_the_time_of_all_voices(setting: dict[str, Any]) -> None:
    # By hand: 90 quarters a minute; the fermata's four quarters at 0.6 of the tempo.
    held = [note for note in told(setting)["notes"] if note["bar"] == 2]
    assert {note["start"] for note in held} == {round(4 * 60 / 90, 4)}
    lengths = [note["end"] - note["start"] for note in held]
    assert lengths == pytest.approx([4 * 60 / 90 / 0.6] * 4, abs=1e-3)


def test_the_sound_begins_where_the_timeline_says() -> None:
    files = tune_files(tune_of("X:1\nT:t\nM:4/4\nL:1/4\nQ:1/4=60\nK:C\nz c z2|z2 g z|]\n"))
    (voice,) = render_voices(told(files))
    loud = np.abs(voice.samples) > 0.02
    assert np.flatnonzero(loud)[0] / voice.rate == pytest.approx(1.0, abs=0.03)
    later = np.flatnonzero(loud[int(5.0 * voice.rate) :])[0] / voice.rate + 5.0
    assert later == pytest.approx(6.0, abs=0.03)


def test_voices_are_aligned_and_their_sum_is_the_whole(setting: dict[str, Any]) -> None:
    timeline = told(setting)
    voices = render_voices(timeline)
    assert len({len(voice.samples) for voice in voices}) == 1
    whole = mixed(voices, timeline)
    assert np.abs(whole.samples).max() == pytest.approx(10 ** (-3 / 20), abs=1e-3)
    # A browser pans a mono source with constant power: the same by hand, from the pans told.
    angles = [(voice["pan"] + 1) * np.pi / 4 for voice in timeline["voices"]]
    left = sum(np.cos(a) * one.samples for a, one in zip(angles, voices, strict=True))
    assert np.allclose(whole.samples[:, 0], left, atol=1e-5)
    tenor = voices[2].samples
    rest = next(bar for bar in timeline["bars"] if bar["number"] == 3)["start"]
    before = slice(int((rest - 0.2) * voices[2].rate), int(rest * voices[2].rate))
    during = slice(int((rest + 1.0) * voices[2].rate), int((rest + 1.2) * voices[2].rate))
    assert np.abs(tenor[during]).max() < 0.05 * np.abs(tenor[before]).max()


def test_what_has_no_note_is_refused_in_words() -> None:
    timeline = {"notes": [], "voices": [{"name": "a", "program": 0}]}
    with pytest.raises(RenderError, match="no note to play"):
        render_voices(timeline)


def test_sound_is_made_once_and_kept(tmp_path: Path, setting: dict[str, Any]) -> None:
    shelf = Shelf(tmp_path)
    piece = shelf.keep("harmony", "Little", {}, setting)
    params = {"shelf": str(tmp_path), "piece": piece.id, "form": "voices", "program": None}
    answer = work.sound(params, unheard())
    assert answer["files"] == [f"voice-{number}.flac" for number in (1, 2, 3, 4)]
    assert [voice["name"] for voice in answer["voices"]] == ["Soprano", "Alto", "Tenor", "Bass"]
    path = shelf.path(piece.id, "voice-1.flac")
    before = path.stat().st_mtime_ns
    assert work.sound(params, unheard()) == answer
    assert path.stat().st_mtime_ns == before
    lengths = {
        soundfile.info(io.BytesIO(shelf.path(piece.id, name).read_bytes())).frames
        for name in answer["files"]
    }
    assert len(lengths) == 1


def test_another_instrument_is_another_file() -> None:
    assert sound_names("wav", 1, 40) == ["sound-p40.wav"]
    assert sound_names("voices", 2, 0) == ["voice-1-p0.flac", "voice-2-p0.flac"]


def test_systems_are_about_equally_full_and_end_with_phrases() -> None:
    jig = "D|GGG GAB|G3 BGA|B2G GED|E3 A2D|G2A GAB|g3 edc|BAB GAG|A3 B2|]"
    files = tune_files(tune_of(f"X:1\nT:t\nM:6/8\nL:1/8\nK:G\n{jig}\n"))
    wide = [
        part.count('class="measure"') for part in files["score.svg"].split('class="system"')[1:]
    ]
    assert wide == [5, 4]  # an upbeat and four bars, then four
    narrow = files["score-narrow.svg"].split('class="system"')[1:]
    assert min(part.count('class="measure"') for part in narrow) > 1
