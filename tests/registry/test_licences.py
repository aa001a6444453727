"""Licences by hand: what each is taken for, and what several say together of the weights."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chromasonic.data.catalogue import CORPORA
from chromasonic.registry.licences import TERMS, hub_id_of, terms_of, weights_terms
from chromasonic.registry.model import CorpusUsed

NAMES = [terms.name for terms in TERMS]


def corpus(licence: str, name: str = "c", ship: bool = False) -> CorpusUsed:
    return CorpusUsed(name=name, title=name.upper(), licence=licence, weights_may_ship=ship)


@pytest.mark.parametrize(
    ("licence", "name"),
    [
        ("CC0", "public domain"),
        ("CC0-1.0 (made on the spot)", "public domain"),
        ("Public domain (music); encodings by Margaret Greentree", "public domain"),
        ("your own", "your own"),
        ("none", "none stated"),
        ("CC BY 4.0", "attribution"),
        ("MIT", "attribution"),
        ("CC BY-SA 3.0", "share-alike"),
        ("CC-BY-SA-4.0", "share-alike"),
        ("GPL-3.0 (the transcriptions; the tunes are traditional)", "copyleft"),
        ("AGPL-3.0", "copyleft"),
        ("CC BY-NC (the labels; the recordings have licences of their own)", "non-commercial"),
        ("Non-commercial distribution and use, by permission of somebody", "non-commercial"),
        ("Mixed: three in the public domain, Essen non-commercial", "non-commercial"),
        ("not for commercial use", "non-commercial"),
        ("free for research", "non-commercial"),
        ("CC BY-NC-SA 4.0", "non-commercial, share-alike"),
        ("CC BY-NC-ND 4.0", "no derivatives"),
        ("CC BY-ND 4.0", "no derivatives"),
        ("All rights reserved", "rights of others"),
        ("none stated (the music is in the public domain)", "none stated"),
        ("none stated; the music belongs to its publishers", "none stated"),
        ("", "unknown"),
        ("WTFPL-like, ask Bob", "unknown"),
        ("CC0 except for some files", "unknown"),
        ("This is not in the public domain", "unknown"),
        ("CC BY 4.0 and others", "unknown"),
    ],
)
def test_a_licence_is_taken_for_the_strictest_that_its_words_name(licence: str, name: str) -> None:
    assert terms_of(licence).name == name


@given(st.text(max_size=60))
def test_no_text_is_freer_for_words_that_are_added(text: str) -> None:
    added = terms_of(f"{text}; non-commercial")
    assert NAMES.index(added.name) >= NAMES.index("non-commercial")
    assert not added.is_free


@given(st.text(alphabet="abcdefghijklm nopqrstuvwxyz", max_size=30))
def test_words_that_are_no_licence_free_nothing(text: str) -> None:
    if terms_of(text).is_free:  # only by words that are licences
        assert any(word in text for word in ("public domain", "mit", "bsd", "isc", "apache", "pddl",
                                             "unlicense", "cc by", "odc"))  # fmt: skip


@pytest.mark.parametrize("name", sorted(CORPORA))
def test_no_corpus_of_the_catalogue_is_freer_on_a_card_than_in_the_catalogue(name: str) -> None:
    facts = CORPORA[name]
    used = corpus(facts.licence, name, facts.weights_may_ship)
    assert weights_terms([used]).may_ship == facts.weights_may_ship


@pytest.mark.parametrize(
    ("licence", "hub"),
    [
        ("CC BY-NC-SA 4.0 (as the authors put it elsewhere)", "cc-by-nc-sa-4.0"),
        ("CC BY 4.0", "cc-by-4.0"),
        ("CC0", "cc0-1.0"),
        ("CC0-1.0 (made on the spot)", "cc0-1.0"),
        ("GPL-3.0 (the transcriptions)", "gpl-3.0"),
        ("GPLv3", "gpl-3.0"),
        ("CC BY-NC (the labels)", ""),
        ("none stated", ""),
        ("", ""),
    ],
)
def test_the_hub_s_names_of_licences(licence: str, hub: str) -> None:
    assert hub_id_of(licence) == hub


def test_the_strictest_corpus_decides_and_every_one_asks() -> None:
    both = weights_terms([corpus("CC BY 4.0", "free", ship=True), corpus("none stated", "other")])
    assert both.terms.name == "none stated"
    assert [c.name for c in both.decided_by] == ["other"]
    assert not both.may_ship
    assert both.hub == {"license": "other", "license_name": "none-stated"}
    assert both.asks == (
        "ask its makers, as they allow nothing in writing",
        "name the corpora",
    )
    assert "OTHER: none stated" in both.sentence


def test_one_free_corpus_gives_its_own_licence_to_the_hub() -> None:
    terms = weights_terms([corpus("CC BY 4.0", "groove", ship=True)])
    assert terms.may_ship
    assert terms.hub == {"license": "cc-by-4.0"}


def test_free_words_over_music_of_others_free_nothing() -> None:
    terms = weights_terms([corpus("CC BY 4.0 (the collection)", ship=False)])
    assert terms.terms.name == "rights of others"
    assert terms.hub["license"] == "other"


@pytest.mark.parametrize(
    ("licences", "clashes"),
    [
        (("CC BY-SA 4.0", "GPL-3.0"), False),  # BY-SA 4.0 may become GPLv3, one way
        (("CC BY-SA 3.0", "CC BY-SA 4.0"), False),  # later versions may take its place
        (("CC BY-SA 3.0", "GPL-3.0"), True),
        (("CC BY-SA 4.0", "CC BY-NC-SA 4.0"), True),
        (("GPL-3.0", "non-commercial use"), True),
        (("CC BY-NC-SA 4.0", "CC BY-NC 4.0"), False),
        (("CC BY 4.0", "GPL-3.0"), False),
    ],
)
def test_licences_that_each_want_all_for_themselves_clash(
    licences: tuple[str, str], clashes: bool
) -> None:
    terms = weights_terms([corpus(licence, f"c{i}") for i, licence in enumerate(licences)])
    assert bool(terms.clash) == clashes
    assert not terms.may_ship
    if clashes:
        assert terms.hub["license_name"] == "several-that-clash"
        assert "cannot be met together" in terms.sentence


def test_nothing_recorded_is_the_strictest() -> None:
    terms = weights_terms([])
    assert terms.terms.name == "unknown"
    assert "not recorded" in terms.sentence


def test_every_class_is_known_by_its_own_words_or_by_none() -> None:
    assert TERMS[-1].pattern == ""
    assert [terms.is_free for terms in TERMS] == sorted(
        (terms.is_free for terms in TERMS), reverse=True
    )
    assert len(set(NAMES)) == len(NAMES)
