"""The contract of every entry of the catalogue."""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path
from typing import Any

import pytest

from chromasonic.data import CORPORA, facts_of, load
from chromasonic.data.catalogue import facts_of_tunes, names_of_tunes
from chromasonic.data.corpus import PARTS
from chromasonic.data.locate import locate
from chromasonic.errors import CorpusError, UsageError
from chromasonic.melody_generation.data_loader import load_dataset

NAMES = sorted(CORPORA)
OF_PIECES = [name for name in NAMES if CORPORA[name].reader is not None]
OF_MOVEMENTS = [name for name in NAMES if CORPORA[name].noun == "movements"]
WITHOUT_VALIDATION = ("articulary-words", "hdm05-11")
"""Corpora whose published split has two parts; a protocol carves the third out of training."""
BY_DESIGN_A_PART = ("maestro",)
"""Corpora whose full download is rarely kept beside the others; a part of one is read as such."""
REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_says_what_a_user_must_know(name: str) -> None:
    facts = CORPORA[name]
    assert facts.name == name
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert facts.title
    assert facts.summary.endswith(".")
    assert facts.licence
    assert facts.licence_url.startswith("https://")
    assert facts.citation
    assert facts.tunes > 0


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_can_be_found_by_its_kind(name: str) -> None:
    facts = CORPORA[name]
    if facts.kind == "generated":
        assert (facts.make is None) != (facts.make_pieces is None)
        assert facts.reader is None
        assert not facts.collections
        return
    assert facts.url.startswith("https://")
    if facts.is_of_pieces:
        assert not facts.collections
        return
    assert facts.collections
    for collection in facts.collections:
        assert collection.file_count > 0
        assert collection.tunes > 0
        digests = [
            *collection.sha256.values(),
            *([collection.fingerprint] * bool(collection.files)),
        ]
        assert digests
        assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in digests)
    if facts.kind == "download":
        assert facts.size_bytes > 0
        # A file that nobody pinned could be swapped on its way.
        assert facts.archive_sha256 or all(c.sha256 for c in facts.collections)
    else:
        assert facts.package


@pytest.mark.parametrize("name", OF_PIECES)
def test_every_corpus_of_pieces_says_how_it_is_recognized_read_and_fetched(name: str) -> None:
    facts = CORPORA[name]
    assert facts.pieces > 0
    assert re.fullmatch(r"[a-z]+( [a-z]+)*s", facts.noun)
    assert all(index and not index.startswith(("/", ".")) for index in facts.indices)
    assert facts.reader_version >= 1
    for archive in facts.archives:
        # Lakh's server speaks no other; the archive's record then says what came.
        assert archive.url.startswith(("https://", "http://hog.ee.columbia.edu/craffel/lmd/"))
        assert archive.size_bytes > 0
        assert ".." not in archive.folder
        assert archive.sha256 is None or re.fullmatch(r"[0-9a-f]{64}", archive.sha256)
        assert archive.md5 is None or re.fullmatch(r"[0-9a-f]{32}", archive.md5)


@pytest.mark.parametrize("name", OF_PIECES)
def test_an_empty_folder_of_the_right_name_is_no_corpus_of_pieces(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(CorpusError, match=f"no corpus '{name}' in .*looked for"):
        load(name, data_dir=tmp_path)


@pytest.mark.parametrize("name", OF_PIECES)
@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe\x01 a picture", b"just one line"])
def test_an_index_that_is_none_or_lists_nothing_that_is_there_is_an_error(
    name: str, content: bytes, tmp_path: Path, cache: Path
) -> None:
    del cache
    for index in CORPORA[name].indices:
        path = tmp_path / name / index
        path.parent.mkdir(parents=True, exist_ok=True)
        if "." in path.name:
            path.write_bytes(content)
        else:
            path.mkdir()
    with pytest.raises(CorpusError) as caught:
        load(name, data_dir=tmp_path, allow_partial=True)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("name", [name for name in NAMES if not CORPORA[name].is_of_pieces])
def test_weights_ship_only_where_every_collection_allows_it(name: str) -> None:
    facts = CORPORA[name]
    assert facts.weights_may_ship == all(c.weights_may_ship for c in facts.collections)


def test_essen_is_non_commercial_and_so_is_what_contains_it() -> None:
    assert not CORPORA["essen"].weights_may_ship
    assert not CORPORA["folk"].weights_may_ship
    assert CORPORA["folk-pd"].weights_may_ship


# Of the bundled collections "folk" holds all: its parts would be read a second time.
@pytest.mark.parametrize(
    "name", ["folk", *(name for name in NAMES if CORPORA[name].kind == "generated")]
)
def test_every_corpus_that_needs_no_network_loads_as_promised(name: str) -> None:
    facts = CORPORA[name]
    corpus = load(name, download=False, count=60 if facts.kind == "generated" else None)
    expected = 60 if facts.kind == "generated" else facts.tunes
    assert len(corpus.pieces) + len(corpus.manifest.skipped) == expected
    assert len(corpus.pieces) >= 0.99 * expected
    ids = [tune.id for tune in corpus.pieces]
    assert len(set(ids)) == len(ids)
    assert all(id.count("/") == 2 for id in ids)
    assert sum(corpus.split.sizes.values()) == len(ids)
    for part, share in (("train", 0.8), ("validation", 0.1), ("test", 0.1)):
        tolerance = 0.15 if facts.kind == "generated" else 0.02
        assert len(corpus.part(part)) / len(ids) == pytest.approx(share, abs=tolerance)
    assert not corpus.manifest.remarks
    assert len(corpus.manifest.fingerprint) == 64
    assert corpus.manifest.to_dict()["name"] == name


@pytest.mark.corpus
@pytest.mark.parametrize("name", [n for n in NAMES if CORPORA[n].kind == "download"])
def test_every_download_that_is_at_hand_is_read_as_promised(name: str, corpus_folder: Path) -> None:
    facts = CORPORA[name]
    try:
        locate(facts, data_dir=corpus_folder)
    except CorpusError as error:
        if os.environ.get("CI") and not facts.is_of_pieces:
            raise
        pytest.skip(str(error))
    corpus = load(name, data_dir=corpus_folder, allow_partial=name in BY_DESIGN_A_PART)
    missing = corpus.manifest.counts.get("missing", 0)
    assert len(corpus.pieces) + len(corpus.manifest.skipped) + missing == facts.tunes
    assert len(corpus.pieces) >= 0.95 * (facts.tunes - missing)
    assert len({piece.id for piece in corpus.pieces}) == len(corpus.pieces)
    if facts.is_of_pieces:
        assert corpus.manifest.counts[facts.noun] == len(corpus.pieces)
        parts = [p for p in PARTS if p != "validation" or name not in WITHOUT_VALIDATION]
        assert missing or all(corpus.part(part) for part in parts)
    else:
        assert corpus.manifest.remarks == ()
    if facts.noun == "movements":
        assert all(movement.label for movement in corpus.pieces)
        assert len({id(movement.skeleton) for movement in corpus.pieces}) == 1


@pytest.mark.parametrize("name", OF_MOVEMENTS)
def test_no_corpus_of_movements_is_taken_for_tunes(name: str) -> None:
    assert name not in names_of_tunes()
    with pytest.raises(UsageError, match=f"'{name}' holds movements, not tunes"):
        facts_of_tunes(name)


def test_more_than_ten_thousand_folk_tunes_are_usable() -> None:
    counts = load("folk").manifest.counts
    assert counts["tunes"] > 12_700
    assert counts["tunes_oneill"] > 2000
    assert counts["tunes_ryan"] > 1040
    assert counts["tunes_aird"] > 1170
    assert counts["tunes_essen"] > 8490


def test_an_unknown_name_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"no corpus 'notingham'. Known: nottingham, folk"):
        facts_of("notingham")


