"""The reader of the analyses, on a folder made here and on the collection."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chromasonic.data import CORPORA, load
from chromasonic.data.when_in_rome import FILE, FOLDER, read_when_in_rome
from chromasonic.errors import CorpusError
from chromasonic.music.key import Key
from chromasonic.music.metre import Metre

TEXT = """Composer: Nobody
Title: A made-up chorale
Analyst: One of us
Time Signature: 4/4
m0 b4 g: i
m1 V b2.5 V7 b3 i || b4 Bb: I
m2 V b3 I ||
"""


def write(root: Path, texts: dict[str, str | bytes]) -> Path:
    for name, text in texts.items():
        path = root / "when-in-rome" / FOLDER / name / FILE
        path.parent.mkdir(parents=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def test_chords_hold_on_sixteenths_from_the_first_to_the_end_of_the_last_bar(
    tmp_path: Path,
) -> None:
    root = write(tmp_path, {"007": TEXT}) / "when-in-rome"
    reading = read_when_in_rome(root)
    (piece,) = reading.pieces
    assert (piece.id, piece.riemenschneider) == ("when-in-rome/007", 7)  # type: ignore[attr-defined]
    assert (piece.title, piece.analyst) == ("A made-up chorale", "One of us")  # type: ignore[attr-defined]
    assert (piece.key, piece.metre) == (Key("G", "minor"), Metre(4, 4))  # type: ignore[attr-defined]
    analysis = piece.analysis  # type: ignore[attr-defined]
    expected = ["i"] * 4 + ["V"] * 6 + ["V7"] * 2 + ["i"] * 4 + ["I"] * 4 + ["V"] * 8 + ["I"] * 8
    assert [analysis.at(step).numeral for step in range(len(analysis))] == expected
    assert analysis.tonics.tolist() == [7] * 16 + [10] * 20
    assert analysis.roots[:12].tolist() == [7] * 4 + [2] * 8
    assert piece.phrase_ends == (12, 28)  # type: ignore[attr-defined]
    assert reading.missing == 370


def test_what_cannot_be_read_is_skipped_with_its_reason(tmp_path: Path) -> None:
    texts: dict[str, str | bytes] = {
        "001": TEXT,
        "002": "m1 C: Q",
        "003": b"\xff\xfe\x00",
        "004": "",
        "abc": TEXT,
        "005": "m1 C: I\nm999999 V",
    }
    corpus = load("when-in-rome", data_dir=write(tmp_path, texts), allow_partial=True)
    assert [piece.riemenschneider for piece in corpus.pieces] == [1]
    reasons = {item.reference: item.reason for item in corpus.manifest.skipped}
    assert set(reasons) == {f"{name}/{FILE}" for name in ("002", "003", "004", "005", "abc")}
    assert "line 1: 'Q' is no Roman numeral" in reasons["002/" + FILE]
    assert "no text in UTF-8" in reasons["003/" + FILE]
    assert "no number of a chorale" in reasons["abc/" + FILE]
    assert "bars from 1 to 999999" in reasons["005/" + FILE]


def test_a_folder_with_a_part_of_the_analyses_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="1 of 371 analyses are there"):
        load("when-in-rome", data_dir=write(tmp_path, {"001": TEXT}))


@pytest.mark.corpus
def test_all_371_analyses_are_read(corpus_folder: Path) -> None:
    corpus = load("when-in-rome", data_dir=corpus_folder)
    assert len(corpus.pieces) == 371
    assert not corpus.manifest.skipped
    assert [piece.riemenschneider for piece in corpus.pieces] == list(range(1, 372))
    chords = sum(len(piece.analysis.chords) for piece in corpus.pieces)
    assert chords == 21_002
    assert sum(corpus.split.sizes.values()) == 370  # all but the one in five parts


def test_what_was_read_with_another_table_is_not_taken_from_the_cache(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path, {"001": TEXT})
    facts = CORPORA["when-in-rome"]
    for tables in (facts.tables, facts.tables, ("splits/nottingham.json",)):
        monkeypatch.setitem(CORPORA, facts.name, replace(facts, tables=tables))
        load("when-in-rome", data_dir=root, allow_partial=True)
    assert len(list((cache / "parsed").iterdir())) == 2
