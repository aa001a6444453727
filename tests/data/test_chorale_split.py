"""The table of three collections, and the rule of the split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chromasonic.data import load
from chromasonic.data.chorale_alignment import Alignment, Segment
from chromasonic.data.chorale_table import (
    ChoraleTable,
    MatchEntry,
    ScoreEntry,
    chorale_split,
    chorale_table,
    table_content,
    table_of,
)
from chromasonic.data.harmonizer_chorales import HarmonizerChorales
from chromasonic.music.chorale import Integers


def score(name: str, tune: int, same_as: str = "") -> ScoreEntry:
    return ScoreEntry(name=name, title="", riemenschneider=(), tune=tune, same_as=same_as)


def match(name: str, score: str, tune: int) -> MatchEntry:
    found = Alignment(transposition=0, agreement=1.0, segments=(Segment(0, 0, 64),))
    return MatchEntry(name=name, score=score, alignment=found if score else None, tune=tune)


def test_no_setting_of_a_held_out_tune_is_learnt_from() -> None:
    scores = [
        score("learnt", 0), score("tried", 1), score("asked", 2),
        score("tune of tried", 1), score("tune of asked", 2), score("tune of unmatched test", 3),
        score("in no list", 4), score("in no list, tune of asked", 2),
        score("in no list, tune of tried", 1), score("double of learnt", 0, "learnt"),
    ]  # fmt: skip
    jsb = [
        match("train/1", "learnt", 0), match("train/2", "tune of tried", 1),
        match("train/3", "tune of asked", 2), match("train/4", "tune of unmatched test", 3),
        match("train/5", "", 9), match("valid/1", "tried", 1), match("test/1", "asked", 2),
        match("test/2", "", 3),
    ]  # fmt: skip
    split = chorale_split(
        ChoraleTable(
            scores={entry.name: entry for entry in scores},
            jsb={entry.name: entry for entry in jsb},
            analyses={},
        )
    )
    assert split.training == ("learnt",)
    assert split.unlisted == ("in no list",)
    assert split.validation_variants == ("tune of tried",)
    assert split.test_variants == ("tune of asked", "tune of unmatched test")
    assert split.refitting == (
        "learnt", "tried", "tune of tried", "in no list", "in no list, tune of tried",
    )  # fmt: skip
    assert (split.validation, split.test) == (("tried",), ("asked",))
    assert split.jsb["test"] == ("test/1", "test/2")
    assert split.unmatched == ("train/5", "test/2")


def test_the_table_of_the_package_keeps_the_published_parts_and_its_figures() -> None:
    split = chorale_split()
    assert {part: len(names) for part, names in split.jsb.items()} == {
        "train": 229, "validation": 76, "test": 77,
    }  # fmt: skip
    assert len(split.unmatched) == 9
    assert not any(name.startswith("test/") for name in split.unmatched)
    assert (len(split.training), len(split.unlisted)) == (111, 6)
    assert (len(split.validation_variants), len(split.test_variants)) == (30, 83)
    assert (len(split.validation), len(split.test)) == (72, 77)
    laid = [entry for entry in chorale_table().analyses.values() if entry.alignment]
    assert (len(laid), len(chorale_table().analyses)) == (367, 371)


def test_the_table_of_the_package_is_without_leaks() -> None:
    table, split = chorale_table(), chorale_split()
    held = {table.jsb[n].tune for part in ("validation", "test") for n in split.jsb[part]}
    tested = {table.jsb[name].tune for name in split.jsb["test"]}
    assert not held & {table.scores[n].tune for n in (*split.training, *split.unlisted)}
    assert not tested & {table.scores[name].tune for name in split.refitting}
    for entry in table.scores.values():
        if entry.same_as:
            assert table.scores[entry.same_as].tune == entry.tune
            assert not table.scores[entry.same_as].same_as
    for entry in table.jsb.values():
        assert not entry.score or table.scores[entry.score].tune == entry.tune


def test_the_table_survives_being_written_and_read() -> None:
    table = chorale_table()
    assert table_of(table_content(table)) == table


def passages(pitches: Integers, steps: int = 40, every: int = 1) -> set[bytes]:
    """Every ten beats of all four voices, relative to their first soprano note."""
    return {
        (window - window[0, 0]).astype(np.int8).tobytes()
        for start in range(0, len(pitches) - steps + 1, every)
        if ((window := pitches[start : start + steps]) >= 0).all()
    }


@pytest.mark.corpus
def test_nothing_learnt_from_sounds_like_what_is_held_out(corpus_folder: Path) -> None:
    chorales = HarmonizerChorales(data_dir=corpus_folder, analyses=False)
    held = (*chorales.published_validation, *chorales.test)
    assert len(held) == 153
    known = {window for piece in held for window in passages(piece.pitches)}
    for piece in chorales.training:
        shared = passages(piece.pitches, every=2) & known
        assert not shared, piece.id


def test_a_title_on_both_sides_of_the_split_is_one_text_to_two_tunes() -> None:
    table, split = chorale_table(), chorale_split()
    held = {short(table.scores[n].title) for n in (*split.validation, *split.test)} - {""}
    learnt = (*split.training, *split.unlisted)
    on_both = {name for name in learnt if short(table.scores[name].title) in held}
    assert on_both == {
        "24.6", "399",  # O Gott, du frommer Gott: neither is the tune of BWV 45.7, 64.4 and 94.8
        "272",  # Befiehl du deine Wege: not "Herzlich tut mich verlangen" of BWV 270
        "328",  # Herr Gott, dich loben wir: the Te Deum, not "... alle wir" of BWV 326
        "332", "333", "336",  # Herr Jesu Christ: other texts than BWV 127.5, or its older tune
        "406",  # O wie selig seid ihr doch: not the tune of BWV 405
    }  # fmt: skip


def short(title: str) -> str:
    return "".join(letter for letter in title.casefold() if letter.isalpha())[:14]


@pytest.mark.corpus
def test_jsb_chorales_sound_like_the_scores_that_the_table_names(corpus_folder: Path) -> None:
    scores = {p.id.partition("/")[2]: p.pitches for p in load("bach-chorales").pieces}
    agreements = []
    for piece in load("jsb-chorales", data_dir=corpus_folder).pieces:
        entry = chorale_table().jsb[piece.id.partition("/")[2]]
        if entry.alignment is None:
            continue
        source, equal = scores[entry.score], 0
        for part in entry.alignment.segments:
            here = piece.pitches[part.start : part.start + part.length]
            there = source[part.source : part.source + part.length]
            moved = np.where(there < 0, there, there + entry.alignment.transposition)
            equal += int((here == moved).sum())
        agreements.append(equal / piece.pitches.size)
    assert len(agreements) == 373
    assert min(agreements) > 0.8
    assert np.mean(agreements) > 0.97