def test_who_needs_tunes_is_told_which_corpora_hold_them() -> None:
    assert facts_of_tunes("folk") is CORPORA["folk"]
    with pytest.raises(UsageError, match=r"'groove-midi' holds takes, not tunes.*nottingham, folk"):
        facts_of_tunes("groove-midi")
    with pytest.raises(UsageError, match="holds takes, not tunes"):
        load_dataset("groove-midi")


def test_a_part_that_does_not_exist_is_an_error() -> None:
    corpus = load("synthetic", count=5)
    with pytest.raises(UsageError, match="'dev' is no part"):
        corpus.part("dev")


def test_the_reader_on_the_page_on_adding_a_corpus_is_all_that_pieces_take(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (REPOSITORY / "docs" / "add" / "corpus.md").read_text(encoding="utf-8")
    (tmp_path / "lullabies_page.py").write_text(page.split("```python\n")[2].split("```")[0])
    monkeypatch.syspath_prepend(tmp_path)
    facts = importlib.import_module("lullabies_page").FACTS
    monkeypatch.setitem(CORPORA, "lullabies", facts)
    root = tmp_path / "data" / "lullabies"
    root.mkdir(parents=True)
    parts = ["train"] * 3 + ["validation", "test"]
    rows = [f"s{number}.txt,singer {number},{part}" for number, part in enumerate(parts)]
    (root / "index.csv").write_text("\n".join(["file,singer,part", *rows]))
    for number in range(5):
        (root / f"s{number}.txt").write_text("broken" if number == 1 else f"{60 + number}.5")
    for _ in range(2):
        corpus = load("lullabies", data_dir=tmp_path / "data")
        assert [piece.tempo_bpm for piece in corpus.pieces] == [60.5, 62.5, 63.5, 64.5]
        assert corpus.split.sizes == {"train": 2, "validation": 1, "test": 1}
        assert corpus.manifest.skipped_reasons == {"no tempo": 1}
    assert len(list((cache / "parsed").iterdir())) == 1
    (root / "s4.txt").unlink()
    with pytest.raises(CorpusError, match="4 of 5 recordings are there"):
        load("lullabies", data_dir=tmp_path / "data")


def test_the_example_of_the_page_on_adding_a_corpus_is_all_that_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (REPOSITORY / "docs" / "add" / "corpus.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(page.split("```python\n")[1].split("```")[0], names)
    monkeypatch.setitem(CORPORA, "harbour", names["FACTS"])
    folder = tmp_path / "harbour" / "abc"
    folder.mkdir(parents=True)
    tunes = (REPOSITORY / "tests" / "fixtures" / "tunes.abc").read_bytes()
    for name in ("shanties.abc", "capstan.abc"):
        (folder / name).write_bytes(tunes)
    monkeypatch.setenv("CHROMASONIC_DATA", str(tmp_path))
    corpus = load("harbour")
    assert len(corpus.pieces) == 24
    assert corpus.pieces[-1].id == "harbour/shanties/12"
    assert "2 of 2 files of Harbour tunes differ" in corpus.manifest.remarks[0]
