"""`chromasonic harmonize`: tables, files, explanations, JSON; what it refuses."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chromasonic.cli.app import app
from chromasonic.formats.melodies import load_melody

DORIAN = """X:1
T:A study
M:6/8
L:1/8
K:Ddor
A | d2e f2d | c3 z2 A | dfa g>fe | f2e e2A | d3- d2 |]
"""


@pytest.fixture
def abc(tmp_path: Path) -> Path:
    path = tmp_path / "study.abc"
    path.write_text(DORIAN, encoding="utf-8")
    return path


def harmonize(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["harmonize", *map(str, arguments)])


def test_typed_notes_become_a_table_with_numerals() -> None:
    result = harmonize("C4 E4 G4 C5 B4 C5:3", "--agent", "exact")
    assert result.exit_code == 0, result.stderr
    assert "C major, 4/4, 2 bars; agent exact, reward" in result.stdout
    rows = {line[0]: line for line in result.stdout.splitlines() if line[:2] in ("S ", "B ")}
    assert "C4" in rows["S"]
    assert "C: I" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize("agent", ["simple", "advanced", "hybrid"])
def test_the_agents_that_ship_work_right_away(agent: str) -> None:
    result = harmonize("C4 D4 E4 F4 G4:2 E4 C4", "--agent", agent)
    assert result.exit_code == 0, result.stderr
    assert f"agent {agent}" in result.stdout


def test_files_are_written_by_their_endings_and_named(abc: Path) -> None:
    outputs = [abc.with_suffix(ending) for ending in (".musicxml", ".mid", ".svg")]
    arguments = [part for path in outputs for part in ("--output", path)]
    result = harmonize(abc, "--agent", "exact", *arguments)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.split() == [str(path) for path in outputs]
    assert all(path.stat().st_size > 500 for path in outputs)
    soprano = load_melody(outputs[0], part="Soprano")
    written = load_melody(abc)
    assert [note[:3] for note in soprano.sounding()] == [note[:3] for note in written.sounding()]
    for part in ("Alto", "Tenor", "Bass"):
        assert list(load_melody(outputs[0], part=part).sounding())


def test_alternatives_are_numbered(abc: Path) -> None:
    output = abc.with_name("setting.mid")
    result = harmonize(abc, "--agent", "exact", "--alternatives", 2, "--output", output)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.split() == [str(abc.with_name(f"setting-{n}.mid")) for n in (1, 2)]
    table = harmonize(abc, "--agent", "exact", "--alternatives", 2)
    assert "Alternative 2 of 2" in table.stdout


def test_the_explanation_adds_up_to_the_reward(abc: Path) -> None:
    result = harmonize(abc, "--agent", "exact", "--explain", "--key", "D dorian")
    assert result.exit_code == 0, result.stderr
    lines = [line for line in result.stdout.splitlines() if line.startswith(("bar ", "sum"))]
    costs = [float(line[18:26]) for line in lines]
    assert lines[-1].startswith("sum")
    assert math.isclose(sum(costs[:-1]), costs[-1], abs_tol=0.005 * len(costs))


def test_the_json_document_holds_voicings_and_remarks(abc: Path) -> None:
    result = harmonize(abc, "--agent", "exact", "--json", "--transpose", -2)
    document = json.loads(result.stdout)
    assert document["key"] == "C dorian"
    assert document["transposed_semitones"] == -2
    (found,) = document["harmonizations"]
    assert found["agent"] == "exact"
    first = found["voicings"][0]
    assert (first["bar"], first["pitches"][0], first["names"][0]) == (0, 67, "G4")
    assert math.isclose(
        -sum(one["cost"] for one in found["remarks"]), found["reward"], abs_tol=1e-6
    )
    assert math.isclose(found["reward_a_beat"] * len(found["voicings"]), found["reward"])


def test_a_key_is_found_given_and_spelled() -> None:
    assert "A minor" in harmonize("A4 B4 C5 D5 E5:2 E5 D5 C5 B4 A4:2", "--agent", "exact").stdout
    dorian = harmonize("D4 E4 F4 G4 A4 B4 A4 D4", "--key", "D dorian", "--agent", "exact")
    assert "D dorian" in dorian.stdout
    assert "D dor: i" in dorian.stdout


def test_a_metre_is_for_typed_notes() -> None:
    assert "3/4" in harmonize("C4 D4 E4 D4:3", "--metre", "3/4", "--agent", "exact").stdout


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        ([""], "There is no note", 1),
        (["R:4"], "only rests", 1),
        (["C4 Q4"], "'Q4', is no note", 1),
        (["C3 D3 E3"], "--transpose 12", 2),
        (["C2 C6"], "no voice sings that", 2),
        (["C4 D4", "--key", "H major"], "'H major' is no key", 2),
        (["C4 D4", "--metre", "7"], "is no metre", 2),
        (["C4 D4", "--transpose", "up"], "neither a whole number", 2),
        (["C4 D4", "--transpose", "99"], "from -48 to 48", 2),
        (["C4 D4", "--agent", "choir"], "known: exact, simple", 2),
        (["C4 D4", "--output", "score.pdfx"], "Allowed: .musicxml", 2),
        (["C4 D4", "--alternatives", "0"], "ask for 1 or more", 2),
        (["C4 D4", "--part", "2"], "one part", 2),
        (["missing.abc"], "No such file", 1),
        (["C4 D4", "--models", "nowhere"], "There is no hybrid_model", 2),
    ],
)
def test_misuse_is_told_with_what_is_allowed(arguments: list[str], said: str, code: int) -> None:
    result = harmonize(*arguments)
    assert result.exit_code == code
    assert said in result.stderr
    assert result.stdout == ""


def test_files_that_are_no_music_are_told_apart(tmp_path: Path) -> None:
    for name, said in (("a.mid", "no MIDI file"), ("a.abc", "no ABC tune"), ("a.musicxml", "XML")):
        path = tmp_path / name
        path.write_bytes(b"\x00\x01 nothing of music")
        result = harmonize(path)
        assert result.exit_code == 1
        assert said in result.stderr


def test_several_parts_ask_for_one(abc: Path) -> None:
    score = abc.with_suffix(".musicxml")
    harmonize(abc, "--agent", "exact", "--output", score)
    result = harmonize(score, "--agent", "exact")
    assert result.exit_code == 1
    assert "--part Soprano" in result.stderr
    again = harmonize(score, "--agent", "exact", "--part", "Soprano")
    assert again.exit_code == 0, again.stderr


def test_the_file_that_is_read_is_never_written_over(abc: Path) -> None:
    result = harmonize(abc, "--output", abc)
    assert result.exit_code == 2
    assert "would be lost" in result.stderr
    assert abc.read_text(encoding="utf-8") == DORIAN


def test_a_metre_for_a_file_and_transposing_to_fit(abc: Path) -> None:
    assert "Leave --metre out" in harmonize(abc, "--metre", "4/4").stderr
    low = harmonize("C3 D3 E3 D3 C3:2", "--transpose", "auto", "--agent", "exact")
    assert "moved by +12 semitones" in low.stdout


def test_the_fast_path_imports_no_slow_library() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from chromasonic.cli.app import app\n"
        "for agent in ('exact', 'simple', 'advanced', 'hybrid'):\n"
        "    result = CliRunner().invoke(app, ['harmonize', 'C4 D4 E4:2', '--agent', agent])\n"
        "    assert result.exit_code == 0, result.stderr\n"
        "slow = {'torch', 'music21', 'gymnasium', 'matplotlib', 'scipy'}\n"
        "print(sorted(slow & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_table_the_explanation_and_the_files_spell_the_melody_alike(tmp_path: Path) -> None:
    score = tmp_path / "sharp.musicxml"
    result = harmonize("C4 D4:1/2 E4:1/2 C4", "--key", "F# minor", "--json", "-o", score)
    setting = json.loads(result.stdout)["harmonizations"][0]
    assert [row["names"][0] for row in setting["voicings"]] == ["C4", "D4", "C4"]
    assert all("B#3" not in note for remark in setting["remarks"] for note in remark["notes"][:1])
    names = [note.name for note in load_melody(score, part="Soprano").notes() if note.pitch]
    assert names == ["C", "D", "E", "C"]


def test_abc_keeps_its_accidentals_also_an_octave_away(tmp_path: Path) -> None:
    path = tmp_path / "chromatic.abc"
    path.write_text("X:1\nL:1/4\nK:C\nC ^C D _D- | _D ^A, C _B, |\n", encoding="utf-8")
    result = harmonize(path, "--agent", "exact", "--transpose", "12", "--json")
    rows = json.loads(result.stdout)["harmonizations"][0]["voicings"]
    names = [row["names"][0] for row in rows]
    assert names == ["C5", "C#5", "D5", "Db5", "Db5", "A#4", "C5", "Bb4"]


def test_fewer_alternatives_than_asked_for_are_told() -> None:
    result = harmonize("C4", "--alternatives", "50", "--agent", "exact")
    assert result.exit_code == 0
    found = result.stdout.count("Alternative ")
    assert 1 < found < 50
    told = f"{found} settings that differ enough were found; 50 were asked for."
    assert result.stderr.strip() == told


def test_a_bar_that_a_repeat_splits_is_counted_once(tmp_path: Path) -> None:
    path, score = tmp_path / "jig.abc", tmp_path / "jig.musicxml"
    path.write_text(
        "X:1\nM:6/8\nL:1/8\nK:D\n|: A | d2 e fed | d3 d2 :| |: F | A2 A BAF | D3 D2 :|\n",
        encoding="utf-8",
    )
    document = json.loads(harmonize(path, "--agent", "exact", "--json", "-o", score).stdout)
    assert document["bars"] == 4
    assert {row["bar"] for row in document["harmonizations"][0]["voicings"]} == {0, 1, 2, 3, 4}
    numbers = re.findall(r'<measure number="(\w+)"', score.read_text(encoding="utf-8"))
    assert numbers == ["0", "1", "2", "X1", "3", "4"] * 4


def test_parts_without_names_are_listed_by_number_alone(tmp_path: Path) -> None:
    path = tmp_path / "two.abc"
    path.write_text("X:1\nL:1/4\nK:C\nV:1\nc d e f\nV:2\nC D E F\n", encoding="utf-8")
    said = harmonize(path).stderr
    assert "2 parts: 1, 2." in said
    assert "choose it with --part 1." in said


def test_a_models_directory_that_is_a_file_is_told(abc: Path) -> None:
    result = harmonize("C4 D4", "--models", abc)
    assert result.exit_code == 2
    assert "is no folder" in result.stderr
