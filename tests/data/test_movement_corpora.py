"""The corpora of movement, read from made-up files that are laid out as their downloads unpack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tiny_movements import (
    Files,
    action_files,
    amc_text,
    asf_text,
    sign_files,
    stroke_files,
    tar_of,
    ts_text,
    word,
    word_files,
    write_tree,
    zip_of,
)

from chromasonic.data import load
from chromasonic.data.articulary import MOUTH, read_articulary
from chromasonic.data.auslan import read_auslan
from chromasonic.data.hdm05 import read_hdm05
from chromasonic.data.piece_reading import PieceReading
from chromasonic.data.violin_strokes import FOREARM, read_violin_strokes
from chromasonic.errors import CorpusError
from chromasonic.formats.sign_files import POWER_GLOVE

INCH = 0.0254


def by_id(reading: PieceReading) -> dict[str, object]:
    return {piece.id: piece for piece in reading.pieces}


# Australian signs


def test_signs_carry_sign_signer_and_session(tmp_path: Path) -> None:
    reading = read_auslan(write_tree(tmp_path, sign_files()))
    assert [(m.id, m.label, m.performer, m.session, len(m)) for m in reading.pieces] == [
        ("anna1/alive0", "alive", "anna", "anna1", 2),
        ("anna1/computer(PC)0", "computer(PC)", "anna", "anna1", 1),
        ("anna2/alive0", "alive", "anna", "anna2", 3),
        ("bert1/alive11", "alive", "bert", "bert1", 2),
    ]
    assert reading.works == ("anna", "anna", "anna", "bert")
    assert all(movement.skeleton is POWER_GLOVE for movement in reading.pieces)
    assert reading.pieces[2].frames[:, 0, 0].tolist() == [0.125, 0.375, 0.5]


def test_calibrations_and_files_without_frames_are_told_with_their_reason(tmp_path: Path) -> None:
    reading = read_auslan(write_tree(tmp_path, sign_files()))
    reasons = {item.reference: item.reason for item in reading.skipped}
    assert reasons["bert1/cal-full-up0.sign"] == "a calibration of the glove, not a sign"
    assert "empty" in reasons["bert1/wild1.sign"]
    assert "line 1 has 2 values" in reasons["bert1/wild2.sign"]
    assert len(reasons) == 3
    assert reading.missing == 6_649 - 6


def test_a_sign_under_a_name_that_is_none_is_told_and_not_guessed(tmp_path: Path) -> None:
    line = sign_files()["signs/anna1/alive0.sign"]
    files = {"signs/anna1/alive.sign": line, "signs/notes/alive0.sign": line}
    reading = read_auslan(write_tree(tmp_path, {**sign_files(), **files}))
    reasons = {item.reference: item.reason for item in reading.skipped}
    for name in ("anna1/alive.sign", "notes/alive0.sign"):
        assert "not called like a sign" in reasons[name]


def test_a_copy_of_a_recording_is_remarked(tmp_path: Path) -> None:
    assert read_auslan(write_tree(tmp_path / "a", sign_files())).remarks == ()
    copied = {"signs/bert1/alive3.sign": sign_files()["signs/anna1/alive0.sign"]}
    reading = read_auslan(write_tree(tmp_path / "b", {**sign_files(), **copied}))
    assert reading.remarks == ("1 recordings are exact copies of another.",)


# Spoken words


def test_words_keep_the_published_split_and_their_sensors(tmp_path: Path) -> None:
    reading = read_articulary(write_tree(tmp_path, word_files()))
    assert [(m.id, m.label) for m in reading.pieces] == [
        ("train/001", "word 01"), ("train/002", "word 02"), ("train/003", "word 25"),
        ("test/001", "word 02"), ("test/002", "word 01"),
    ]  # fmt: skip
    assert reading.split is not None
    assert reading.split.sizes == {"train": 3, "validation": 0, "test": 2}
    first = reading.pieces[0].frames
    assert first.shape == (2, 3, 3)
    assert first[0].tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert (first[1] - first[0] == 0.5).all()
    assert MOUTH.nodes == ("tongue tip", "upper lip", "lower lip")
    assert reading.missing == 575 - 5


def test_a_class_that_is_no_word_is_told(tmp_path: Path) -> None:
    strange = ts_text([(word(0), "1.0"), (word(0), "99.0")], classes="1.0 99.0")
    files = {**word_files(), "ArticularyWordRecognition_TRAIN.ts": strange}
    reading = read_articulary(write_tree(tmp_path, files))
    assert [item.reason for item in reading.skipped] == ["its class is '99.0'; 1 to 25 are meant"]
    assert len(reading.pieces) == 3


def test_another_number_of_dimensions_is_told(tmp_path: Path) -> None:
    text = word_files()["ArticularyWordRecognition_TEST.ts"].replace(b"s 9", b"s 8")
    lines = [line.partition(b":")[2] if b":" in line else line for line in text.split(b"\n")]
    files = {**word_files(), "ArticularyWordRecognition_TEST.ts": b"\n".join(lines)}
    reading = read_articulary(write_tree(tmp_path, files))
    assert {item.reason for item in reading.skipped} == {"it has 8 dimensions; 9 are meant"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ArticularyWordRecognition_TEST.ts": None}, "has no ArticularyWordRecognition_TEST.ts"),
        ({"ArticularyWordRecognition_TEST.ts": b"@data\n"}, "has 0 series"),
        ({"ArticularyWordRecognition_TRAIN.ts": b"\x00\x01"}, "no line '@data'"),
    ],
)
def test_half_a_corpus_of_words_is_an_error(
    changes: dict[str, bytes | None], message: str, tmp_path: Path
) -> None:
    files = {**word_files(), **changes}
    kept: Files = {name: data for name, data in files.items() if data is not None}
    with pytest.raises(CorpusError, match=message):
        read_articulary(write_tree(tmp_path, kept))


# Bow strokes


def test_windows_carry_stroke_player_and_take(tmp_path: Path) -> None:
    reading = read_violin_strokes(write_tree(tmp_path, stroke_files()))
    assert [(m.id, m.label, m.performer, m.session) for m in reading.pieces][:5] == [
        ("player1/martele/01", "martele", "player1", "player1/martele"),
        ("player1/martele/02", "martele", "player1", "player1/martele"),
        ("player2/martele/01", "martele", "player2", "player2/martele"),
        ("player2/martele/02", "martele", "player2", "player2/martele"),
        ("player1/collegno/01", "collegno", "player1", "player1/collegno"),
    ]
    frames = reading.pieces[0].frames
    assert frames.shape == (4, 3, 3)
    assert frames[0].tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert FOREARM.nodes == ("acceleration", "turning", "orientation")
    assert set(reading.works) == {"player1", "player2"}
    assert reading.missing == 1_175 - 8


def test_the_overlap_of_windows_is_measured_and_remarked(tmp_path: Path) -> None:
    (remark,) = read_violin_strokes(write_tree(tmp_path, stroke_files())).remarks
    assert remark.startswith("4 of 4 windows begin with the second half of the one before")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("05_gyro_y.csv", None, "has no 05_gyro_y.csv"),
        ("05_gyro_y.csv", b"1,2,3,4\n", "not whole: .*1, 8 windows, 8 labels and 8 players"),
        ("05_gyro_y.csv", b"1,2\n1\n", "05_gyro_y.csv is damaged"),
        ("05_gyro_y.csv", b"1,nan\n", "no table of finite numbers"),
        ("05_gyro_y.csv", b"", "no table"),
        ("10_gesture_label.csv", b"9\n" * 8, "labels from 9 to 9.* names 1 to 2"),
        ("13_subjects_id.csv", b"1\n", "8 labels and 1 players"),
    ],
)
def test_a_table_of_strokes_that_is_none_is_an_error(
    name: str, content: bytes | None, message: str, tmp_path: Path
) -> None:
    files = stroke_files()
    del files[f"All/{name}"]
    if content is not None:
        files[f"All/{name}"] = content
    with pytest.raises(CorpusError, match=message):
        read_violin_strokes(write_tree(tmp_path, files))


# Actions of the whole body


def test_actions_are_positions_in_metres_split_by_actor(tmp_path: Path) -> None:
    reading = read_hdm05(write_tree(tmp_path, action_files()))
    assert [(m.id, m.label, m.performer) for m in reading.pieces] == [
        ("bd/depositFloorR/001", "depositFloorR", "bd"),
        ("bd/squat1Reps/002", "squat1Reps", "bd"),
        ("mm/depositFloorR/003", "depositFloorR", "mm"),
    ]
    assert reading.split is not None
    assert reading.split.train == ("bd/depositFloorR/001", "bd/squat1Reps/002")
    assert reading.split.test == ("mm/depositFloorR/003",)
    down = reading.pieces[0].frames
    np.testing.assert_allclose(down[0], np.array([[10, 0, 0], [10, 1, 0]]) * INCH, atol=1e-6)
    np.testing.assert_allclose(down[1], np.array([[10, 0, 0], [9, 0, 0]]) * INCH, atol=1e-6)
    longer = reading.pieces[2].frames  # the actor's own skeleton: an arm of two inches
    np.testing.assert_allclose(longer[0], np.array([[10, 0, 0], [8, 0, 0]]) * INCH, atol=1e-6)
    assert len({id(movement.skeleton) for movement in reading.pieces}) == 1
    assert reading.missing == 287 - 3


def test_other_actions_of_the_whole_library_are_left_alone(tmp_path: Path) -> None:
    reading = read_hdm05(write_tree(tmp_path, action_files()))
    assert not any("cartwheel" in movement.id for movement in reading.pieces)
    assert reading.skipped == ()


def test_a_sequence_without_its_skeleton_or_with_other_bones_is_told(tmp_path: Path) -> None:
    files = action_files()
    del files["test/1/HDM_mm.asf"]
    files["train/1/HDM_dg.asf"] = asf_text(bone="leg")
    files["train/1/HDM_dg_squat1Reps_009_120.amc"] = amc_text(1.0, bone="leg")
    files["train/1/HDM_bd_squat1Reps_010_120.amc"] = b"no motion"
    reading = read_hdm05(write_tree(tmp_path, files))
    reasons = {item.reference: item.reason for item in reading.skipped}
    assert "HDM_mm.asf" in reasons["HDM_mm_depositFloorR_003_120.amc"]
    assert "other bones than HDM_bd.asf" in reasons["HDM_dg_squat1Reps_009_120.amc"]
    assert "HDM_bd_squat1Reps_010_120.amc" in reasons
    assert len(reading.pieces) == 2


def test_a_broken_skeleton_is_an_error(tmp_path: Path) -> None:
    files = {**action_files(), "train/1/HDM_bd.asf": b"# nothing"}
    with pytest.raises(CorpusError, match=r"HDM_bd.asf has no section ':root'.*Unpack it again"):
        read_hdm05(write_tree(tmp_path, files))


# All of them, through `load`

AUSLAN_ZIP = "australian+sign+language+signs.zip"
LAYOUTS: list[tuple[str, int, Callable[[], Files]]] = [
    ("auslan95-signs", 4, sign_files),
    ("auslan95-signs", 4, lambda: {"signs.tar.xz": tar_of(sign_files())}),
    ("auslan95-signs", 4, lambda: {"allsigns.tar.gz": tar_of(sign_files(), "w:gz")}),
    (
        "auslan95-signs", 4,
        lambda: {AUSLAN_ZIP: zip_of({"allsigns.tar.gz": tar_of(sign_files(), "w:gz")})},
    ),
    ("articulary-words", 5, word_files),
    ("articulary-words", 5, lambda: {"ArticularyWordRecognition.zip": zip_of(word_files())}),
    ("violin-bow-strokes", 8, stroke_files),
    ("violin-bow-strokes", 8, lambda: stroke_files("pinned-commit/data/Gestures/All")),
    ("violin-bow-strokes", 8, lambda: {"gestures-all.tar.xz": tar_of(stroke_files())}),
    ("hdm05-11", 3, action_files),
    ("hdm05-11", 3, lambda: {"hdm05-11-amc.tar.xz": tar_of(action_files())}),
    (
        "hdm05-11", 3,
        lambda: {f"pinned-commit/{name}": data for name, data in action_files().items()},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "count", "files"), LAYOUTS)
def test_a_corpus_is_the_same_unpacked_and_in_an_archive_that_lies_there(
    name: str, count: int, files: Callable[[], Files], tmp_path: Path, cache: Path
) -> None:
    del cache
    write_tree(tmp_path / name, files())
    for _ in range(2):  # the second time out of the cache
        corpus = load(name, data_dir=tmp_path, allow_partial=True)
        assert len(corpus.pieces) == count
        assert corpus.manifest.remarks[0].startswith("A part of the corpus: ")
        assert len({id(movement.skeleton) for movement in corpus.pieces}) == 1
    with pytest.raises(CorpusError, match=f"'{name}' in .* is half there"):
        load(name, data_dir=tmp_path)
