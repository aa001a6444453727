"""A folder of one's own recordings: three layouts, what is passed over, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chromasonic.data import Corpus
from chromasonic.errors import CorpusError
from chromasonic.formats.movements import write_movement
from chromasonic.gesture.recordings import corpus_of
from chromasonic.music.movement import Movement, Skeleton

STICK = Skeleton(
    name="stick", nodes=("hand", "tip"), edges=((0, 1),), channels=("x", "y", "z"), axes=(0, 1, 2)
)
OTHER = Skeleton(name="other", nodes=("hand", "tip", "eye"), edges=((0, 1),), channels=("x",))


def movement(value: float = 0.0, skeleton: Skeleton = STICK, label: str = "") -> Movement:
    shape = (3, len(skeleton.nodes), len(skeleton.channels))
    frames = np.full(shape, value, np.float32)
    return Movement(id="m", skeleton=skeleton, frames=frames, rate_hz=30.0, label=label)


def put(root: Path, *names: str) -> Path:
    """A recording under each name, its own number in every place."""
    for number, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        write_movement(movement(number), root / name)
    return root


def told(corpus: Corpus[Movement]) -> list[tuple[str, str, str]]:
    return [(m.id, m.label, m.performer) for m in corpus.pieces]


def test_labels_are_the_folders_of_recordings(tmp_path: Path) -> None:
    corpus = corpus_of(put(tmp_path / "mine", "wave/a.npz", "wave/b.csv", "fist/a.jsonl"))
    assert told(corpus) == [
        ("fist/a.jsonl", "fist", ""), ("wave/a.npz", "wave", ""), ("wave/b.csv", "wave", ""),
    ]  # fmt: skip
    assert [float(m.frames[0, 0, 0]) for m in corpus.pieces] == [2, 0, 1]
    assert corpus.name == corpus.manifest.name == "mine"
    assert corpus.manifest.counts["movements"] == 3
    assert corpus.manifest.found_by == "folder"
    assert sum(corpus.split.sizes.values()) == 3


def test_what_goes_into_checkpoints_is_plain_whatever_the_format(tmp_path: Path) -> None:
    corpus = corpus_of(put(tmp_path, "wave/a.npz", "wave/b.csv", "fist/a.jsonl"))
    for piece in corpus.pieces:
        assert type(piece.rate_hz) is float
        assert {type(name) for name in (*piece.skeleton.nodes, *piece.skeleton.channels)} == {str}
        assert {type(node) for edge in piece.skeleton.edges for node in edge} <= {int}
        assert {type(axis) for axis in piece.skeleton.axes} <= {int}


def test_performers_are_folders_above_labels(tmp_path: Path) -> None:
    names = [f"{who}/{what}/1.npz" for who in ("ann", "bob", "cy") for what in ("fist", "wave")]
    corpus = corpus_of(put(tmp_path, *names))
    assert told(corpus)[:3] == [
        ("ann/fist/1.npz", "fist", "ann"), ("ann/wave/1.npz", "wave", "ann"),
        ("bob/fist/1.npz", "fist", "bob"),
    ]  # fmt: skip
    for part in ("train", "validation", "test"):  # of three performers each is one part
        assert len({m.performer for m in corpus.part(part)}) == 1


@pytest.mark.parametrize("validation", ["validation", "val"])
def test_folders_named_after_parts_are_the_division(tmp_path: Path, validation: str) -> None:
    names = ("train/wave/1.npz", "train/fist/1.npz", f"{validation}/fist/2.npz", "test/wave/2.npz")
    corpus = corpus_of(put(tmp_path, *names))
    assert [m.id for m in corpus.part("validation")] == [f"{validation}/fist/2.npz"]
    assert [m.id for m in corpus.part("test")] == ["test/wave/2.npz"]
    assert {m.performer for m in corpus.pieces} == {""}
    by_performer = corpus_of(put(tmp_path / "b", "train/ann/wave/1.npz", "test/bob/fist/1.npz"))
    assert [(m.performer, m.label) for m in by_performer.part("test")] == [("bob", "fist")]


def test_an_index_names_files_labels_and_whatever_else_is_known(tmp_path: Path) -> None:
    put(tmp_path, "a.npz", "deep/down/b.npz", "not-listed.npz")
    (tmp_path / "index.csv").write_text(
        "file,label,performer,session,part,rate_hz\n"
        "a.npz, wave ,ann,monday,train,\ndeep/down/b.npz,fist,bob,,test,25\n"
    )
    corpus = corpus_of(tmp_path)
    first, second = corpus.pieces
    assert (first.label, first.performer, first.session) == ("wave", "ann", "monday")
    assert (second.label, second.performer, second.session) == ("fist", "bob", "")
    assert (first.rate_hz, second.rate_hz) == (30.0, 25.0)
    assert [m.id for m in corpus.part("test")] == ["deep/down/b.npz"]


def timeless(root: Path) -> Path:
    """Two tables without times."""
    for label in ("wave", "fist"):
        (root / label).mkdir(parents=True)
        (root / label / "a.csv").write_text("hand_x,hand_y,hand_z\n1,2,3\n4,5,6\n")
    return root


def test_the_folder_says_how_fast_recordings_are_that_do_not_say_it(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"how fast.*'rate_hz = 30' .* into .*recordings.toml"):
        corpus_of(timeless(tmp_path))
    (tmp_path / "recordings.toml").write_text("rate_hz = 25\n")
    put(tmp_path, "wave/its-own.csv")
    (tmp_path / "wave" / "its-own.csv").write_text(
        "time,hand_x,hand_y,hand_z\n0.0,1,2,3\n0.1,4,5,6\n"
    )
    corpus = corpus_of(tmp_path)
    assert {m.id: m.rate_hz for m in corpus.pieces} == {
        "fist/a.csv": 25.0, "wave/a.csv": 25.0, "wave/its-own.csv": 10.0,
    }  # fmt: skip
    assert corpus.manifest.skipped == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rate_hz = -1", "rate_hz is '-1'; a number above 0"),
        ("rate_hz = true", "rate_hz is 'True'"),
        ("fps = 30", "has 'fps', which is unknown; allowed: rate_hz"),
        ("rate_hz 30", "is no TOML"),
    ],
)
def test_settings_of_a_folder_that_are_none_are_an_error(
    text: str, message: str, tmp_path: Path
) -> None:
    (timeless(tmp_path) / "recordings.toml").write_text(text)
    with pytest.raises(CorpusError, match=message):
        corpus_of(tmp_path)


def test_what_is_no_recording_is_told_with_its_reason(tmp_path: Path) -> None:
    put(tmp_path, "wave/a.npz", "fist/a.npz", "astray.npz", "x/y/z/deep.npz")
    (tmp_path / "wave" / "notes.txt").write_text("to do")
    (tmp_path / "wave" / "broken.bvh").write_text("HIERARCHY of nothing")
    (tmp_path / "wave" / "empty.npz").write_bytes(b"")
    (tmp_path / "wave" / ".hidden.npz").write_bytes(b"")
    (tmp_path / "wave" / "body.asf").write_text("belongs to an .amc")
    write_movement(movement(np.nan), tmp_path / "fist" / "nobody.npz")
    corpus = corpus_of(tmp_path)
    reasons = {item.reference: item.reason for item in corpus.manifest.skipped}
    assert [m.id for m in corpus.pieces] == ["fist/a.npz", "wave/a.npz"]
    assert set(reasons) == {
        "astray.npz", "x/y/z/deep.npz", "wave/notes.txt", "wave/broken.bvh", "wave/empty.npz",
        "fist/nobody.npz",
    }  # fmt: skip
    assert "no landmark was seen" in reasons["fist/nobody.npz"]
    assert "by its ending" in reasons["wave/notes.txt"]
    assert "lies in 0 folders" in reasons["astray.npz"]
    assert "lies in 3 folders" in reasons["x/y/z/deep.npz"]


def test_the_folder_s_label_holds_where_the_file_has_another(tmp_path: Path) -> None:
    put(tmp_path, "fist/a.npz")
    (tmp_path / "wave").mkdir()
    write_movement(movement(label="swipe"), tmp_path / "wave" / "a.npz")
    corpus = corpus_of(tmp_path)
    assert corpus.by_id["wave/a.npz"].label == "wave"
    assert any("1 recordings name another label" in remark for remark in corpus.manifest.remarks)


def test_two_skeletons_in_one_folder_are_an_error_that_names_both_files(tmp_path: Path) -> None:
    put(tmp_path, "fist/a.npz")
    (tmp_path / "wave").mkdir()
    write_movement(movement(skeleton=OTHER), tmp_path / "wave" / "b.npz")
    with pytest.raises(CorpusError) as caught:
        corpus_of(tmp_path)
    message = str(caught.value)
    assert str(tmp_path / "fist" / "a.npz") in message
    assert str(tmp_path / "wave" / "b.npz") in message
    assert "'stick' (2 nodes of 3 channels)" in message
    assert "'other' (3 nodes of 1 channels)" in message


def test_all_recordings_share_the_first_one_s_skeleton(tmp_path: Path) -> None:
    put(tmp_path, "fist/a.npz", "wave/a.npz")
    loose = Skeleton(name="loose", nodes=STICK.nodes, edges=(), channels=STICK.channels)
    write_movement(movement(skeleton=loose), tmp_path / "wave" / "b.npz")
    corpus = corpus_of(tmp_path)
    assert {id(m.skeleton) for m in corpus.pieces} == {id(corpus.pieces[0].skeleton)}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "holds no recording that can be read"),
        (("wave/a.npz", "wave/b.npz"), "All 2 recordings .* have the label 'wave'; two or more"),
        (
            ("wave/a.npz", "ann/fist/b.npz"),
            "wave/a.npz and ann/fist/b.npz: is 'ann' a performer, or a label like 'wave'",
        ),
    ],
)
def test_a_folder_that_says_too_little_is_an_error_that_tells_the_layouts(
    names: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    with pytest.raises(CorpusError, match=message) as caught:
        corpus_of(put(tmp_path, *names))
    assert "FOLDER/PERFORMER/LABEL/RECORDING" in str(caught.value)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ("file,label\na.npz,wave\nb.npz,fist\n", "lists 1 of 2 files .* such as 'b.npz'"),
        ("name,label\na.npz,wave\n", "lacks the column.* file"),
        ("file,label\n", "lists nothing"),
        ("file,label\na.npz,\n", "line 2: a file and its label are needed"),
        ("file,label,part\na.npz,wave,dev\n", "line 2: the part is 'dev'; allowed: train"),
        ("file,label,rate_hz\na.npz,wave,fast\n", "line 2: rate_hz is 'fast'"),
        ("file,label,rate_hz\na.npz,wave,0\n", "line 2: rate_hz is '0'; a number above 0"),
    ],
)
def test_an_index_that_is_wrong_is_an_error_with_its_line(
    index: str, message: str, tmp_path: Path
) -> None:
    put(tmp_path, "a.npz")
    (tmp_path / "index.csv").write_text(index)
    with pytest.raises(CorpusError, match=message):
        corpus_of(tmp_path)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="There is no folder .*nowhere"):
        corpus_of(tmp_path / "nowhere")


def test_the_same_recordings_are_known_again_and_changed_ones_are_not(tmp_path: Path) -> None:
    put(tmp_path, "fist/a.npz", "wave/a.npz")
    before = corpus_of(tmp_path).manifest.fingerprint
    assert corpus_of(tmp_path).manifest.fingerprint == before
    write_movement(movement(9.0), tmp_path / "wave" / "a.npz")
    assert corpus_of(tmp_path).manifest.fingerprint != before
