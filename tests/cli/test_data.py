"""`chromasonic data`: list, info, fetch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chromasonic.cli.app import app
from chromasonic.data import CORPORA

FIXTURE = Path(__file__).parents[1] / "fixtures" / "tunes.abc"


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["data", *arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(autouse=True)
def nothing_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No corpus in the environment and none in the cache."""
    monkeypatch.delenv("CHROMASONIC_DATA", raising=False)
    monkeypatch.setenv("CHROMASONIC_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus of ten clips in the catalogue, two of which are not there; its --data-dir."""
    monkeypatch.syspath_prepend(FIXTURE.parents[1] / "data")
    from tiny_pieces import clip_facts, clip_files, write_tree

    monkeypatch.setitem(CORPORA, "clips", clip_facts())
    folder = write_tree(tmp_path / "corpora" / "clips", clip_files())
    for name in ("c4", "c5"):
        (folder / "clips" / f"{name}.txt").unlink()
    (folder / "clips" / "c6.txt").write_bytes(b"broken")
    return tmp_path / "corpora"


@pytest.fixture
def local_nottingham(tmp_path: Path) -> Path:
    """A folder with fourteen files of the right names and other tunes."""
    folder = tmp_path / "corpora" / "nottingham" / "ABC_cleaned"
    folder.mkdir(parents=True)
    for name in CORPORA["nottingham"].collections[0].sha256:
        (folder / name).write_bytes(FIXTURE.read_bytes())
    (folder / "xmas.abc").write_text("Not ABC.", encoding="utf-8")
    return tmp_path / "corpora"


def test_list_shows_every_corpus_and_which_are_here() -> None:
    code, out, _ = run("list")
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines() if line and line[0] != " "}
    assert set(CORPORA) <= set(lines)
    assert "1,034" in lines["nottingham"]
    assert "installed package" in lines["folk"]
    assert "made on the spot" in lines["synthetic"]


def test_list_as_json_is_one_document() -> None:
    code, out, err = run("list", "--json")
    assert code == 0
    assert err == ""
    rows = {row["name"]: row for row in json.loads(out)}
    assert rows.keys() == CORPORA.keys()
    assert rows["nottingham"]["where"] is None
    assert rows["folk-pd"]["weights_may_ship"] is True
    assert [c["name"] for c in rows["folk"]["collections"]] == ["oneill", "ryan", "aird", "essen"]


def test_info_shows_licence_counts_split_and_what_was_skipped(local_nottingham: Path) -> None:
    code, out, err = run("info", "nottingham", "--data-dir", str(local_nottingham))
    assert code == 0
    assert err == ""
    assert "GPL-3.0" in out
    assert str(local_nottingham / "nottingham" / "ABC_cleaned") in out
    assert "156 (11 apart from near-duplicates)" in out  # thirteen times the twelve tunes
    assert "Skipped           1" in out
    assert "nottingham/xmas.abc: " in out
    assert "14 of 14 files" in out


def test_info_as_json_carries_facts_manifest_and_split_sizes(local_nottingham: Path) -> None:
    code, out, _ = run("info", "nottingham", "--data-dir", str(local_nottingham), "--json")
    assert code == 0
    answer = json.loads(out)
    assert answer["found"] is True
    assert answer["found_by"] == "data-dir"
    assert answer["counts"]["tunes"] == sum(answer["split"].values()) == 156
    assert answer["skipped"][0]["reference"] == "nottingham/xmas.abc"
    assert len(answer["fingerprint"]) == 64


def test_info_of_a_corpus_that_is_not_here_describes_it_and_says_how_to_get_it() -> None:
    code, out, _ = run("info", "nottingham")
    assert code == 0
    assert "GPL-3.0" in out
    assert "Weights may ship  same licence. Give the weights away under that same licence" in out
    assert "is not on this machine" in out
    assert "chromasonic data fetch nottingham" in out
    code, out, _ = run("info", "nottingham", "--json")
    assert code == 0
    assert json.loads(out)["found"] is False


