"""ASAP's listed split: MAESTRO's own, through the recording from which each performance was cut."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from chromasonic.data.corpus import PARTS
from chromasonic.data.loading import listed_split


def test_the_listed_split_has_the_519_performances_that_come_from_maestro() -> None:
    split = listed_split("asap")
    assert split is not None
    assert split.sizes == {"train": 399, "validation": 46, "test": 74}
    ids = [id for part in PARTS for id in split.part(part)]
    assert all(id.startswith("asap/") and not id.endswith(".mid") for id in ids)


def test_no_score_of_asap_lies_in_two_parts() -> None:
    split = listed_split("asap")
    assert split is not None
    folders = [{id.rpartition("/")[0] for id in split.part(part)} for part in PARTS]
    assert sum(map(len, folders)) == len(set.union(*folders))


@pytest.mark.corpus
def test_the_listed_split_agrees_with_maestros_table(corpus_folder: Path) -> None:
    """Recomputed from the two published tables alone."""
    tables = corpus_folder / "maestro" / "maestro-v3.0.0.csv", corpus_folder / "asap/metadata.csv"
    for path in tables:
        if not path.is_file():
            pytest.skip(f"{path} is not there")
    maestro, asap = (list(csv.DictReader(path.open(encoding="utf-8"))) for path in tables)
    part_of = {row["midi_filename"]: row["split"] for row in maestro}
    expected = {
        f"asap/{row['midi_performance'].removesuffix('.mid')}": part_of[source]
        for row in asap
        if (source := row["maestro_midi_performance"].removeprefix("{maestro}/"))
    }
    split = listed_split("asap")
    assert split is not None
    assert {id: part for part in PARTS for id in split.part(part)} == expected
