"""Two models beside each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chromasonic.registry.diff import Row, Side, diff, flat
from chromasonic.registry.manifest import FileFacts
from chromasonic.registry.model import CorpusUsed, ModelFacts

CORPUS = CorpusUsed(name="nottingham", licence="GPL-3.0", fingerprint="a" * 64)
FACTS = ModelFacts(
    task="melody",
    kind="lstm",
    parameters=100,
    corpora=(CORPUS,),
    seed=0,
    validation={"pitch_bits": 2.5, "accuracy": 0.5},
    headline="pitch_bits",
    recipe={"lstm": {"model": {"hidden_size": 64}, "training": {"epochs": 3}}},
    code={"code_version": "0.1.0", "date": "today", "libraries": {"torch": "2.1"}},
)


def side(name: str, facts: ModelFacts = FACTS, **files: str) -> Side:
    kept = {file: FileFacts(sha256=sha * 64, size_bytes=10) for file, sha in files.items()}
    return Side(name=name, facts=facts, files=kept, architecture={})


def test_a_model_differs_from_itself_in_nothing() -> None:
    same = diff(side("a", best="1"), side("b", best="1"))
    assert same.is_same_content
    assert (same.model, same.recipe, same.corpora, same.code) == ((), (), (), ())
    assert [row.says for row in same.figures] == ["equal", "equal"]


def test_settings_are_told_by_their_dotted_names_and_only_where_they_differ() -> None:
    other = replace(
        FACTS,
        recipe={"lstm": {"model": {"hidden_size": 128}, "training": {"epochs": 3, "seed": 1}}},
        seed=1,
    )
    found = diff(side("a"), side("b", other))
    assert found.recipe == (
        Row(key="model.hidden_size", a=64, b=128),
        Row(key="training.seed", a=None, b=1),
    )
    assert found.model == (Row(key="seed", a=0, b=1),)


def test_figures_say_which_way_they_moved_by_what_is_better_for_each() -> None:
    other = replace(FACTS, validation={"pitch_bits": 2.25, "accuracy": 0.25, "oddity": 7.0})
    rows = {row.key: row for row in diff(side("a"), side("b", other)).figures}
    assert rows["pitch bits"].says == "-0.25, better"
    assert rows["accuracy"].says == "-0.25, worse"
    assert rows["oddity"] == Row(key="oddity", a=None, b="7.000", says="")


def test_the_same_corpus_with_other_tunes_is_told() -> None:
    other = replace(FACTS, corpora=(replace(CORPUS, fingerprint="b" * 64),))
    (row,) = diff(side("a"), side("b", other)).corpora
    assert (row.key, row.a, row.b) == ("nottingham: fingerprint", "a" * 16, "b" * 16)
    (row,) = diff(side("a"), side("b", replace(FACTS, corpora=()))).corpora
    assert (row.key, row.a, row.b, row.says) == ("nottingham", "GPL-3.0", None, "in one alone")


def test_files_are_told_by_their_checksums() -> None:
    found = diff(side("a", best="1", old="2"), side("b", best="3", new="4"))
    assert not found.is_same_content
    assert [(row.key, row.a is None, row.b is None) for row in found.files] == [
        ("best", False, False),
        ("new", True, False),
        ("old", False, True),
    ]


def test_code_is_told_without_dates() -> None:
    other = replace(FACTS, code={"code_version": "0.2.0", "date": "x", "libraries": {"torch": "2"}})
    keys = [row.key for row in diff(side("a"), side("b", other)).code]
    assert keys == ["code_version", "libraries.torch"]


def test_a_diff_is_plain_values() -> None:
    document = diff(side("a", best="1"), side("b", best="2")).to_dict()
    assert document["is_same_content"] is False
    assert document["a"] == "a"


_VALUES: Any = st.dictionaries(
    st.sampled_from("abc"), st.integers() | st.dictionaries(st.sampled_from("xy"), st.booleans())
)


@given(_VALUES, _VALUES)
def test_rows_turn_round_with_the_sides(a: dict[str, Any], b: dict[str, Any]) -> None:
    there = diff(side("a", replace(FACTS, recipe=a)), side("b", replace(FACTS, recipe=b)))
    back = diff(side("b", replace(FACTS, recipe=b)), side("a", replace(FACTS, recipe=a)))
    assert {(row.key, row.a, row.b) for row in there.recipe} == {
        (row.key, row.b, row.a) for row in back.recipe
    }
    assert {row.key for row in there.recipe} == {
        key for key in {**flat(a), **flat(b)} if flat(a).get(key) != flat(b).get(key)
    }