def test_info_of_a_folder_that_is_half_there_says_so(
    local_nottingham: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (local_nottingham / "nottingham" / "ABC_cleaned" / "jigs.abc").unlink()
    monkeypatch.setenv("CHROMASONIC_DATA", str(local_nottingham))
    code, out, _ = run("info", "nottingham")
    assert code == 0
    assert "half there: 13 of 14 files" in out
    code, out, err = run("info", "nottingham", "--data-dir", str(local_nottingham))
    assert code == 1
    assert out == ""
    assert "Missing: jigs.abc." in err


def test_info_of_a_corpus_of_pieces_counts_them_in_their_own_word(clips: Path) -> None:
    code, out, err = run("info", "clips", "--data-dir", str(clips), "--allow-partial")
    assert code == 0
    assert err == ""
    assert "Clips             7 of 4 works, 9 files, 2 missing" in out
    assert "Weights may ship  yes. " in out
    assert "c6.txt (singer3): not a number" in out
    assert "A part of the corpus: 8 of 10 clips are there." in out
    assert "train" in out


def test_info_of_half_a_corpus_of_pieces_names_the_count_and_the_way_out(clips: Path) -> None:
    code, out, err = run("info", "clips", "--data-dir", str(clips))
    assert code == 1
    assert out == ""
    assert "half there: 8 of 10 clips" in err
    assert "--allow-partial" in err


def test_info_of_pieces_as_json_carries_counts_split_and_what_was_skipped(clips: Path) -> None:
    code, out, _ = run("info", "clips", "--data-dir", str(clips), "--allow-partial", "--json")
    assert code == 0
    answer = json.loads(out)
    assert answer["counts"] == {"clips": 7, "works": 4, "files": 9, "missing": 2}
    assert sum(answer["split"].values()) == 7
    assert answer["noun"] == "clips"
    assert answer["skipped"][0]["reason"] == "not a number"


def test_fetch_of_what_no_program_can_fetch_says_how_it_can_be_got(clips: Path) -> None:
    code, _, err = run("fetch", "clips")
    assert code == 1
    assert "no address is known" in err
    assert "FOLDER/clips" in err


def test_info_of_made_tunes_needs_nothing() -> None:
    code, out, _ = run("info", "synthetic-structured")
    assert code == 0
    assert "1,000" in out


def test_fetch_without_network_fails_in_one_message() -> None:
    code, out, err = run("fetch", "nottingham")
    assert code == 1
    assert out == ""
    assert err.startswith("Error: Cannot fetch the corpus 'nottingham': no connection")
    assert err.count("\n") == 1


def test_fetch_of_what_is_here_says_where_it_is(local_nottingham: Path) -> None:
    code, out, _ = run("fetch", "nottingham", "--data-dir", str(local_nottingham))
    assert code == 0
    assert "is here (data-dir)" in out
    assert str(local_nottingham / "nottingham" / "ABC_cleaned") in out
    code, out, _ = run("fetch", "folk", "--json")
    assert code == 0
    assert len(json.loads(out)["folders"]) == 4


def test_fetch_of_made_tunes_and_unknown_names_are_misuse() -> None:
    code, _, err = run("fetch", "synthetic")
    assert code == 2
    assert "nothing to fetch" in err
    code, _, err = run("info", "notingham")
    assert code == 2
    assert "Known: nottingham" in err


@pytest.mark.parametrize("command", ["list", "info", "fetch"])
def test_each_command_has_help_with_examples(command: str) -> None:
    code, out, _ = run(command, "--help")
    assert code == 0
    assert "Examples:" in out
    assert f"chromasonic data {command}" in out


# Movements


def test_made_movements_are_described_by_class_performer_frame_and_landmark() -> None:
    code, out, _ = run("info", "synthetic-gestures")
    assert code == 0
    assert "Movements         1,200\n" in out
    assert "Classes           12, with 100 movements each; 10 performers" in out
    assert "at 30 a second; a movement has 20 to 60, in the middle" in out
    assert "Landmarks         21 (wrist, thumb_cmc," in out
    assert "each with x, y, z" in out
    assert "Split             train 960, validation 120, test 120" in out


def test_a_folder_of_recordings_is_described_with_what_was_passed_over(tmp_path: Path) -> None:
    for label in ("wave", "fist"):
        (tmp_path / "mine" / label).mkdir(parents=True)
        (tmp_path / "mine" / label / "a.jsonl").write_text(
            "".join(
                json.dumps({"t": frame / 10, "landmarks": {"wrist": [frame, 0, 0]}}) + "\n"
                for frame in range(4)
            )
        )
    (tmp_path / "mine" / "wave" / "notes.txt").write_text("to do")
    code, out, _ = run("info", str(tmp_path / "mine"))
    assert code == 0
    assert "Movements         2, 3 files" in out
    assert "Classes           2, with 1 movements each; performers not named" in out
    assert "Frames            8 at 10 a second; a movement has 4, in the middle 4" in out
    assert "wave/notes.txt: no recording, by its ending" in out
    code, out, _ = run("info", str(tmp_path / "mine"), "--json")
    answer = json.loads(out)
    assert (answer["name"], answer["summary"]["frames"]) == ("mine", 8)
    assert answer["skipped"][0]["reference"] == "wave/notes.txt"


def test_a_folder_without_recordings_is_an_error_that_tells_the_layouts(tmp_path: Path) -> None:
    code, _, err = run("info", str(tmp_path))
    assert code == 1
    assert "FOLDER/PERFORMER/LABEL/RECORDING" in " ".join(err.split())
